"""Stage `open`: what may be seen of a spectrum of data before its closure test has passed."""

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.search import MassSpectrum
from analysis.stages.data_set import read_events
from analysis.stages.in_spectrum import in_spectrum, relative_weights
from fits.spectrum import unweighted_spectrum

SPECTRUM = "open_spectrum.json"
_WIDTH = 0.03  # of bins over mass


def open_spectrum(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write the histogram of the events outside of the closed intervals of a spectrum.

    Arguments: `spectrum`, `data`, `closed` (what any spectrum in this mass closes; None: all).
    """
    spectrum: MassSpectrum = job.arguments["spectrum"]
    events = read_events(job, job.arguments["data"])
    mass, inside = events[spectrum.column], in_spectrum(spectrum, events)
    low, high = spectrum.edges[0], spectrum.edges[-1]
    closed = ((low, high),) if job.arguments["closed"] is None else job.arguments["closed"]
    n_bins = max(1, round(np.log(high / low) / _WIDTH))
    edges = np.union1d(np.geomspace(low, high, n_bins + 1), [edge for ends in closed for edge in ends])
    seen = inside & is_open(mass, closed)
    counted = unweighted_spectrum(mass[seen], edges, relative_weights(events)[seen])
    content = {
        "spectrum": spectrum.name,
        "title": spectrum.title,
        "edges": edges.tolist(),
        "counts": counted.counts.tolist(),
        "closed": closed,
    }
    write_json(job.folder / SPECTRUM, content)


def is_open(mass: np.ndarray, closed: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Mask (n,) of masses outside of all closed intervals.

    >>> is_open(np.array([1.0, 2.0, 3.0]), ((1.5, 2.5),)).tolist()
    [True, False, True]
    """
    inside = np.zeros(len(mass), bool)
    for low, high in closed:
        inside |= (mass >= low) & (mass < high)
    return ~inside
