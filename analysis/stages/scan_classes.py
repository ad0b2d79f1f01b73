"""Stage `scan-classes`: regions of interest of all classes of events, ranked by how rare they are."""

from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.source import NOMINAL
from analysis.stages.class_distributions import FilledClasses, shifted_histograms
from analysis.stages.data_set import selection_name
from analysis.stages.fill_classes import CLASSES, read_classes
from errors import MaplessError
from fits.region_scan.distribution import Distribution
from fits.region_scan.scan import ScanResult, scan
from selections.event_classes import ClassHistograms

SCAN, ARRAYS = "scan.json", "scan.npz"


def scan_classes(job: Job, tools: Tools) -> None:
    """Write what was found in every distribution to `scan.json`, bins and pseudo-experiments to `scan.npz`.

    Arguments: `backgrounds`, the `shifts` and varied `weights` of each; `expected` and `observed`, the names
    of the stages with histograms; `edges`, `quantities`, `kinds`, `smallest_yield`, `largest_number`,
    `luminosity_error` and the `settings` of the scan.
    Raises MaplessError for data that are no counts, and where no class has any events.
    """
    filled = read_filled(job)
    arguments = job.arguments
    classes = filled.classes(arguments["kinds"], arguments["smallest_yield"], arguments["largest_number"])
    found = [*filled.distributions(classes, arguments["quantities"])]
    if not found:
        raise MaplessError("no class of events has any background; read more events, or loosen the objects")
    distributions = [one for _, _, one in found]
    results = scan(distributions, arguments["settings"], tools.threads, tools.progress)
    order = sorted(range(len(results)), key=lambda place: _rareness(results[place]))
    write_json(
        job.folder / SCAN,
        {
            "results": [
                {"class": one.name, "title": one.title, "suffix": one.suffix, "quantity": quantity}
                | _yields(distribution)
                | results[place].to_json()
                for place in order
                for one, quantity, distribution in [found[place]]
            ],
            "unexpected": filled.unexpected(arguments["kinds"]),
            "uncertainties": sorted({name for one in distributions for name in one.shifts}),
            "n_rounds": arguments["settings"].n_rounds,
        },
    )
    empty = np.full(arguments["settings"].n_rounds, np.nan)
    np.savez_compressed(
        job.folder / ARRAYS,
        edges=filled.edges,
        observed=np.array([distributions[place].observed for place in order]),
        expected=np.array([distributions[place].expected for place in order], np.float32),
        errors=np.array([distributions[place].error for place in order], np.float32),
        rounds=np.array(
            [results[place].of_rounds() if results[place].region else empty for place in order], np.float32
        ),
    )


def read_filled(job: Job) -> FilledClasses:
    """The histograms of all samples that the stages before have filled."""
    arguments = job.arguments
    observed = ClassHistograms.sum([read_classes(job.after[name])[CLASSES] for name in arguments["observed"]])
    if not np.array_equal(observed.weighted, np.round(observed.weighted)):
        raise MaplessError(
            "data: events have weights that are no counts; name measured or mock data, or leave data out for "
            "mock data that are drawn from the backgrounds"
        )
    expected, shifted = {}, {}
    for sample, shifts in arguments["shifts"].items():
        read: dict[str, Any] = {}
        for shift in (NOMINAL, *shifts):
            filled = read_classes(job.after[selection_name(sample, CLASSES, shift)])
            read |= {shift: filled.pop(CLASSES)} | filled
        expected[sample] = read[NOMINAL]
        shifted[sample] = shifted_histograms(sample, shifts, arguments["weights"][sample], read)
    return FilledClasses(
        observed,
        expected,
        shifted,
        arguments["backgrounds"],
        arguments["luminosity_error"],
        np.array(arguments["edges"]),
    )


def _rareness(result: ScanResult) -> tuple[float, float]:
    """What results are ranked by: p-tilde, then the local p-value."""
    if result.region is None or result.p_tilde is None:
        return (2.0, 2.0)
    return (result.p_tilde, result.region.p_value)


def _yields(distribution: Distribution) -> dict[str, Any]:
    """Of all bins together."""
    systematic = sum(float(shift.sum()) ** 2 for shift in distribution.shifts.values())
    statistical = float((distribution.statistical**2).sum())
    return {
        "observed": float(distribution.observed.sum()),
        "expected": float(distribution.total.sum()),
        "error": float(np.sqrt(systematic + statistical)),
        "groups": distribution.expected.sum(axis=1).tolist(),
    }
