#!/usr/bin/env python3
"""Reads the files of the callback TensorBoard with the program TensorBoard, and prints what is in them.

    EVENTS=/tmp/events cargo test --locked --test tests events_for_the_program
    python3 tools/read_events.py /tmp/events

Checks the values that the test writes: scalars of epochs, steps and evaluations, histograms, the model and the projector's
configuration. Exits with 1 if something is missing, with 0 and "skipped" if TensorBoard is not installed.
"""

import json
import sys
from pathlib import Path

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util
except ImportError:
    print("skipped: there is no TensorBoard (pip install tensorboard)")
    sys.exit(0)


def check(condition, text):
    if not condition:
        print("failed:", text)
        sys.exit(1)
    print("ok:", text)


def read(folder):
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    of_plugin = {}
    for plugin in events.summary_metadata.values():
        of_plugin.setdefault(plugin.plugin_data.plugin_name, 0)
        of_plugin[plugin.plugin_data.plugin_name] += 1
    print(folder, of_plugin)
    return {
        tag: [(event.step, tensor_util.make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
    }


def main():
    folder = Path(sys.argv[1])
    train, validation = read(folder / "train"), read(folder / "validation")
    for tag in ("epoch_loss", "epoch_mae", "epoch_learning_rate", "epoch_steps_per_second"):
        check([step for step, _ in train[tag]] == [0, 1, 2], f"{tag} of each epoch")
    check(abs(float(train["epoch_learning_rate"][0][1]) - 0.1) < 1e-7, "the learning rate")
    check([step for step, _ in train["batch_loss"]] == [2, 4, 6, 8], "batch_loss of every second step")
    check([step for step, _ in validation["epoch_loss"]] == [0, 1, 2], "epoch_loss of the validation")
    check([step for step, _ in validation["evaluation_loss_vs_iterations"]] == [3, 6, 9], "evaluation_loss_vs_iterations")
    counts = [int(rows[:, 2].sum()) for _, rows in train["s/d/kernel/histogram"]]
    check(counts == [6, 6, 6], "a histogram of all numbers of the kernel")
    model = json.loads(train["keras"][0][1].item())
    check(model["class_name"] == "Sequential", "the model as JSON")
    try:
        from google.protobuf import text_format
        from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
        from tensorboard.plugins.projector.projector_plugin import _read_tensor_tsv_file
    except ImportError as missing:
        print("skipped: the projector:", missing)
        return
    config = text_format.Parse((folder / "projector_config.pbtxt").read_text(), ProjectorConfig())
    table = _read_tensor_tsv_file(str(folder / config.embeddings[0].tensor_path))
    check(table.shape == (5, 2), "the table of the projector")


main()
