"""Stage `injection`: how many events of a signal have some expected significance among all events."""

from math import ceil

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.search import MassSpectrum
from analysis.stages.data_set import INJECTION
from analysis.stages.fit import EVERYTHING, RESULTS
from analysis.stages.in_spectrum import signal_efficiencies
from errors import MaplessError
from fits.limits.mass_scan import SignalUncertainties
from fits.significance.discovery_reach import discovery_reach
from fits.stored_model import model_from_json


def size_injection(job: Job, tools: Tools) -> None:  # noqa: ARG001
    """Write `injection.json` with `n_events` that pass the selection.

    Arguments: `spectrum` of all events, the selected `signal` and its `mass` (GeV), the `significance` that
    is expected of it; after: the `fit` of the spectrum without signal. MaplessError if no number has it.
    """
    signal, significance = job.arguments["signal"].source.sample, job.arguments["significance"]
    spectrum: MassSpectrum = job.arguments["spectrum"]
    (part,) = read_json(job.after["fit"] / RESULTS)["parts"]
    if "error" in part["search"]:
        raise MaplessError(f"how much of {signal} to inject is not known, {part['search']['error']}")
    model = model_from_json(part["search"], job.arguments["mass"], SignalUncertainties())
    reach = discovery_reach(model.profile_likelihood(), (significance,))
    efficiency, _ = signal_efficiencies(
        job, spectrum, job.arguments["signal"], None, {EVERYTHING: (EVERYTHING,)}
    )[EVERYTHING]
    if reach.values is None or not efficiency:
        raise MaplessError(
            f"no number of events of {signal} is known to have {significance:g} sigma in {spectrum.name}; "
            "say how many are injected"
        )
    write_json(job.folder / INJECTION, {"n_events": ceil(reach.values[0] / efficiency)})
