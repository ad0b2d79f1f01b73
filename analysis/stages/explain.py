"""Stage `explain`: why the events that hunts keep are kept, and whether their detectors say the same."""

from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.engine.tensorflow_process import limit_tensorflow, tensorflow_reports_only_failures
from analysis.stages.cut import category_masks, cut_first
from analysis.stages.data_set import read_events
from analysis.stages.in_spectrum import read_masks
from analysis.stages.score import SCORES
from analysis.stages.train import window_folder
from models.events import Events, Mask
from models.metrics.agreement import rank_correlations
from models.metrics.interpretation import feature_distances, permutation_importance
from selections.snapshot import EVENT_NAME

EXPLANATION = "explanation.json"
_TOLD_EVENTS = 5


def explain(job: Job, tools: Tools) -> None:
    """Write `explanation.json`: features that each selection follows, and how the scores are correlated.

    Arguments: `hunts` by the name of the chain (each with `hunt`, `detector`, `cut`, `window`, `data`, its
    hypotheses `masses`, and columns to be `told` of the most anomalous events), `features` (columns (n,) that
    are compared) and `seed`. Features are those of events in the window, correlations of those beside it.
    """
    from selections.scores import read_scores

    told: dict[str, Any] = {}
    beside: dict[tuple[str, str], dict[str, np.ndarray]] = {}  # by data set and window
    for name, hunt in job.arguments["hunts"].items():
        events, window = read_events(job, hunt["data"]), hunt["window"]
        scores = cut_first(job.after[f"cut-{name}"], read_scores(job.after[f"score-{name}"] / SCORES, events))
        masks = read_masks(job, f"cut-{name}", hunt["data"], events)
        everywhere = np.ones(len(events), np.bool_)
        inside = window.in_signal_region(events[window.column]) if window else everywhere
        kept, seen = np.any([*masks.values()], axis=0)[inside], events.where(inside)
        told[name] = {
            "n_kept": int(kept.sum()),
            "n_others": int((~kept).sum()),
            "most_anomalous": _most_anomalous(seen, next(iter(scores.values()))[inside], hunt["told"]),
            **_ranked(job, name, seen, kept, tools.threads),
        }
        place = hunt["data"].name, window.name if window else ""
        for one, values in scores.items():
            of_place = beside.setdefault(place, {})
            of_place[f"{hunt['hunt']} {one}"] = values[~inside if window else everywhere]
    correlations = [
        {"window": window, "scores": list(scores), "matrix": rank_correlations(scores).tolist()}
        for (_, window), scores in beside.items()
        if len(scores) > 1
    ]
    write_json(job.folder / EXPLANATION, {"hunts": told, "correlations": correlations})


def _ranked(job: Job, name: str, events: Events, kept: Mask, threads: int) -> dict[str, Any]:
    """Features by how far kept events lie from others, and by how much the selection hangs on them."""
    from models.made import find_class
    from models.registry import CUTS, DETECTORS

    if kept.all() or not kept.any():
        return {"features": {}, "importance": {}}
    hunt = job.arguments["hunts"][name]
    with tensorflow_reports_only_failures():
        limit_tensorflow(threads)
        trained = job.after[f"train-{name}"] / window_folder(hunt["window"])
        detector = find_class(hunt["detector"], DETECTORS).load(trained)
        cut = find_class(hunt["cut"], CUTS).load(job.after[f"cut-{name}"] / "cut")

        def is_kept(some: Events) -> Mask:
            masks = category_masks(cut, some, detector.score(some), hunt["masses"])
            return np.asarray(np.any([*masks.values()], axis=0))

        columns = [one for one in detector.score_columns if one not in ("key", *EVENT_NAME)]
        importance = permutation_importance(is_kept, events, kept, columns, seed=job.arguments["seed"])
    features = {one: np.asarray(events[one]) for one in (*job.arguments["features"], *columns)}
    features = {one: values for one, values in features.items() if values.ndim == 1}
    distances = {
        one: {
            "distance": distance,
            "kept_median": float(np.median(features[one][kept])),
            "other_median": float(np.median(features[one][~kept])),
        }
        for one, distance in feature_distances(features, kept).items()
    }
    return {"features": distances, "importance": importance}


def _most_anomalous(events: Events, score: np.ndarray, columns: tuple[str, ...]) -> list[dict[str, float]]:
    """Name, masses and score of the events of the highest scores (n,)."""
    chosen = np.argsort(-score, kind="stable")[:_TOLD_EVENTS]
    values = {name: np.asarray(events[name])[chosen].tolist() for name in (*EVENT_NAME, *columns)}
    values["score"] = score[chosen].tolist()
    return [dict(zip(values, event, strict=True)) for event in zip(*values.values(), strict=True)]
