"""The search for a jet and something else: regions by rates, and signals that are rebuilt worse."""

from pathlib import Path

import numpy as np
import pytest

from analysis import searches
from analysis.simulation import simulate
from errors import MaplessError
from models.autoencoder.detector import Autoencoder
from selections import snapshot
from selections.events import StoredEvents
from selections.leptons import jet_and_lepton
from selections.rapidity_mass_matrix import INPUTS
from selections.sources import open_events

DATA = Path(searches.CONFIGURATIONS).parent / "samples" / "lepton_data.root"


def declared(*overrides: str):
    return searches.declare(searches.load("atlas-jet-x", None, overrides))


def test_regions_hold_as_many_events_as_their_rates_make() -> None:
    (hunt,) = declared("rates={loose: 40, tight: 4}").hunts
    assert hunt.cut.options["numbers"] == pytest.approx({"loose": 280, "tight": 28})  # of 0.007 /fb


def test_every_mass_is_a_spectrum_that_is_searched_in_regions_only() -> None:
    spectra = declared("spectra={jj: {low: 300, high: 900, masses: {low: 400, high: 500}}}").spectra
    assert [(one.column, one.inclusive, one.masses) for one in spectra] == [("m_jj", False, (400, 500))]


def test_rates_without_a_luminosity_are_refused() -> None:
    with pytest.raises(MaplessError, match="rates need the luminosity of mine"):
        declared("data=mine", f"samples={{mine: {{role: background, files: [{DATA}]}}}}")


@pytest.mark.physics
def test_leptoquarks_are_rebuilt_worse_than_the_data(tmp_path: Path) -> None:
    simulate(
        "lepton_leptoquark",
        200,
        output=tmp_path / "signal.root",
        seed=71,
        workers=1,
        quality="tiny",
        leptoquark_mass=800.0,
    )
    events = {}
    for name, file in (("data", DATA), ("signal", tmp_path / "signal.root")):
        frame = jet_and_lepton()(open_events(file)).frame
        columns = ["run", "luminosity_block", "event", INPUTS]
        events[name] = StoredEvents(snapshot.write(frame, tmp_path / f"selected_{name}.root", columns))
    trained = Autoencoder(INPUTS, share=0.3, seed=71).fit({"events": events["data"]})
    losses = {name: trained.score(some)["score"] for name, some in events.items()}
    larger = np.mean(losses["signal"][:, None] > losses["data"][None, :])
    print(f"AUC {larger:.3f}")
    assert larger > 0.8
