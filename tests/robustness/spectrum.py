"""The spectrum that every accepted input of `fit` must be read as."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.robustness.case import Random
from tests.robustness.damage import Damage

EDGES = np.arange(1500.0, 4001.0, 100.0)
LOW, HIGH = EDGES[:-1], EDGES[1:]


def true_counts() -> np.ndarray:
    """What every accepted input must be read as."""
    falling = 4e4 * (1 - LOW / 13000) ** 9 * (LOW / 1500.0) ** -5.0
    return np.random.default_rng(4).poisson(falling).astype(float)


COUNTS = true_counts()


def table(header: str = "low,high,events", *columns: Any, separator: str = ",") -> str:
    """A CSV table; by default of the edges and counts."""
    rows = zip(*(columns or (LOW, HIGH, COUNTS)), strict=True)
    lines = [
        separator.join(f"{value:.12g}" if not isinstance(value, str) else value for value in row)
        for row in rows
    ]
    return "\n".join([header, *lines]) + "\n"


def changed(place: int, value: Any, column: int = 2) -> str:
    """The table with one entry that is something else."""
    columns: list[list[Any]] = [LOW.tolist(), HIGH.tolist(), COUNTS.tolist()]
    columns[column][place] = value
    return table("low,high,events", *columns)


def fit(file: str, *more: str) -> list[str]:
    return ["fit", file, "--scan", "2500:3500:500", "--workers", "1", "--output", "out", *more]


def as_text(name: str, text: str, folder: Path, random: Random) -> list[str]:
    (folder / name).write_text(text)
    return fit(name)


def as_bytes(name: str, whole: bytes, damage: Damage, folder: Path, random: Random) -> list[str]:
    (folder / name).write_bytes(damage(whole, random))
    return fit(name)


def right(folder: Path) -> None:
    """The spectrum in the results is the true one."""
    (stored,) = json.loads((folder / "out" / "results.json").read_text())["spectra"].values()
    np.testing.assert_allclose(stored["spectrum"]["edges"], EDGES, rtol=1e-9)
    np.testing.assert_allclose(stored["spectrum"]["counts"], COUNTS, rtol=1e-9)
