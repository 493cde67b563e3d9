# Two answers from one input: an age (regression), an income group and a gender (classes)
import numpy as np
from keras import layers
from keras import Input
from keras.models import Model
from keras.utils import set_random_seed, to_categorical

set_random_seed(100)
np.random.seed(100)

vocabulary_size = 50
num_income_groups = 4
num_samples = 200
post_length = 12

# posts are sequences of word numbers, which depend on who wrote them
ages = np.random.randint(16, 80, size=num_samples)
groups = np.random.randint(0, num_income_groups, size=num_samples)
genders = np.random.randint(0, 2, size=num_samples)
posts = np.random.randint(1, vocabulary_size, size=(num_samples, post_length))
posts[:, 0] = ages // 2
posts[:, 4] = 5 + 10 * groups
posts[:, 8] = 3 + 40 * genders

age_targets = (ages - ages.mean()) / ages.std()
income_targets = to_categorical(groups, num_income_groups)
gender_targets = genders.astype('float32')

posts_input = Input(shape=(None,), dtype='int32', name='posts')
embedded_posts = layers.Embedding(vocabulary_size, 16)(posts_input)
x = layers.Conv1D(24, 3, activation='relu')(embedded_posts)
x = layers.MaxPooling1D(2)(x)
x = layers.Conv1D(24, 3, activation='relu')(x)
x = layers.GlobalMaxPooling1D()(x)
x = layers.Dense(24, activation='relu')(x)

# the output layers have names
age_prediction = layers.Dense(1, name='age')(x)
income_prediction = layers.Dense(num_income_groups, activation='softmax', name='income')(x)
gender_prediction = layers.Dense(1, activation='sigmoid', name='gender')(x)
model = Model(posts_input, [age_prediction, income_prediction, gender_prediction])

model.compile(optimizer='rmsprop',
              loss={'age': 'mse',
                    'income': 'categorical_crossentropy',
                    'gender': 'binary_crossentropy'},
              loss_weights={'age': 0.25, 'income': 1., 'gender': 10.},
              metrics={'income': ['accuracy'], 'gender': ['accuracy']})

history = model.fit(posts,
                    {'age': age_targets, 'income': income_targets, 'gender': gender_targets},
                    epochs=5, batch_size=32, verbose=0)
for name in ['loss', 'age_loss', 'income_loss', 'gender_loss']:
    print('%-12s' % name, ' '.join('%.4f' % value for value in history.history[name]))
print('gender accuracy:', round(history.history['gender_accuracy'][-1], 4))
print('income accuracy:', round(history.history['income_accuracy'][-1], 4))

results = model.evaluate(posts, {'age': age_targets, 'income': income_targets, 'gender': gender_targets},
                         verbose=0, return_dict=True)
for key in sorted(results):
    print('%s: %.4f' % (key, results[key]))

age, income, gender = model.predict(posts[:3], verbose=0)
print(age.shape, income.shape, gender.shape)
for i in range(3):
    years = age[i, 0] * ages.std() + ages.mean()
    print('age %.1f (is %d), group %d (is %d), gender %.3f (is %d)' % (
        years, ages[i], np.argmax(income[i]), groups[i], gender[i, 0], genders[i]))
