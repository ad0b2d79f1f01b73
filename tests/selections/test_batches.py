"""Keras takes seconds to import, so all of it happens in one process of its own."""

import json

import pytest

TRAINING = """
import json
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import resource
from pathlib import Path
from selections.batches import Batches
from selections.events import StoredEvents
import keras

keras.utils.set_random_seed(1)
sample = StoredEvents(SAMPLE)
report = {}


class Counted(Batches):
    seen = None

    def __getitem__(self, index):
        batch = super().__getitem__(index)
        self.seen = [*(self.seen or []), batch[0][:, 0]]
        return batch


def model(*inputs):
    flat = [keras.layers.Flatten()(x) for x in inputs]
    merged = keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    out = keras.layers.Dense(1, activation="sigmoid", name="score")(merged)
    made = keras.Model(inputs if len(inputs) > 1 else inputs[0], out)
    made.compile("sgd", "binary_crossentropy", weighted_metrics=[])
    return made

def window(events):
    return (events["mjj"] > 2500).astype("float32")

small = {"size": 1500}
batches = Counted(sample, ["number"], target=window, weight="weight", columns=["mjj"], seed=1, **small)
orders = []
class Orders(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        orders.append(np.concatenate(batches.seen[-len(batches):]))
        batches.seen = []
history = model(keras.Input((1,), name="x")).fit(batches, epochs=2, verbose=0, callbacks=[Orders()])
report["events_per_epoch"] = [len(set(order.tolist())) for order in orders]
report["epochs_differ"] = bool((orders[0] != orders[1]).any())
x, y, w = batches[0]
report["shapes"] = [list(x.shape), list(y.shape), list(w.shape)]
report["target_is_right"] = bool(((1500 + 0.1 * x[:, 0] > 2500) == (y > 0.5)).all())

again = Batches(sample, ["number"], **small)
scores = model(keras.Input((1,), name="x")).predict(again, verbose=0)
report["predicted"] = len(scores)
report["in_order"] = bool((np.diff(scores[:, 0]) >= 0).all() or (np.diff(scores[:, 0]) <= 0).all())

both = {"target": window, "columns": ["mjj"], "shaped": ["jet1_constituent"], "seed": 1}
pictures = Batches(StoredEvents([SAMPLE] * 15, memory=32 * 2**20), ["number"], **both)
inputs = (keras.Input((1,), name="features"), keras.Input((100, 3), name="jet1_constituent"))
two = model(*inputs)
two.fit(Batches(sample, ["number"], **both), epochs=1, verbose=0)
def resident_memory():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

before = resident_memory()
peak = [before]
class Peak(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        peak.append(resident_memory())
two.fit(pictures, epochs=1, verbose=0, callbacks=[Peak()])
report["sample_mb"] = len(pictures) * 4096 * 1200 / 2**20
report["grown_mb"] = (max(peak) - before) / 2**20

autoencoder = Batches(sample, ["number", "mjj"], target="features")
x, y = autoencoder[0]
report["autoencoder"] = bool((x == y).all())
try:
    Batches(sample, ["number"], weight="weight")
except Exception as error:
    report["weight_without_target"] = str(error)
print(json.dumps(report))
"""


@pytest.fixture(scope="module")
def report(in_subprocess, sample):
    return json.loads(in_subprocess(TRAINING.replace("SAMPLE", repr(str(sample)))).splitlines()[-1])


def test_an_epoch_of_keras_sees_every_event_once_whatever_order_it_asks_in(report):
    assert report["events_per_epoch"] == [20_000, 20_000]
    assert report["epochs_differ"]


def test_batches_give_inputs_targets_and_weights(report):
    assert report["shapes"] == [[1500, 1], [1500], [1500]]
    assert report["target_is_right"]


def test_predictions_come_for_every_event(report):
    assert report["predicted"] == 20_000
    assert report["in_order"]


def test_training_on_a_sample_larger_than_the_budget_stays_small(report):
    assert report["sample_mb"] > 300
    assert report["grown_mb"] < 100


def test_an_autoencoder_gets_its_inputs_back(report):
    assert report["autoencoder"]


def test_weights_without_a_target_are_refused(report):
    assert "Keras takes weights with a target only" in report["weight_without_target"]
