"""Weights of simulation add up to the events that are expected of a cross section."""

import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections.normalisation import Normalisation, generated_weights
from selections.sources import open_events


@pytest.mark.parametrize("name", ["nanoaod_v12_simulation.root", "pfnano_simulation.root"])
def test_weights_add_up_to_what_is_expected(data, name):
    with uproot.open(data / name) as file:
        stored = file["Events"]["genWeight"].array(library="np").astype(np.float64)
    normalisation = Normalisation(cross_section=0.25, luminosity=2.0, sum_of_weights=4 * stored.sum())
    events = normalisation.normalise(open_events(data / name), read=0.5)
    weights = np.asarray(events.frame.AsNumpy(["weight"])["weight"])
    # 500 events are expected, a quarter of what was generated is here, of which half is read
    np.testing.assert_allclose(weights, stored / stored.sum() * 500 / 4 / 0.5, rtol=1e-6)
    assert events.notes["weight"].startswith("events expected in 2 /fb, for 0.25 pb")


def test_sums_of_generated_weights_come_from_the_files(tmp_path):
    paths = [str(tmp_path / f"{n}.root") for n in range(2)]
    for path, column in zip(paths, ("genEventSumw", "genEventSumw_"), strict=True):
        with uproot.recreate(path) as file:
            file["Runs"] = {column: np.array([1.5, 2.5])}
    assert generated_weights(paths) == 8.0


def test_files_without_sums_ask_for_them(tmp_path, data):
    with pytest.raises(MaplessError, match=r"has no Runs/genEventSumw; give sum_of_weights"):
        generated_weights([str(data / "nanoaod_v12_simulation.root")])
    with pytest.raises(MaplessError, match="is remote, whose generator weights are not added up"):
        generated_weights(["root://example.org//nano.root"])
    with uproot.recreate(tmp_path / "negative.root") as file:
        file["Runs"] = {"genEventSumw": np.array([-1.0])}
    with pytest.raises(MaplessError, match="add up to -1; give sum_of_weights"):
        generated_weights([str(tmp_path / "negative.root")])
