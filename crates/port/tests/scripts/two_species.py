"""Three species by their measures with a dense network, and three kinds of tea by a convolution over what is in them."""
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MaxAbsScaler, RobustScaler
from tensorflow.keras.layers import Conv1D, Dense, Flatten, Input
from tensorflow.keras.models import Sequential
from tensorflow.keras.utils import to_categorical

random = np.random.RandomState(5)
names = ["stem (cm)", "leaf (cm)", "width (cm)", "petals (cm)"]
target = np.repeat([0, 1, 2], 50)
data = np.round(random.normal(5.0, 0.4, (150, 4)) + target[:, np.newaxis] * np.array([0.5, -0.3, 0.9, 0.2]), 1)
df = pd.DataFrame(data=data, columns=names)
df["species"] = target
print(df.head())
print(df.describe())
print(df.corr())
row = np.array(df[df.columns[:4]].iloc[2])
print(row, row.sum())

x_train, x_test, y_train, y_test = train_test_split(data, target, test_size=0.2, random_state=1)
scaler = RobustScaler(quantile_range=(10.0, 90.0))
x_train = scaler.fit_transform(x_train)
x_test = scaler.transform(x_test)
pca = PCA(n_components=2, whiten=True, svd_solver="full")
pca.fit(x_train)
print(pca.explained_variance_, pca.singular_values_)
print(pca.transform(x_test)[:3])

model = Sequential()
model.add(Input(shape=(4,)))
model.add(Dense(10, activation="relu"))
model.add(Dense(3, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, to_categorical(y_train), epochs=10, batch_size=8, verbose=0)
predicted = np.argmax(model.predict(x_test, verbose=0), axis=1)
print("accuracy:", accuracy_score(y_test, predicted))

y = random.randint(0, 3, 120)
x = np.abs(random.normal(3.0, 1.5, (120, 9))) + y[:, np.newaxis]
print(x.shape, np.unique(y))
y = to_categorical(y)
x_train, x_test, y_train, y_test = train_test_split(x, y, train_size=0.8, shuffle=True, random_state=66)
scaler = MaxAbsScaler()
x_train = scaler.fit_transform(x_train)
x_test = scaler.transform(x_test)
x_train = x_train.reshape(x_train.shape[0], x_train.shape[1], 1)
x_test = x_test.reshape(x_test.shape[0], x_test.shape[1], 1)
model = Sequential()
model.add(Conv1D(16, 2, activation="relu", input_shape=(x_train.shape[1], x_train.shape[2])))
model.add(Flatten())
model.add(Dense(20))
model.add(Dense(y.shape[1], activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=5, batch_size=8, validation_split=0.2, verbose=0)
loss = model.evaluate(x_test, y_test, verbose=0)
print("loss : ", loss[0])
print("accuracy : ", loss[1])
