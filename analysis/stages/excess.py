"""Stage `excess`: what the largest excess looks like, as far as the events themselves tell.

Its mass with an error from the spectrum in which it is largest, the number of its events there and before the
cut, and where columns such as the masses of both jets peak when what lies beside it is subtracted.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.stages.data_set import read_events
from analysis.stages.fit import RESULTS, SELECTED
from analysis.stages.global_significance import GLOBAL
from fits.limits.mass_scan import SignalUncertainties
from fits.significance.fitted_mass import FittedMass, fitted_mass
from fits.stored_model import model_from_json

EXCESS = "excess.json"
EVIDENCE = 3.0
"""Global significance above which an excess is described."""

_TRIED = np.linspace(0.92, 1.08, 33)  # masses over that of the best hypothesis
_FROM_EDGE = 1.05  # where most of a resonance is within the spectrum
_NEAR = 0.06  # of the mass: what counts as inside of the peak
_BESIDE = 0.30  # what is compared with it begins at twice the first and ends here
_BANDWIDTH = 0.06  # in the logarithm of a column: how finely jets measure masses
_RESAMPLED = 100
_EXACT = SignalUncertainties(0.0, 0.0, ())  # so that errors are statistical
_BINS = 400  # much finer than the bandwidth

Array = NDArray[np.float64]


def describe_excess(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write `excess.json`; `excess` in it is None where nothing is significant enough.

    Arguments: `fits` (names), `data` (data set of each region), `columns` (above zero, to find peaks in) and
    `seed`. Errors are statistical.
    """
    found = read_json(job.after["global"] / GLOBAL)
    everywhere = found["global"] or {"significance": None}
    good = [point for point in found["smallest"] if point["local_p_value"] is not None]
    largest = min(good, key=lambda point: point["local_p_value"], default=None)
    significant = (everywhere["significance"] or 0.0) >= EVIDENCE
    content = {"threshold": EVIDENCE, "largest": largest, "excess": None}
    if largest is not None and significant:
        content["excess"] = _described(job, largest)
    write_json(job.folder / EXCESS, content)


def _described(job: Job, largest: Mapping[str, Any]) -> dict[str, Any]:
    stored = read_json(job.after[largest["fit"]] / RESULTS)
    search = next(part["search"] for part in stored["parts"] if part["name"] == largest["part"])
    mass = _fitted(search, largest["mass"])
    fits = [read_json(job.after[name] / RESULTS) for name in job.arguments["fits"]]
    inclusive = [fit for fit in fits if fit["hunt"] is None and fit["spectrum"] == stored["spectrum"]]
    whole = None
    if mass is not None and inclusive:
        whole = _fitted(inclusive[0]["parts"][0]["search"], mass.mass, tried=np.ones(1))
    return {
        "mass": mass and asdict(mass),
        "before_cut": whole and asdict(whole),
        "peaks": {} if mass is None else _peaks(job, stored, largest, mass),
    }


def _fitted(search: Mapping[str, Any], mass: float, tried: Array = _TRIED) -> FittedMass | None:
    edges = next(iter(search["spectra"].values()))["spectrum"]["edges"]
    inside = edges[0] * _FROM_EDGE, edges[-1] / _FROM_EDGE
    masses = [one for one in (mass * tried).tolist() if inside[0] < one < inside[1]]
    return fitted_mass(lambda one: model_from_json(search, one, _EXACT).profile_likelihood(), masses)


def _peaks(
    job: Job, stored: Mapping[str, Any], largest: Mapping[str, Any], mass: FittedMass
) -> dict[str, dict[str, float]]:
    """Where each column peaks, with an error from events drawn again."""
    events = read_events(job, job.arguments["data"][stored["region"]])
    with np.load(job.after[largest["fit"]] / SELECTED) as keys:
        kept = [keys[name] for name in keys.files if name.startswith(f"{largest['part']}/")]
    selected = np.isin(events["key"], np.concatenate(kept))
    distance = np.abs(np.asarray(events[stored["column"]], dtype=float) / mass.mass - 1)
    inside, beside = selected & (distance < _NEAR), selected & (distance > 2 * _NEAR) & (distance < _BESIDE)
    n_background = max(np.count_nonzero(inside) - mass.signal_yield, 0.0)
    rng = np.random.default_rng(job.arguments["seed"])
    found = {}
    for column in job.arguments["columns"]:
        values = np.asarray(events[column], dtype=float)
        here, there = (values[chosen & (values > 0)] for chosen in (inside, beside))
        if len(here) and len(there):
            found[column] = peak_above(here, there, n_background, rng)
    return found


def peak_above(here: Array, there: Array, n_background: float, rng: np.random.Generator) -> dict[str, float]:
    """Where values (n,) peak beyond so many that are distributed as others (m,), and the error of that.

    All values are above zero. The densities are those of their logarithms, smoothed by a constant relative
    width; the error is the spread over events drawn again with replacement.
    """
    edges = np.linspace(np.log(min(here.min(), there.min())), np.log(max(here.max(), there.max())), _BINS + 1)
    centres = (edges[1:] + edges[:-1]) / 2
    smoothing = np.exp(-0.5 * ((centres[:, None] - centres) / _BANDWIDTH) ** 2)

    def peak(some: Array, others: Array) -> float:
        counts, beside = (np.histogram(np.log(values), edges)[0] for values in (some, others))
        excess = smoothing @ (counts - n_background / len(others) * beside)
        return float(np.exp(centres[np.argmax(excess)]))

    again = [peak(rng.choice(here, len(here)), rng.choice(there, len(there))) for _ in range(_RESAMPLED)]
    return {"value": peak(here, there), "error": float(np.std(again))}
