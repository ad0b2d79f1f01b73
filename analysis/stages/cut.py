"""Stage `cut`: learns where to cut on scores and sorts events into categories."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.source import NOMINAL
from analysis.stages.data_set import DataSet, read_events
from analysis.stages.score import SCORES
from analysis.stages.weighted_efficiency import weighted_efficiency
from errors import MaplessError
from models.anomaly_cut import AnomalyCut
from models.anomaly_detector import Scores
from models.events import Events, Mask
from selections.events import EventColumns

EFFICIENCIES = "efficiencies.json"
CATEGORIES = "categories.json"


def cut(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write the cut, the category masks of all data sets, and how much of each they keep.

    Arguments: `cut`, `window`, `learn_on` and `data_sets` (to be cut), `masses` (hypotheses in GeV).
    """
    from models.registry import make_cut
    from selections.scores import write_scores

    learnt: AnomalyCut = make_cut(job.arguments["cut"], window=job.arguments["window"])
    masses = job.arguments["masses"]
    events = {data.name: read_events(job, data) for data in job.arguments["data_sets"]}
    scores = {name: _scores(job, name, one) for name, one in events.items()}
    name = job.arguments["learn_on"].name
    learnt.learn(events[name], scores[name], masses)
    learnt.save(job.folder / "cut")
    efficiencies = []
    for data in job.arguments["data_sets"]:
        masks = category_masks(learnt, events[data.name], scores[data.name], masses)
        write_scores(job.folder / mask_file(data), events[data.name], masks)
        efficiencies += [_efficiency(data, one, events[data.name], mask) for one, mask in masks.items()]
    _check_anything_is_kept(job, efficiencies)
    write_json(job.folder / EFFICIENCIES, efficiencies)
    named = {"categories": learnt.categories, "per_mass": learnt.per_mass, "scores": learnt.scores}
    write_json(job.folder / CATEGORIES, named)


def _scores(job: Job, name: str, events: EventColumns) -> Scores:
    from selections.scores import read_scores

    stored = read_scores(job.after[f"score-{name}"] / SCORES, events)
    return {score: values.astype(np.float64) for score, values in stored.items()}


def cut_first(folder: Path, scores: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Scores (n,) with those first that the cut in a folder is on; files do not keep their order."""
    asked = [*read_json(folder / CATEGORIES)["scores"], "score"]
    first = [name for name in asked if name in scores]
    return {name: scores[name] for name in dict.fromkeys([*first, *scores])}


def mask_file(data: DataSet) -> str:
    """Where the masks of a data set lie in the folder of the stage."""
    return f"masks-{data.name}.root"


def mask_name(category: str, mass: float | None) -> str:
    """Name of the mask of a category, for cuts that depend on the mass hypothesis with the mass in GeV.

    >>> mask_name("kept", None), mask_name("kept", 3000)
    ('kept', 'kept@3000')
    """
    return category if mass is None else f"{category}@{mass:g}"


def category_masks(
    learnt: AnomalyCut, events: Events, scores: Mapping[str, np.ndarray], masses: tuple[float, ...]
) -> dict[str, Mask]:
    """The mask of every category, and of every mass hypothesis (GeV) if the cut depends on it."""
    hypotheses = masses if learnt.per_mass else (None,)
    return {
        mask_name(category, mass): mask
        for mass in hypotheses
        for category, mask in learnt.masks(events, scores, mass).items()
    }


def _efficiency(data: DataSet, name: str, events: Events, mask: Mask) -> dict[str, Any]:
    """How much of a data set is kept, by weight, and how much of the signal injected into it."""
    efficiency, error = weighted_efficiency(np.asarray(events["weight"], dtype=float), mask)
    injected = np.asarray(events["injected"]) > 0
    return {
        "category": name,
        "sample": data.source.sample,
        "region": data.source.region,
        "shift": data.source.shift,
        "n_events": len(events),
        "kept": int(mask.sum()),
        "efficiency": efficiency,
        "error": error,
        "injected": int(injected.sum()),
        "injected_kept": int((injected & mask).sum()),
    }


def _check_anything_is_kept(job: Job, efficiencies: list[dict[str, Any]]) -> None:
    learn_on = job.arguments["learn_on"].source.sample
    for one in efficiencies:
        if one["sample"] == learn_on and one["shift"] == NOMINAL and one["kept"] == 0:
            window = job.arguments["window"]
            where = f" of window {window.name}" if window else ""
            raise MaplessError(
                f"no event passes the anomaly cut{where} into {one['category']}; keep more events"
            )
