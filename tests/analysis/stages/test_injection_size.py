"""The closure test injects as much as is expected to have 2 sigma in all events."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import uproot

from analysis.engine.job import Job, Tools
from analysis.source import Injection, Source
from analysis.stages.data_set import EVENTS, INJECTION, DataSet, InjectedSignal, events_to_inject
from analysis.stages.fit import RESULTS
from analysis.stages.injection_size import size_injection
from errors import MaplessError
from fits.backgrounds import Dijet, expected_counts
from fits.resonance_search import ResonanceCategory, ResonanceSettings, Smooth, search_for_resonance
from fits.signals import GaussianSignal
from fits.spectrum import Spectrum, dijet_edges

MASS = 3000.0
SIGNAL = GaussianSignal(0.035)


def _counts(signal_events: float = 0.0) -> np.ndarray:
    shape = expected_counts(Dijet(2), [0.0, 9.0, 5.0], dijet_edges())
    return 1e5 * shape / shape.sum() + signal_events * SIGNAL(MASS).bin_fractions(dijet_edges())


def _search(counts: np.ndarray):
    settings = ResonanceSettings((MASS,), Smooth(parameters=(2,)))
    return search_for_resonance(
        [ResonanceCategory("all events", Spectrum(dijet_edges(), counts))], SIGNAL, settings
    )


def _job(folder: Path, search: dict) -> Job:
    """Half of the selected signal is in the range of the spectrum."""
    for name in ("fit", "signal-main"):
        (folder / name).mkdir()
    (folder / "fit" / RESULTS).write_text(json.dumps({"parts": [{"search": search}]}))
    mass = np.array([MASS, 100.0] * 50)
    columns = {name: np.arange(len(mass)) for name in ("run", "luminosity_block", "event")}
    with uproot.recreate(folder / "signal-main" / EVENTS) as file:
        file.mkrntuple("Events", columns | {"mjj": mass, "weight": np.ones(len(mass))})
    edges = dijet_edges().tolist()
    arguments = {
        "spectrum": SimpleNamespace(name="mjj", column="mjj", edges=edges, within=None),
        "signal": DataSet(Source("main", "signal")),
        "mass": MASS,
        "significance": 2.0,
    }
    return Job(folder, {name: folder / name for name in ("fit", "signal-main")}, arguments)


def test_as_many_events_are_injected_as_have_two_sigma_in_the_spectrum(tmp_path: Path) -> None:
    size_injection(_job(tmp_path, _search(_counts()).to_json()), Tools())
    injected = InjectedSignal(Injection("signal", significance=2.0), 1.0, "main")
    n_events = events_to_inject(Job(tmp_path, {"injection-signal": tmp_path}, {}), injected)
    found = _search(_counts(n_events / 2)).scan.most_significant
    assert found.significance == pytest.approx(2.0, abs=0.02)


def test_a_spectrum_without_a_fit_says_so(tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match="no background converged"):
        size_injection(_job(tmp_path, {"error": "no background converged"}), Tools())
    assert not (tmp_path / INJECTION).exists()
