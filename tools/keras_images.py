"""Writes tests/keras/images: what the image layers of real Keras do with given random numbers, how they draw them, and results of keras.ops.image, for tests/images.rs.

usage: python tools/keras_images.py        (needs keras, jax and numpy; run from the repository's root)

images.npz    x, y of each case
images.json   layers: {class, config, transformation: the numbers, case}; draws: {class, config, moments: {key: [count, mean, deviation]}}
              ops: {op, arguments, case}
"""
import json
import os
import warnings

os.environ["KERAS_BACKEND"] = "jax"
warnings.simplefilter("ignore")

import jax
import keras
import numpy as np
from keras import layers as L, ops as K
from keras.src.random.seed_generator import draw_seed

FOLDER = os.path.join("tests", "keras", "images")
BATCH, HEIGHT, WIDTH = 4, 7, 6
rng = np.random.default_rng(21)
arrays, layers, draws, ops = {}, [], [], []


def plain(value):
    """Arrays as lists, without axes of size 1 behind the first."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    array = np.asarray(value)
    while array.ndim > 1 and array.shape[-1] == 1:
        array = array[..., 0]
    return array.tolist()


def images(first=False, high=255.0, channels=3):
    shape = (BATCH, channels, HEIGHT, WIDTH) if first else (BATCH, HEIGHT, WIDTH, channels)
    return rng.uniform(0, high, shape).astype(np.float32)


def keep(x, y):
    case = f"{len(arrays) // 2:03}"
    arrays[f"{case}/x"], arrays[f"{case}/y"] = np.asarray(x), np.asarray(y)
    return case


def regions_of(layer):
    """Records the boxes of a layer instead of their masks."""
    boxes = []
    whole = layer._generate_batch_mask

    def record(shape, corners):
        boxes.append(np.stack([np.asarray(c) for c in corners], axis=-1))
        return whole(shape, corners)

    layer._generate_batch_mask = record
    return boxes


def transformation_of(layer, x):
    """What the layer draws, and the same in our form."""
    name = type(layer).__name__
    boxes = regions_of(layer) if name in ("RandomErasing", "CutMix") else []
    drawn = layer.get_random_transformation(x, training=True)
    ours = plain(drawn)
    if boxes:
        ours["regions"] = boxes[-1].tolist()
        ours.pop("batch_masks")
    if name == "RandomErasing":
        ours["fill_value"] = np.asarray(drawn["fill_value"]).ravel().tolist()
    elif name == "RandomCrop":
        ours = {"h_start": int(drawn[0]), "w_start": int(drawn[1])}
    elif name == "RandomGrayscale":
        ours = {"should_apply": ours}
    elif name == "RandomElasticTransform":
        # Keras draws the same noise for rows and columns.
        drawn["seed"] = 7
        first = layer.data_format == "channels_first"
        shape = (x.shape[0], *(x.shape[2:] if first else x.shape[1:3]))
        noise = np.asarray(jax.random.normal(draw_seed(7), shape, dtype="float32")).ravel().tolist()
        ours = {k: ours[k] for k in ("apply_transform", "distortion_factor")} | {"noise": noise + noise}
    elif name == "RandomRotation":
        ours = {"angle": ours["angle"]}
    elif name == "RandAugment":
        names = list(drawn["transforms"])
        ours = {"steps": [{names[i]: ours["transforms"][names[i]]} for i in np.asarray(drawn["layer_idxes"])]}
    elif name == "AugMix":
        chains = [[{step["layer_name"]: step["transformation"]} for step in chain] for chain in ours["chain_transforms"]]
        ours["chain_transforms"] = chains
    for key in ("input_shape", "image_height", "image_width", "batch_size", "seed"):
        ours.pop(key, None) if isinstance(ours, dict) else None
    return drawn, ours


def config_of(layer):
    config = layer.get_config()
    config.pop("name"), config.pop("dtype"), config.pop("trainable")
    return config


def layer(cls, *args, high=255.0, channels=3, moments=True, **kwargs):
    made = cls(*args, **kwargs, seed=len(layers)) if "Random" in cls.__name__ or cls in (L.CutMix, L.MixUp, L.AugMix, L.RandAugment, L.Solarization) else cls(*args, **kwargs)
    x = images(kwargs.get("data_format") == "channels_first", high, channels)
    if cls is L.RandomColorJitter:
        y, ours = x, {"brightness": None, "contrast": None, "saturation": None, "hue": None}
        for part in ours:
            inner = getattr(made, f"random_{part}")
            if inner is not None:
                drawn, ours[part] = transformation_of(inner, y)
                y = inner.transform_images(y, drawn)
    else:
        drawn, ours = transformation_of(made, x)
        y = made.transform_images(K.convert_to_tensor(x), drawn)
    layers.append({"class": cls.__name__, "config": config_of(made), "transformation": ours, "case": keep(x, y)})
    if moments and ours is not None and cls not in (L.RandomColorJitter, L.AugMix, L.RandAugment):
        draw(made, x)


def draw(made, x, repeats=100):
    values = {}
    for _ in range(repeats):
        for key, value in transformation_of(made, x)[1].items():
            if key in ("noise", "fill_value", "permutation_order", "start_points"):
                continue
            columns = np.asarray(value, dtype=np.float64)
            columns = columns.reshape(columns.shape[0], -1).T if columns.ndim else columns.reshape(1, 1)
            for i, column in enumerate(columns):
                values.setdefault(f"{key}/{i}", []).extend(column.tolist())
    moments = {key: [len(v), float(np.mean(v)), float(np.std(v))] for key, v in values.items()}
    draws.append({"class": type(made).__name__, "config": config_of(made), "moments": moments})


FIRST = {"data_format": "channels_first"}
layer(L.RandomFlip, "horizontal")
layer(L.RandomFlip, "vertical", **FIRST)
layer(L.RandomFlip)
for fill_mode in ("reflect", "wrap", "constant", "nearest"):
    layer(L.RandomTranslation, 0.6, (0.1, 0.8), fill_mode=fill_mode, fill_value=30.0, moments=fill_mode == "wrap")
    layer(L.RandomRotation, 0.3, fill_mode=fill_mode, fill_value=30.0, moments=fill_mode == "wrap")
    layer(L.RandomZoom, (-0.6, 0.7), fill_mode=fill_mode, fill_value=30.0, moments=fill_mode == "wrap")
    layer(L.RandomShear, (0.0, 0.5), (0.2, 0.6), fill_mode=fill_mode, fill_value=30.0, moments=fill_mode == "wrap")
layer(L.RandomZoom, 0.4, width_factor=(0.1, 0.5), interpolation="nearest", **FIRST)
layer(L.RandomRotation, (0.05, 0.3), interpolation="nearest", **FIRST)
layer(L.RandomTranslation, 0.4, 0.3, interpolation="nearest")
layer(L.RandomShear, (0.1, 0.4), interpolation="nearest")
layer(L.RandomCrop, 4, 5)
layer(L.RandomCrop, 9, 4, **FIRST)
layer(L.RandomContrast, 0.6)
layer(L.RandomContrast, (0.3, 0.9), value_range=(0, 1), high=1.0, **FIRST)
layer(L.RandomBrightness, 0.5)
layer(L.RandomBrightness, (0.2, 0.6), value_range=(0, 1), high=1.0)
layer(L.RandomPerspective, 0.6, scale=0.7)
layer(L.RandomPerspective, interpolation="nearest", fill_value=9.0, scale=0.5, **FIRST)
layer(L.RandomErasing, (0.4, 0.9))
layer(L.RandomErasing, scale=(0.3, 0.8), fill_value=400.0)
layer(L.RandomErasing, scale=0.5, fill_value=10.0, **FIRST)
layer(L.RandomGaussianBlur, 0.7, kernel_size=(3, 5), sigma=(0.4, 0.9))
layer(L.RandomGaussianBlur, kernel_size=5, value_range=(0, 1), high=1.0, **FIRST)
layer(L.RandomElasticTransform, 0.8)
layer(L.RandomElasticTransform, scale=(0.6, 1.0), interpolation="nearest", fill_mode="constant", fill_value=5.0, value_range=(0, 200), **FIRST)
layer(L.RandomGrayscale, 0.6)
layer(L.RandomGrayscale, 1.0, **FIRST)
layer(L.RandomHue, 0.8)
layer(L.RandomHue, (0.3, 1.0), value_range=(0, 1), high=1.0, **FIRST)
layer(L.RandomSaturation, (0.2, 0.7), value_range=(0, 1), high=1.0)
layer(L.RandomSaturation, 0.5, **FIRST)
layer(L.RandomSharpness, 0.9)
layer(L.RandomSharpness, (0.2, 0.8), value_range=(0, 1), high=1.0, **FIRST)
layer(L.RandomPosterization, (2, 6))
layer(L.RandomPosterization, 5, value_range=(0, 1), high=1.0)
layer(L.RandomInvert, 0.8)
layer(L.RandomInvert, (0.3, 1.0), value_range=(0, 1), high=1.0)
layer(L.RandomColorDegeneration, 0.7)
layer(L.RandomColorDegeneration, (0.3, 0.9), value_range=(0, 1), high=1.0, **FIRST)
layer(L.RandomColorJitter, brightness_factor=0.2, contrast_factor=0.3, saturation_factor=(0.3, 0.6), hue_factor=0.2)
layer(L.RandomColorJitter, value_range=(0, 1), contrast_factor=0.3, hue_factor=(0.1, 0.5), high=1.0)
layer(L.Solarization, 0.2, (0.1, 0.8))
layer(L.Solarization, threshold_factor=0.6, value_range=(0, 1), high=1.0)
layer(L.AutoContrast)
layer(L.AutoContrast, value_range=(-1, 300))
layer(L.Equalization)
layer(L.Equalization, value_range=(0, 1), bins=32, high=1.0, **FIRST)
layer(L.ContrastLimitedAdaptiveHistogramEqualization, tile_grid_size=(2, 3))
layer(L.ContrastLimitedAdaptiveHistogramEqualization, clip_limit=0.0, tile_grid_size=(9, 2), value_range=(0, 1), high=1.0)
layer(L.ContrastLimitedAdaptiveHistogramEqualization, clip_limit=1.5, tile_grid_size=(4, 4), **FIRST)
layer(L.CutMix)
layer(L.CutMix, (0.4, 0.9), **FIRST)
layer(L.MixUp)
layer(L.MixUp, alpha=3.0)
for _ in range(4):
    layer(L.RandAugment, factor=(0.2, 0.5))
    layer(L.AugMix, num_chains=2, alpha=0.7)
layer(L.RandAugment, num_ops=3, value_range=(0, 1), high=1.0, interpolation="nearest")
layer(L.AugMix, all_ops=False, chain_depth=2, value_range=(0, 1), high=1.0)


def op(name, x, *operands, **arguments):
    function = getattr(K.image, name)
    y = function(x, *[np.asarray(o, np.float32) for o in operands], **arguments)
    ops.append({"op": name, "operands": [np.asarray(o).tolist() for o in operands], "arguments": arguments, "case": keep(x, y)})


for interpolation in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"):
    for size in ((3, 11), (13, 4), (7, 5)):
        for antialias in (False, True):
            op("resize", images(), size=size, interpolation=interpolation, antialias=antialias)
op("resize", images(), size=(4, 9), crop_to_aspect_ratio=True)
op("resize", images(), size=(9, 4), crop_to_aspect_ratio=True)
op("resize", images(), size=(4, 9), pad_to_aspect_ratio=True, fill_value=7.0)
op("resize", images(first=True), size=(9, 4), pad_to_aspect_ratio=True, fill_value=7.0, data_format="channels_first")
op("resize", images()[0], size=(5, 5))
op("resize", images().astype(np.uint8), size=(5, 9), interpolation="bicubic")
op("resize", images().astype(np.uint8), size=(4, 3))
TURN = [0.8, -0.5, 1.3, 0.6, 0.9, -0.7, 0.0, 0.0]
for fill_mode in ("reflect", "wrap", "constant", "nearest", "mirror"):
    for interpolation in ("nearest", "bilinear"):
        op("affine_transform", images(), [TURN] * BATCH, interpolation=interpolation, fill_mode=fill_mode, fill_value=20.0)
op("affine_transform", images(first=True)[1], TURN, data_format="channels_first")
op("affine_transform", images().astype(np.uint8), [TURN] * BATCH)
START = [[0, 0], [5, 0], [0, 6], [5, 6]]
END = [[0.5, 0.2], [4.2, 0.6], [-0.7, 5.5], [5.3, 6.4]]
op("perspective_transform", images(), [START] * BATCH, [END] * BATCH)
op("perspective_transform", images()[0], START, END, interpolation="nearest", fill_value=3.0)
places = rng.uniform(-4, 10, (3, 5, 4)).astype(np.float32)
for order in (0, 1):
    for fill_mode in ("reflect", "wrap", "constant", "nearest", "mirror"):
        op("map_coordinates", images()[0], places, order=order, fill_mode=fill_mode, fill_value=4.0)
op("gaussian_blur", images(), kernel_size=(3, 5), sigma=(0.7, 1.4), data_format="channels_last")
op("gaussian_blur", images(first=True), kernel_size=(4, 3), sigma=(1.2, 0.8), data_format="channels_first")
op("rgb_to_grayscale", images())
op("rgb_to_grayscale", images(first=True).astype(np.uint8), data_format="channels_first")
op("rgb_to_hsv", images(high=1.0))
op("rgb_to_hsv", images(first=True), data_format="channels_first")
op("hsv_to_rgb", images(high=1.0))
op("hsv_to_rgb", images(high=1.0) * 3 - 1)
op("crop_images", images(), top_cropping=1, left_cropping=2, target_height=4, target_width=3)
op("crop_images", images(first=True), bottom_cropping=1, target_height=4, left_cropping=2, right_cropping=1, data_format="channels_first")
op("pad_images", images(), top_padding=1, left_padding=2, target_height=9, target_width=10)
op("pad_images", images(first=True)[0], bottom_padding=1, target_height=9, left_padding=2, right_padding=1, data_format="channels_first")
op("extract_patches", images(), size=(3, 2))
op("extract_patches", images(), size=(3, 2), strides=(1, 2), padding="same")
op("extract_patches", images(first=True)[0], size=(2, 2), strides=(1, 1), dilation_rate=2, data_format="channels_first")
op("extract_patches", rng.standard_normal((2, 4, 5, 4, 2)).astype(np.float32), size=(2, 3, 2))

os.makedirs(FOLDER, exist_ok=True)
np.savez_compressed(os.path.join(FOLDER, "images.npz"), **arrays)
with open(os.path.join(FOLDER, "images.json"), "w") as file:
    json.dump({"layers": layers, "draws": draws, "ops": ops}, file, separators=(",", ":"))
    file.write("\n")
print(len(layers), "layers,", len(draws), "draws,", len(ops), "ops")
