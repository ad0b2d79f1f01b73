"""Training many small networks: one batched ensemble against loops of plain Keras and PyTorch models.

All get the same rows, architecture, batch size, optimiser and epochs, and validate after each epoch. PyTorch
is left out where it is not installed. The rate is that of the matrix products of training and validation; its
peak is that of one large product on the same cores.
Run as `python -m tests.benchmarks.ensembles [networks] [events]`.
"""

import sys
import time
from importlib.util import find_spec
from itertools import pairwise

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


def train_one_by_one_in_torch(features, labels, shares):
    import torch

    table, truth = torch.from_numpy(features), torch.from_numpy(labels)
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    for share in shares:
        sizes = (FEATURES, *HIDDEN)
        layers = [
            layer
            for i in range(len(HIDDEN))
            for layer in (torch.nn.Linear(*sizes[i : i + 2]), torch.nn.LeakyReLU())
        ]
        model = torch.nn.Sequential(*layers, torch.nn.Linear(HIDDEN[-1], 1), torch.nn.Flatten(0))
        optimizer = torch.optim.Adam(model.parameters(), SCHEDULE.learning_rate)
        rows = torch.from_numpy(share.training)
        for _ in range(SCHEDULE.epochs):
            for batch in rows[torch.randperm(len(rows))].split(SCHEDULE.batch_size):
                optimizer.zero_grad()
                loss(model(table[batch]), truth[batch]).backward()
                optimizer.step()
            with torch.no_grad():
                loss(model(table[share.validation]), truth[share.validation])


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


def operations(shares):
    """Floating-point operations of the matrix products: forward, and twice as many backward in training."""
    sizes = (FEATURES, *HIDDEN, 1)
    forward = 2 * sum(inputs * outputs for inputs, outputs in pairwise(sizes))
    events = sum(3 * len(share.training) + len(share.validation) for share in shares)
    return forward * events * SCHEDULE.epochs


def peak(size=2048):
    """Operations per second of a large float32 matrix product, the best of five."""
    matrix = np.ones((size, size), np.float32)
    return 2 * size**3 / min(timed(np.matmul, matrix, matrix) for _ in range(5))


def timed(train, *arguments):
    start = time.perf_counter()
    train(*arguments)
    return time.perf_counter() - start


def main(networks=40, events=30000):
    random = np.random.default_rng(1)
    features = random.normal(size=(events, FEATURES)).astype(np.float32)
    labels = random.integers(0, 2, events).astype(np.float32)
    shares = five_fold_shares(networks, events)
    loops = {"loop of keras.Model.fit": train_one_by_one}
    if find_spec("torch"):
        loops["loop in PyTorch"] = train_one_by_one_in_torch
    seconds = {name: timed(train, features, labels, shares) for name, train in loops.items()}
    seconds["one batched ensemble"] = timed(train_at_once, features, labels, shares)
    table = Table(title=f"{networks} networks, {events} events, {SCHEDULE.epochs} epochs")
    for name in ("training", "seconds", "times as long as batched", "GFLOP/s", "of the peak"):
        table.add_column(name)
    work, best = operations(shares), peak()
    for name, value in seconds.items():
        ratio = value / seconds["one batched ensemble"]
        rate = work / value
        table.add_row(name, f"{value:.1f}", f"{ratio:.1f}", f"{rate / 1e9:.2f}", f"{rate / best:.1%}")
    Console().print(table)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
