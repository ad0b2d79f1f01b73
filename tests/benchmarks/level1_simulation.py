"""Zero-bias crossings per second and core: the compiled trigger against arrays in numpy and scipy.

Run `python -m tests.benchmarks.level1_simulation [n_crossings] [pileup]`; times are CPU seconds of one core.
The collisions are those of the embedded pool.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import ndimage

from analysis.simulation.level1.crossings import trigger
from analysis.simulation.level1.pool import EMBEDDED, CollisionPool, Draw
from analysis.simulation.level1.towers import cpp
from tests.selections.cpp.level1_reference import ETA_CODES, response

WRAP = ("constant", "wrap")  # eta ends, phi goes around


def cpu_seconds(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def overlay(pool: CollisionPool, draw: Draw, event: int) -> tuple[np.ndarray, np.ndarray]:
    """Towers of one crossing in 0.5 GeV, by numpy."""
    starts = pool.collisions.starts
    chosen = slice(draw.starts[event], draw.starts[event + 1])
    collision = draw.collision[chosen]
    counts = starts[collision + 1] - starts[collision]
    which = np.repeat(np.arange(len(collision)), counts)
    index = np.arange(len(which)) - (np.cumsum(counts) - counts)[which] + starts[collision][which]
    eta, phi = np.divmod(pool.collisions.tower[index].astype(int), 72)
    eta = np.where(draw.mirrored[chosen][which], 55 - eta, eta)
    place = eta * 72 + (phi + draw.turn[chosen][which]) % 72
    sums = (np.bincount(place, part[index], 56 * 72) for part in (pool.collisions.em, pool.collisions.had))
    em, had = (np.minimum(part, 255) for part in response(*(part.reshape(56, 72) for part in sums)))
    return em, had


def window(image: np.ndarray, height: int, width: int, offset: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Sums over windows of `height` x `width` towers whose centre is `offset` away."""
    summed = ndimage.uniform_filter1d(image, height, axis=0, mode="constant") * height
    summed = ndimage.uniform_filter1d(summed, width, axis=1, mode="wrap") * width
    return ndimage.shift(summed, [-step for step in offset], order=0, mode="grid-wrap")


def find(em: np.ndarray, had: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Jets, e/gamma and regions of one crossing, by scipy's filters over the whole image."""
    total = em + had
    largest = ndimage.maximum_filter(total, 9, mode=WRAP)
    strips = [
        window(total, 3, 9, (-6, 0)), window(total, 3, 9, (6, 0)),
        window(total, 9, 3, (0, -6)), window(total, 9, 3, (0, 6)),
    ]  # fmt: skip
    pt = window(total, 9, 9) - np.sort(strips, axis=0)[:3].sum(axis=0)
    calibrated = np.rint(pt * (1 + np.exp(-pt / 140))).astype(int)
    jets = candidates(calibrated, (total == largest) & (total >= 8) & (pt > 0), 10)
    photon = (em == ndimage.maximum_filter(em, 3, mode=WRAP)) & (em >= 4) & (20 * had < 3 * em)
    egammas = candidates(window(np.where(em >= 2, em, 0), 3, 3), photon, 4)
    return jets, egammas, total.reshape(14, 4, 18, 4).sum(axis=(1, 3)).T


def candidates(pt: np.ndarray, chosen: np.ndarray, most: int) -> np.ndarray:
    """The hardest of the chosen towers as (pt, eta, phi)."""
    eta, phi = np.nonzero(chosen)
    order = np.argsort(-pt[eta, phi])[:most]
    eta, phi = eta[order], phi[order]
    return np.column_stack([pt[eta, phi], ETA_CODES[eta], 2 * phi + 1])


def main(n_crossings: int, pileup: float) -> None:
    pool, rng = CollisionPool.load(EMBEDDED), np.random.default_rng(1)
    few = max(n_crossings // 50, 20)
    trigger(pool.collisions, pool.draw(10, pileup, 72, rng))  # compiles
    drawing, draw = cpu_seconds(lambda: pool.draw(n_crossings, pileup, cpp().n_phi, rng))
    compiled, _ = cpu_seconds(lambda: trigger(pool.collisions, draw))
    adding, images = cpu_seconds(lambda: [overlay(pool, draw, event) for event in range(few)])
    finding, _ = cpu_seconds(lambda: [find(*image) for image in images])
    table = Table("step", "microseconds per crossing", "crossings per second", title=f"Pile-up {pileup:g}")
    for name, seconds, n in [
        ("draw collisions", drawing, n_crossings),
        ("overlay and trigger, compiled", compiled, n_crossings),
        ("whole generation, compiled", drawing + compiled, n_crossings),
        ("overlay, numpy", adding, few),
        ("jets, e/gamma, regions, scipy", finding, few),
        ("whole generation, numpy and scipy", drawing * few / n_crossings + adding + finding, few),
    ]:
        table.add_row(name, f"{1e6 * seconds / n:.0f}", f"{n / seconds:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, float(sys.argv[2]) if len(sys.argv) > 2 else 50)
