"""Which loans are paid back: a CSV file with numbers and categories, prepared by layers inside of the model."""

import numpy as np
import pandas as pd
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

np.random.seed(21)

# The file, as a bank may have it.
rows = 240
income = np.random.normal(3200.0, 900.0, rows).round(1)
age = np.random.randint(21, 70, size=rows)
children = np.random.randint(0, 4, size=rows)
houses = ["rent", "own", "family"]
house_numbers = np.random.randint(0, 3, size=rows)
score = (income - 3200.0) / 900.0 + (house_numbers == 1) * 1.5 - children * 0.3 + np.random.normal(0.0, 0.4, rows)
file = pd.DataFrame(
    {
        "income": income,
        "age": age,
        "children": children,
        "house": [houses[i] for i in house_numbers],
        "target": (score > 0).astype("int64"),
    }
)
file.to_csv("loans.csv", index=False, header=True)

dataframe = pd.read_csv("loans.csv")
print(dataframe.shape)
print(dataframe["house"].nunique(), dataframe["income"].mean())

val_dataframe = dataframe.sample(frac=0.2, random_state=1337)
train_dataframe = dataframe.drop(val_dataframe.index)
print(f"Using {len(train_dataframe)} samples for training and {len(val_dataframe)} for validation")


def dataframe_to_dataset(dataframe, shuffle=True, batch_size=16):
    dataframe = dataframe.copy()
    labels = dataframe.pop("target")
    ds = tf.data.Dataset.from_tensor_slices((dict(dataframe), labels))
    if shuffle:
        ds = ds.shuffle(buffer_size=len(dataframe))
    ds = ds.batch(batch_size)
    return ds


train_ds = dataframe_to_dataset(train_dataframe)
val_ds = dataframe_to_dataset(val_dataframe, shuffle=False)

for x, y in val_ds.take(1):
    print("A batch of ages:", x["age"][:5].numpy())
    print("A batch of targets:", y[:5].numpy())


def encode_numerical_feature(feature, name, dataset):
    # The mean and the variance of this column
    normalizer = layers.Normalization()
    feature_ds = dataset.map(lambda x, y: x[name])
    feature_ds = feature_ds.map(lambda x: tf.expand_dims(x, -1))
    normalizer.adapt(feature_ds)
    return normalizer(feature)


# Numbers
income_input = keras.Input(shape=(1,), name="income")
age_input = keras.Input(shape=(1,), name="age")
# Categories
children_input = keras.Input(shape=(1,), name="children", dtype="int64")
house_input = keras.Input(shape=(1,), name="house", dtype="string")

income_encoded = encode_numerical_feature(income_input, "income", train_ds)
age_encoded = encode_numerical_feature(age_input, "age", train_ds)

children_lookup = layers.IntegerLookup(output_mode="one_hot")
children_lookup.adapt(train_dataframe["children"])
house_lookup = layers.StringLookup(output_mode="one_hot")
house_lookup.adapt(train_dataframe["house"])
print(", ".join(house_lookup.get_vocabulary()), children_lookup.vocabulary_size())

all_features = layers.concatenate(
    [income_encoded, age_encoded, children_lookup(children_input), house_lookup(house_input)]
)
x = layers.Dense(16, activation="relu")(all_features)
x = layers.Dropout(0.2)(x)
output = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model([income_input, age_input, children_input, house_input], output)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])

history = model.fit(train_ds, epochs=4, validation_data=val_ds, verbose=0)
print(history.history["loss"])
print(history.history["val_loss"])
loss, accuracy = model.evaluate(val_ds, verbose=0)
print("Loss %.4f, accuracy %.4f" % (loss, accuracy))

sample = {
    "income": 3900.5,
    "age": 41,
    "children": 2,
    "house": "own",
}
input_dict = {name: tf.convert_to_tensor([value]) for name, value in sample.items()}
predictions = model.predict(input_dict, verbose=0)
print(f"This loan had a {100 * predictions[0][0]:.1f} percent probability of being paid back.")
