"""Particle autoencoder: jets per second beside plain Keras, the same network and batches.

Plain is `fit` and `predict` with a Chamfer distance of all pairs whose gradient TensorFlow finds. CPU seconds
count, so that other work on the machine disturbs little. Run as
`python -m tests.benchmarks.variational_autoencoder [events] [particles]`.
"""

import resource
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from models.variational_autoencoder.detector import VariationalAutoencoder
from models.variational_autoencoder.network import particle_network
from tests.models import toy

LATENT, BATCH = 12, 256


def plain_distance(true, rebuilt):
    squares = tf.reduce_sum((true[:, :, None] - rebuilt[:, None]) ** 2, axis=-1)
    nearest = tf.reduce_min(squares, axis=1) + tf.reduce_min(squares, axis=2)
    return tf.reduce_mean(nearest, axis=-1)


def plain(jets, particles):
    """CPU seconds of training and scoring with Keras alone; the divergence is left out."""
    network = particle_network(particles, LATENT, seed=1)
    model = keras.Model(network.inputs, network.outputs[0])
    model.compile(keras.optimizers.Adam(1e-3), plain_distance)
    model.train_on_batch(jets[:BATCH], jets[:BATCH])  # compiles

    def score():
        for start in range(0, len(jets), BATCH):
            some = jets[start : start + BATCH]
            plain_distance(some, model.predict_on_batch(some))

    training = timed(lambda: model.fit(jets, jets, batch_size=BATCH, epochs=1, verbose=0))
    return training, timed(score)


def detector(events, particles):
    """CPU seconds of one epoch more, validation included, and of scoring."""
    options = {"match": toy.MATCH, "particles": particles, "latent": LATENT, "batch_size": BATCH}
    roles = {"background": events, "events": events}
    short, longer = (VariationalAutoencoder(epochs=epochs, **options) for epochs in (1, 2))
    seconds = [timed(lambda: short.fit(roles)), timed(lambda: longer.fit(roles))]
    return seconds[1] - seconds[0], timed(lambda: longer.score(events))


def timed(run):
    start = time.process_time()
    run()
    return time.process_time() - start


def main(events=4000, particles=100):
    background = toy.with_constituents(toy.background(events, seed=1), particles, seed=1)
    n_jets = 2 * events
    jets = np.random.default_rng(1).normal(size=(n_jets, particles, 3)).astype(np.float32)
    of_keras, own = plain(jets, particles), detector(background, particles)
    table = Table(title=f"{n_jets} jets of {particles} particles, one epoch")
    for name in ("jets per CPU second", "training", "scoring"):
        table.add_column(name)
    for name, seconds in (("plain Keras", of_keras), ("vae-qr", own)):
        table.add_row(name, *(f"{n_jets / one:.0f}" for one in seconds))
    table.add_row("ratio", *(f"{a / b:.1f}" for a, b in zip(of_keras, own, strict=True)))
    Console().print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    Console().print(f"largest memory of this process: {peak:.1f} GB")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
