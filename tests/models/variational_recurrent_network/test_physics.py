"""Trained on jets of QCD with a little of every signal among them, it ranks all four kinds of X above QCD."""

import numpy as np
import pytest

from analysis.simulation import simulate
from tests.models.variational_recurrent_network.judged import BACKGROUND, judge, selected, trained_on

pytestmark = pytest.mark.physics

DECAYS = ("two-prong", "three-prong", "heavy-flavour", "dark")
SLICE = {"mjj_min": 1900, "max_delta_eta": 1.3, "max_constituents": 100}
OPTIONS = {"epochs": 25, "batch_size": 128, "folds": 5, "seed": 1}


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    samples = {BACKGROUND: ("qcd", 3000, {})}
    for decay in DECAYS:
        samples[decay] = ("y_to_hx", 300, {"resonance_mass": 3000, "x_mass": 200, "x_decay": decay})
    found = {}
    for seed, (name, (process, n_events, parameters)) in enumerate(samples.items(), start=61):
        file = folder / f"{name}.root"
        simulate(process, n_events, output=file, seed=seed, workers=1, **parameters, **SLICE)
        (folder / "selected").mkdir(exist_ok=True)
        found[name] = selected(file, folder / "selected")
    return found


@pytest.fixture(scope="module")
def trained(events):
    return trained_on(events[BACKGROUND], [events[decay] for decay in DECAYS], **OPTIONS)


def test_all_kinds_of_x_rank_above_qcd(events, trained):
    found = judge(trained, events[BACKGROUND], {decay: events[decay] for decay in DECAYS})
    print({name: {by: f"{a:.3f} ± {e:.3f}" for by, (a, e) in one.items()} for name, one in found.items()})
    for areas in found.values():
        area, error = areas["score"]
        assert area - 3 * error > 0.5
    assert found["dark"]["score"][0] > found["dark"]["jet1_tau32"][0]


def test_half_is_the_score_of_the_mean_jet_of_the_data(events, trained):
    scores = trained.score(events[BACKGROUND])["score"]
    assert scores.max() <= 1
    assert np.mean(scores) == pytest.approx(0.5, abs=0.1)  # of the heavier jet, where both are learnt from
