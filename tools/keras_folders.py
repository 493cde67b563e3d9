"""Writes tests/keras/folders: small images, sounds and texts, and what Keras's datasets of them are.

    KERAS_BACKEND=tensorflow python tools/keras_folders.py
"""

import json
import os
import pathlib
import struct

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np
import tensorflow as tf

FOLDER = pathlib.Path(__file__).parent.parent / "tests/keras/folders"


def image(height, width, channels):
    """A gradient, which JPEG keeps nearly."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return (40 * c + 150 * y / height + 60 * x / width).astype("uint8")


def bmp(pixels):
    height, width, _ = pixels.shape
    rows = b"".join(row[:, ::-1].tobytes().ljust((width * 3 + 3) // 4 * 4, b"\0") for row in pixels[::-1])
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(rows), 0, 0, 14 + len(info)) + info + rows


def wav(samples, rate=8000):
    data = np.asarray(samples, "<i2")
    channels = data.shape[1]
    format = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    data = data.tobytes()
    chunks = b"fmt " + struct.pack("<I", len(format)) + format + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def write(name, content):
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def png(*shape):
    return tf.io.encode_png(image(*shape)).numpy()


def write_files():
    write("images/apple/1.png", png(7, 9, 3))
    write("images/apple/2.jpg", tf.io.encode_jpeg(image(16, 12, 3), quality=95).numpy())
    write("images/apple/10.JPEG", tf.io.encode_jpeg(image(9, 9, 1), quality=95).numpy())
    write("images/pear/1.png", png(5, 5, 1))
    write("images/pear/a.b/2.png", png(8, 6, 4))
    write("images/pear/a/3.bmp", bmp(image(4, 4, 3)))
    write("images/pear/notes.txt", b"not an image")
    write("images/quince/1.png", png(6, 6, 3))
    write("images/.hidden/1.png", png(6, 6, 3))
    write("sounds/high/1.wav", wav([[0], [16384], [-32768], [32767]]))
    write("sounds/high/2.wav", wav([[1], [2]]))
    write("sounds/low/1.wav", wav([[-1], [-2], [-3]]))
    for name, text in [("no/1.txt", "a bad film"), ("no/2.txt", "näh"), ("yes/1.txt", "a good film"), ("yes/b.TXT", "")]:
        write(f"texts/{name}", text.encode())


def case(function, folder, compared, **arguments):
    arguments = {"verbose": False, **arguments}
    dataset = getattr(keras.utils, function)(str(FOLDER / folder), **arguments)
    result = {"function": function, "folder": folder, "arguments": arguments, "class_names": dataset.class_names}
    result["file_paths"] = [os.path.relpath(path, FOLDER / folder) for path in dataset.file_paths] if hasattr(
        dataset, "file_paths") else None
    if compared:
        batches = list(dataset)
        with_labels = arguments.get("label_mode", "int") and "labels" not in arguments
        xs = [batch[0] if isinstance(batch, tuple) else batch for batch in batches]
        result["x"] = [
            [text.decode() for text in x.numpy().reshape(-1)] if x.dtype == tf.string else x.numpy().tolist() for x in xs
        ]
        if isinstance(batches[0], tuple):
            result["y"] = [batch[1].numpy().tolist() for batch in batches]
    return result


def cases():
    images = dict(function="image_dataset_from_directory", folder="images")
    still = dict(shuffle=False, image_size=(4, 5))
    yield case(**images, compared=True, **still)
    yield case(**images, compared=True, **still, color_mode="grayscale", label_mode="categorical", batch_size=4,
               class_names=["quince", "apple"])
    yield case(**images, compared=True, **still, class_names=["quince", "apple"], label_mode="binary")
    yield case(**images, compared=True, **still, color_mode="rgba", class_names=["quince"])
    yield case(**images, compared=True, **still, crop_to_aspect_ratio=True, interpolation="nearest", label_mode=None)
    yield case(**images, compared=True, **still, pad_to_aspect_ratio=True, data_format="channels_first", labels=None,
               label_mode=None)
    for interpolation in ["bicubic", "lanczos3", "area"]:
        yield case(**images, compared=True, **still, interpolation=interpolation, labels=[0, 1, 0, 1, 1, 2, 2, 0])
    for subset in ["training", "validation"]:
        for seed in [0, 1337]:
            yield case(**images, compared=False, seed=seed, validation_split=0.4, subset=subset)
        yield case(**images, compared=True, **still, validation_split=0.4, subset=subset)
    texts = dict(function="text_dataset_from_directory", folder="texts", compared=True, shuffle=False)
    yield case(**texts)
    yield case(**texts, max_length=4, batch_size=3, label_mode="binary")
    sounds = dict(function="audio_dataset_from_directory", folder="sounds", compared=True, shuffle=False)
    yield case(**sounds, output_sequence_length=3)


def windows(targets=None, **arguments):
    series = np.arange(60, dtype="float32").reshape(30, 2)
    y = None if targets is None else 100 + np.arange(30)[:targets]
    batches = list(keras.utils.timeseries_dataset_from_array(series, y, **arguments))
    case = {"arguments": arguments, "targets": targets}
    if targets is None:
        return {**case, "x": [x.numpy().tolist() for x in batches], "y": []}
    return {**case, "x": [x.numpy().tolist() for x, _ in batches], "y": [y.numpy().tolist() for _, y in batches]}


def all_windows():
    yield windows(sequence_length=3)
    yield windows(targets=30, sequence_length=4, batch_size=5)
    yield windows(targets=12, sequence_length=4, sequence_stride=3, batch_size=3)
    yield windows(targets=30, sequence_length=3, sampling_rate=4, sequence_stride=2, batch_size=6)
    yield windows(targets=30, sequence_length=2, start_index=5, end_index=20, sampling_rate=3)
    yield windows(sequence_length=2, start_index=28)


def main():
    write_files()
    (FOLDER / "timeseries.json").write_text(json.dumps(list(all_windows()), separators=(",", ":")) + "\n")
    text = json.dumps({"cases": list(cases())}, separators=(",", ":"))
    (FOLDER / "cases.json").write_text(text.replace('{"function', '\n{"function') + "\n")


main()
