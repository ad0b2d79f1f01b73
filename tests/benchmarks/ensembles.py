"""Training many small networks: one batched ensemble against a loop of plain Keras models.

Both get the same rows, architecture, batch size, optimiser and epochs, and validate after each epoch.
Run as `python -m tests.benchmarks.ensembles [networks] [events]`.
"""

import sys
import time

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

from models.ensembles import NetworkEnsemble
from models.stacked_training import Schedule, Share

HIDDEN = (32, 32, 16)
FEATURES = 7
SCHEDULE = Schedule(epochs=5, batch_size=512, learning_rate=1e-3, patience=5)


def plain_network():
    layers = [keras.layers.Dense(units, activation="leaky_relu") for units in HIDDEN]
    model = keras.Sequential([keras.Input((FEATURES,)), *layers, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(SCHEDULE.learning_rate), "binary_crossentropy")
    return model


def train_one_by_one(features, labels, shares):
    for share in shares:
        plain_network().fit(
            features[share.training],
            labels[share.training],
            sample_weight=share.training_weights,
            validation_data=(features[share.validation], labels[share.validation], share.validation_weights),
            batch_size=SCHEDULE.batch_size,
            epochs=SCHEDULE.epochs,
            verbose=0,
        )


def train_at_once(features, labels, shares):
    NetworkEnsemble(len(shares), FEATURES, HIDDEN).fit(features, labels, shares, SCHEDULE)


def five_fold_shares(networks, events):
    fold = np.random.default_rng(1).integers(0, 5, events)
    return [_share(fold, network % 5) for network in range(networks)]


def _share(fold, held_out):
    training = np.flatnonzero((fold != held_out) & (fold != (held_out + 1) % 5))
    validation = np.flatnonzero(fold == (held_out + 1) % 5)
    return Share(
        training, np.ones(len(training), np.float32), validation, np.ones(len(validation), np.float32)
    )


def timed(train, *arguments):
    start = time.perf_counter()
    train(*arguments)
    return time.perf_counter() - start


def main(networks=40, events=30000):
    random = np.random.default_rng(1)
    features = random.normal(size=(events, FEATURES)).astype(np.float32)
    labels = random.integers(0, 2, events).astype(np.float32)
    shares = five_fold_shares(networks, events)
    loop = timed(train_one_by_one, features, labels, shares)
    batched = timed(train_at_once, features, labels, shares)
    table = Table(title=f"{networks} networks, {events} events, {SCHEDULE.epochs} epochs")
    for name in ("training", "seconds", "ratio"):
        table.add_column(name)
    table.add_row("loop of keras.Model.fit", f"{loop:.1f}", "1")
    table.add_row("one batched ensemble", f"{batched:.1f}", f"{loop / batched:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
