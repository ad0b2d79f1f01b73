"""What quantisation costs: our AXOL1TL-size trigger against the same network in floating point, at 1 kHz."""

import numpy as np
import pytest

from analysis.simulation.level1.production import simulate
from firmware.networks import axol1tl
from firmware.networks.published import read_published
from firmware.performance.efficiencies import efficiencies_at_rate
from firmware.performance.quantisation_study import StudyEvents, StudySettings, measured, with_weight_bits
from firmware.performance.rates import ZeroBiasRates
from firmware.training.schedule import TrainingSchedule
from firmware.training.variational import train_variational
from selections.level1.files import read

SIGNALS = ("ttbar", "h_to_4b", "h_to_4tau", "a_to_4l", "leptoquark", "charged_higgs")
N_TRAINING, N_RATE, N_SIGNAL = 100_000, 400_000, 1000


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """Objects of level-1 events by process; zero bias first, of a small pool of collisions."""
    folder = tmp_path_factory.mktemp("level1")
    sizes = {"zero_bias": N_TRAINING + N_RATE} | dict.fromkeys(SIGNALS, N_SIGNAL)
    found = {}
    for seed, (name, size) in enumerate(sizes.items(), start=11):
        path = folder / f"{name}.root"
        simulate(f"level1_{name}", size, output=path, seed=seed, workers=1, quality="tiny")
        found[name] = read(path).inputs("objects")
    return found


@pytest.mark.physics
def test_quantisation_costs_less_than_two_percent_on_most_signals(objects):
    schedule = TrainingSchedule(epochs=12, batch_size=512)
    efficiencies = {}
    for quantised in (True, False):
        model = train_variational(
            objects["zero_bias"][:N_TRAINING],
            axol1tl.TRAINED_VERSION_4,
            schedule=schedule,
            quantised=quantised,
        )
        rates = ZeroBiasRates(model.score(objects["zero_bias"][N_TRAINING:]))
        scores = {name: model.score(objects[name]) for name in SIGNALS}
        efficiencies[quantised] = efficiencies_at_rate(rates, scores, rate=1.0)
    loss = np.array([efficiencies[False][name].value - efficiencies[True][name].value for name in SIGNALS])
    print({name: [efficiencies[q][name].value for q in (True, False)] for name in SIGNALS})
    assert np.sum(loss <= 0.02) >= 4
    assert efficiencies[True]["leptoquark"].value > 0.5


@pytest.mark.physics
def test_the_deployed_network_keeps_kilohertz_at_its_deployed_threshold(objects, shared_data):
    """15717/16 is the threshold of L1_AXO_VLoose, version 3, in the menu L1Menu_Collisions2024_v1_3_0 of CMS.

    The rate there is not published; that of the next version at the seed of this name is 6 kHz.
    """
    deployed = read_published("axol1tl_v3", shared_data / "l1_trigger" / "axol1tl_v3_weights.npz")
    rates = ZeroBiasRates(deployed.score(deployed.own_units(objects["zero_bias"])))
    assert 0.3 < rates.at(15717 / 16).rate < 10


@pytest.mark.physics
def test_a_pruned_network_finds_more_than_the_deployed_one_in_less_logic(objects, shared_data):
    """The deployed network learnt from data, not from our zero bias: the dense one is the harder test.

    Trainings with other seeds scatter by up to a third of the efficiency, which is why so much is allowed.
    """
    settings = StudySettings(axol1tl.VERSION_3, TrainingSchedule(epochs=8), rate=1.0)
    deployed = read_published("axol1tl_v3", shared_data / "l1_trigger" / "axol1tl_v3_weights.npz")
    events, own_units = (
        StudyEvents(
            x["zero_bias"][:N_TRAINING], x["zero_bias"][N_TRAINING:], {name: x[name] for name in SIGNALS}
        )
        for x in (objects, {name: deployed.own_units(found) for name, found in objects.items()})
    )
    dense, pruned = (
        measured(
            train_variational(
                events.training,
                with_weight_bits(settings.design, 4),
                schedule=settings.schedule,
                sparsity=sparsity,
            ),
            events,
            settings,
            with_logic=True,
        )
        for sparsity in (0.0, 0.5)
    )
    reference = measured(deployed, own_units, settings, with_logic=True)
    for name, found in {"dense": dense, "pruned": pruned, "deployed": reference}.items():
        print(name, found.luts, found.mean_efficiency)
    assert pruned.luts < 0.9 * reference.luts
    assert pruned.mean_efficiency > reference.mean_efficiency
    assert pruned.luts < 0.9 * dense.luts
    assert pruned.mean_efficiency > 0.6 * dense.mean_efficiency
