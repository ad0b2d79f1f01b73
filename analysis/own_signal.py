"""A signal of one's own for limits: a file of events, or a card with Pythia's settings that is simulated."""

import re
from collections.abc import Callable
from pathlib import Path

from analysis.engine.json_file import read_json
from analysis.sample_table import SampleSettings, SampleTable
from analysis.search_settings import SearchSettings
from analysis.simulation.campaign import SAMPLE_TABLE, Campaign, CampaignSample, produce
from analysis.simulation.card import read_card
from analysis.simulation.production import SimulationProgress
from errors import MaplessError
from input_files import read_yaml

RUN = 4_000_000_000
"""Of simulated events, so that none has the name of an event of the data."""
GENERATOR = (".lhe", ".lhe.gz", ".hepmc", ".hepmc3", ".hepmc.gz", ".h5", ".npy", ".npz")
"""Ends of names of files that have to be converted first."""


def with_own_signal(
    settings: SearchSettings,
    signal: Path,
    mass: float | None,
    n_events: int,
    folder: Path,
    workers: int,
    progress: Callable[[str], SimulationProgress],
) -> SearchSettings:
    """The settings with a signal of one's own in place of all others.

    `signal` is a ROOT file, or a card, of which `n_events` are simulated into a folder and kept there; `mass`
    of its resonance in GeV. Raises MaplessError for a file that cannot be used, and without a mass.
    """
    if mass is None:
        raise MaplessError(f"--signal {signal}: say the mass of its resonance in GeV with --mass")
    if not signal.is_file():
        raise MaplessError(f"--signal {signal} does not exist; check the path")
    if signal.name.lower().endswith(GENERATOR):
        raise MaplessError(f"--signal {signal}: convert it first: convert {signal} --output signal.root")
    name = re.sub(r"[^A-Za-z0-9_.+-]", "_", signal.stem).lstrip("_.+-") or "signal"
    if name in settings.samples or name == settings.data:
        raise MaplessError(f"--signal {signal}: a sample is called {name} already; rename the file")
    made = (
        _file(signal)
        if signal.suffix == ".root"
        else _card(signal, name, n_events, folder, workers, progress)
    )
    described = made.model_copy(update={"mass": mass})
    data = settings.samples.get(settings.data)
    samples = {**settings.samples, name: described.like(data) if data else described}
    limits = settings.limits.model_copy(update={"signals": (name,)})
    return settings.model_copy(update={"samples": samples, "limits": limits})


def _file(signal: Path) -> SampleSettings:
    """Events of a file, which holds all that were produced unless its description says otherwise."""
    described = signal.with_name(f"{signal.name}.json")
    told = read_json(described) if described.is_file() else {}
    known = "n_selected" in told and "n_generated" in told
    acceptance = told["n_selected"] / told["n_generated"] if known else 1.0
    return SampleSettings(role="signal", files=(str(signal.resolve()),), acceptance=acceptance)


def _card(
    card: Path,
    name: str,
    n_events: int,
    folder: Path,
    workers: int,
    progress: Callable[[str], SimulationProgress],
) -> SampleSettings:
    parameters = {"card": read_card(card), "run": RUN, "max_constituents": 100}
    sample = CampaignSample(process="card", events=n_events, parameters=parameters)
    produce(Campaign(samples={name: sample}), folder, workers, progress)
    table = SampleTable.model_validate(read_yaml(folder / SAMPLE_TABLE))
    return table.samples[name].at(folder.resolve())
