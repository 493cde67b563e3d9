"""Wide & Deep: crossed categories go straight to the output, the rest through dense layers."""
import numpy as np
import keras
from keras import layers

SEED = 2024
OCCUPATIONS = ["clerk", "farmer", "nurse", "teacher", "welder"]
EDUCATION = ["school", "college", "university"]


def make_people(n, rng_offset=0):
    """Columns of a census-like table, in a dict."""
    np.random.seed(SEED + rng_offset)
    people = {
        "age": np.random.randint(18, 70, size=n),
        "hours": np.random.normal(38, 8, size=n),
        "occupation": np.random.randint(0, len(OCCUPATIONS), size=n),
        "education": np.random.randint(0, len(EDUCATION), size=n),
    }
    score = 0.03 * (people["age"] - 40) + 0.05 * (people["hours"] - 38) + people["education"] - 1
    score[(people["occupation"] == 3) & (people["education"] == 2)] += 2.0
    income = (score + np.random.normal(0, 0.5, size=n) > 0.3).astype("float32")
    return people, income


def preprocess(people):
    numeric = np.column_stack([(people["age"] - 44) / 15, (people["hours"] - 38) / 8]).astype("float32")
    crossed = people["occupation"] * len(EDUCATION) + people["education"]
    wide = keras.utils.to_categorical(crossed, len(OCCUPATIONS) * len(EDUCATION))
    return {
        "numeric": numeric,
        "wide": wide,
        "occupation": people["occupation"].reshape(-1, 1),
        "education": people["education"].reshape(-1, 1),
    }


def build_model(hidden_units=(16, 8), dropout_rate=0.1):
    numeric = keras.Input(shape=(2,), name="numeric")
    wide = keras.Input(shape=(len(OCCUPATIONS) * len(EDUCATION),), name="wide")
    occupation = keras.Input(shape=(1,), name="occupation", dtype="int32")
    education = keras.Input(shape=(1,), name="education", dtype="int32")

    embedded = []
    for categories, inputs in [(OCCUPATIONS, occupation), (EDUCATION, education)]:
        x = layers.Embedding(len(categories), 3)(inputs)
        embedded.append(layers.Flatten()(x))
    deep = layers.concatenate([numeric] + embedded)
    for units in hidden_units:
        deep = layers.Dense(units, use_bias=False)(deep)
        deep = layers.BatchNormalization()(deep)
        deep = layers.ReLU()(deep)
        deep = layers.Dropout(dropout_rate)(deep)

    merged = layers.concatenate([wide, deep])
    outputs = layers.Dense(1, activation="sigmoid")(merged)
    return keras.Model(inputs=[numeric, wide, occupation, education], outputs=outputs)


def main():
    keras.utils.set_random_seed(SEED)
    people, income = make_people(240)
    test_people, test_income = make_people(80, rng_offset=1)
    print("rich: {:.1%} of {}".format(income.mean(), len(income)))

    model = build_model()
    print("parameters:", model.count_params())
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy"), keras.metrics.AUC(name="auc")],
    )
    history = model.fit(preprocess(people), income, epochs=5, batch_size=24, verbose=0)
    for epoch, (loss, accuracy, auc) in enumerate(
        zip(history.history["loss"], history.history["accuracy"], history.history["auc"])
    ):
        print(f"epoch {epoch}: loss {loss:.4f} accuracy {accuracy:.4f} auc {auc:.4f}")

    _, accuracy, auc = model.evaluate(preprocess(test_people), test_income, verbose=0)
    print(f"Test accuracy: {round(accuracy * 100, 2)}%, AUC: {auc:.4f}")
    probabilities = model.predict(preprocess(test_people), verbose=0)[:3, 0]
    for i in range(3):
        print(OCCUPATIONS[test_people["occupation"][i]], EDUCATION[test_people["education"][i]], "%.4f" % probabilities[i])


if __name__ == "__main__":
    main()
