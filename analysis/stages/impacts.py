"""Stage `impacts`: how much every variation of a signal changes the efficiency of one fit's selection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.search import MassSpectrum
from analysis.stages.data_set import DataSet
from analysis.stages.fit import RESULTS
from analysis.stages.measured_signal import measured_signal
from analysis.stages.shift_filter import VariedSignal

IMPACTS = "impacts.json"


@dataclass(frozen=True)
class Impact:
    """A variation, the cut stage that its events pass (none for all events), and whether it learnt again."""

    varied: VariedSignal
    cut: str | None
    retrained: bool = False


def find_impacts(job: Job, tools: Tools) -> None:
    """Write `impacts.json`: for each part of the fit the relative change of the efficiency by each variation.

    `total` is the quadrature sum over the variations of what makes the efficiency smaller.

    Arguments: `signal` (sample), `spectrum`, `nominal` (a data set), `cut` of it, `impacts` (Impact).
    """
    spectrum: MassSpectrum = job.arguments["spectrum"]
    parts = [part for part in read_json(job.after["fit"] / RESULTS)["parts"] if "limits" in part["purposes"]]
    found = {}
    for done, part in enumerate(parts, start=1):
        nominal = _efficiency(job, spectrum, job.arguments["nominal"], job.arguments["cut"], part["masks"])
        rows = []
        for impact in job.arguments["impacts"]:
            varied = impact.varied
            one = _efficiency(job, spectrum, varied.signal, impact.cut, part["masks"], varied.weight)
            row = {"source": varied.source, "tag": varied.tag, "retrained": impact.retrained}
            rows.append(row | {"change": one / nominal - 1 if nominal else None})
        found[part["name"]] = {"efficiency": nominal, "variations": rows, "total": total(rows)}
        tools.progress(done, len(parts))
    write_json(job.folder / IMPACTS, found)


def total(rows: Sequence[Mapping[str, Any]]) -> float:
    """The quadrature sum of what makes the efficiency smaller; a change by a single shift goes both ways.

    >>> up, down = {"source": "scale", "change": 0.04}, {"source": "scale", "change": -0.03}
    >>> total([up, down, {"source": "resolution", "change": 0.04}])
    0.05
    """
    sizes = []
    for _, some in groupby(rows, key=lambda row: row["source"]):
        changes = [row["change"] for row in some if row["change"] is not None]
        sizes.append(max(0.0, -min(changes, default=0.0)) if len(changes) > 1 else abs(sum(changes)))
    return float(np.sqrt(np.sum(np.square(sizes))))


def _efficiency(
    job: Job,
    spectrum: MassSpectrum,
    signal: DataSet,
    cut: str | None,
    masks: Mapping[str, Sequence[str]],
    weight: str = "weight",
) -> float:
    return measured_signal(job, spectrum, signal, (cut,) if cut else (), masks, weight).efficiency
