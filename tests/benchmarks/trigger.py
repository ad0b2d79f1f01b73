"""Events per second and core of each route to the score of an AXOL1TL-size model, and whether it is exact.

All routes score the same events on one thread; rates are events per second of processor time, the best of
three runs after a first one that compiles or warms up. The first row is the same network in floating point.
Run: python -m tests.benchmarks.trigger
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from firmware.integer_scaling import IntegerScaling
from firmware.networks import axol1tl
from firmware.routes.project import write_project
from firmware.routes.resources import estimate
from firmware.routes.rtl import write_rtl
from firmware.routes.score_column import CompiledScore
from firmware.trigger_model import TriggerModel
from firmware.verify import Route, firmware_routes

N_EVENTS = 20_000


def random_model() -> TriggerModel:
    """An untrained network 57-28-15-8 with the published types, weights spread as after a training."""
    import keras

    keras.utils.set_random_seed(1)
    shift = np.tile([5, 3, 4], axol1tl.N_INPUTS // 3)
    scaling = IntegerScaling(np.zeros(axol1tl.N_INPUTS), shift)
    return TriggerModel("benchmark", axol1tl.VERSION_4.network(), scaling, (axol1tl.N_INPUTS,))


def floating_point(model: TriggerModel) -> Route:
    """The same architecture in Keras without quantisation."""
    import keras

    design = axol1tl.VERSION_4
    layers = [keras.layers.Dense(units, activation="relu") for units in design.hidden]
    network = keras.Sequential([keras.Input(model.input_shape), *layers, keras.layers.Dense(design.latent)])

    def score(hardware: np.ndarray) -> np.ndarray:
        latent = network.predict(model.scaled(hardware).astype(np.float32), batch_size=4096, verbose=0)
        return np.sum(latent**2, axis=1)

    return score


def best_rate(route: Callable[[np.ndarray], np.ndarray], hardware: np.ndarray) -> float:
    """Events per second of processor time, the best of three."""
    route(hardware[:10])
    times = []
    for _ in range(3):
        begin = time.process_time()
        route(hardware)
        times.append(time.process_time() - begin)
    return len(hardware) / min(times)


def main() -> None:
    """Measure all routes and print the table."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model = random_model()
    hardware = np.random.default_rng(2).integers(0, 512, size=(N_EVENTS, axol1tl.N_INPUTS))
    table = Table("route", "events/s", "equal to QKeras", title="57-28-15-8, one core")
    with tempfile.TemporaryDirectory() as folder:
        rtl = write_rtl(model, Path(folder) / "rtl")
        routes = {
            "Keras in floating point": floating_point(model),
            **firmware_routes(write_project(model, Path(folder) / "hls4ml", hardware), rtl),
            "distributed arithmetic, interpreted": rtl.interpret,
            "integer C++ of the offline column": CompiledScore.compile(model, Path(folder) / "column").score,
        }
        expected = model.score(hardware)
        for name, route in routes.items():
            equal = np.mean(route(hardware) == expected)
            shown = "different network" if name.startswith("Keras") else f"{equal:.2%}"
            table.add_row(name, f"{best_rate(route, hardware):,.0f}", shown)
        Console().print(table)
        Console().print(f"Verilog: {estimate(rtl)}")


if __name__ == "__main__":
    main()
