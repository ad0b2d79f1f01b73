"""Compact RNTuple files of level-1 events: small integers, and the decisions of other triggers."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from analysis.simulation.columns import Columns
from selections import headers
from selections.canonical_writer import COMPRESSION, TUPLE_NAME
from selections.level1.hardware import N_INPUTS, REGION_SHAPE
from selections.level1.seeds import Seed
from selections.root import import_root


def write(path: Path, parts: Iterable[Columns], menu: Mapping[str, Seed]) -> None:
    """Write parts of a sample as one RNTuple, which appears when it is complete.

    Columns: `objects` (57 numbers), `regions` (252, first axis phi), `n_pileup`, and a bit for each seed.
    """
    headers.load("mapless/compact_writer.h")
    partial = path.with_name(path.name + ".partial")
    writer = import_root().mapless.CompactWriter()
    writer.fixed["std::int16_t", N_INPUTS]("objects")
    writer.fixed["std::int16_t", int(np.prod(REGION_SHAPE))]("regions")
    writer.scalar["std::uint16_t"]("n_pileup")
    for name in menu:
        writer.scalar["bool"](name)
    writer.open(str(partial), TUPLE_NAME, COMPRESSION)
    for part in parts:
        columns = [
            part["objects"].astype(np.int16),
            part["regions"],
            part["n_pileup"].astype(np.uint16),
            *(seed.decision(part["objects"]) for seed in menu.values()),
        ]
        unused = np.zeros(1, np.int64)
        for index, column in enumerate(columns):
            writer.column(index, column, unused)
        writer.fill(len(part["n_pileup"]))
    writer.close()
    partial.replace(path)
