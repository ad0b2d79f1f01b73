"""Pruned trainings, the scan over bits, sparsity and seeds, and the choice of a point; seconds in all."""

import json

import numpy as np
import pytest

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.networks.axol1tl import EncoderDesign
from firmware.performance.efficiencies import Efficiency
from firmware.performance.quantisation_study import (
    StudyEvents,
    StudySettings,
    planned,
    scan,
    with_weight_bits,
)
from firmware.performance.rates import Rate
from firmware.performance.study_plot import plot_study
from firmware.performance.study_points import StudyPoint, StudyTraining, choose, pareto_front
from firmware.routes.distributed_arithmetic import trace_trigger
from firmware.training.pruning import fraction_of_zeros, largest_weights, quantised_kernels, sparsity_at
from firmware.training.schedule import TrainingSchedule
from firmware.training.variational import train_variational
from firmware.trigger_model import TriggerModel

SMALL = EncoderDesign((12, 8), 4)
FINE = with_weight_bits(SMALL, 8)
QUICK = TrainingSchedule(epochs=2, batch_size=64, learning_rate=1e-2)


def momenta(n_events, scale, seed):
    """Three objects of four whose momenta fall exponentially, and an angle each; shape (n_events, 12)."""
    random = np.random.default_rng(seed)
    pt = random.exponential(scale, (n_events, 4)).astype(int) + 1
    return np.stack([pt, random.integers(-50, 50, pt.shape), random.integers(0, 144, pt.shape)], 2).reshape(
        n_events, 12
    )


@pytest.fixture(scope="module")
def events():
    signals = {"hard": momenta(500, 120, 3), "soft": momenta(500, 30, 4)}
    return StudyEvents(momenta(2000, 20, 1), momenta(4000, 20, 2), signals)


@pytest.fixture(scope="module")
def results(events):
    told = []
    settings = StudySettings(SMALL, QUICK, rate=1000.0, seeds=(5, 6))
    plan = planned((8,), (0.0, 0.6))
    found = list(scan(events, settings, plan, lambda *step: told.append(step)))
    assert told == [(epoch, 12) for epoch in range(1, 13)]
    return found


def point(name, luts, *means, **what):
    """A study point whose trainings keep `means` of the only signal."""
    rate = Rate(1.0, 1.0, 0.1, 100, "")
    trainings = [
        StudyTraining(
            rate, {"signal": Efficiency(mean, mean, mean, 100)}, seed, luts=luts and luts + 10 * seed
        )
        for seed, mean in enumerate(means)
    ]
    return StudyPoint(name, tuple(trainings), **what)


def test_sparsity_grows_from_nothing_to_what_was_asked_and_stays():
    ramp = [sparsity_at(progress, 0.5) for progress in np.linspace(0, 1, 21)]
    assert ramp[0] == 0
    assert ramp[-1] == 0.5
    assert np.all(np.diff(ramp) >= 0)
    assert ramp[12] == 0.5  # the last 40 % of the training is for recovery


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 1.0])
def test_exactly_the_smallest_weights_go(sparsity):
    kernel = np.random.default_rng(1).normal(size=(5, 4))
    kept = largest_weights(kernel, sparsity)
    assert kept.shape == (5, 4)
    assert np.sum(~kept) == round(sparsity * 20)
    sizes = np.abs(kernel)
    assert np.max(sizes[~kept], initial=0) <= np.min(sizes[kept], initial=np.inf)


def test_a_pruned_training_ends_with_exact_zeros(results):
    (_, (dense, _)), (_, (pruned, _)) = results[-2:]
    assert fraction_of_zeros(dense.network) < 0.3
    assert fraction_of_zeros(pruned.network) >= 0.6 - 2 / 272
    assert trace_trigger(pruned).cost < 0.7 * trace_trigger(dense).cost


def test_a_network_that_ends_up_constant_is_named(events):
    model = TriggerModel("dead", FINE.network(12), IntegerScaling.from_quantiles(events.training), (12,))
    *_, hidden, latent = quantised_kernels(model.network)
    first_unit = np.eye(1, len(latent.numpy()))[0]
    hidden.assign(hidden * (1 - first_unit))  # this unit is constant, and nothing else goes on
    latent.assign(np.outer(first_unit, np.ones(4)) / 2)
    with pytest.raises(MaplessError, match="same score; train it anew with less sparsity"):
        trace_trigger(model)


def test_impossible_sparsities_and_bits_are_named(events):
    for sparsity in (-0.1, 1.0):
        with pytest.raises(MaplessError, match="sparsity"):
            train_variational(events.training, SMALL, schedule=QUICK, sparsity=sparsity)
    with pytest.raises(MaplessError, match="quantised=True"):
        train_variational(events.training, SMALL, schedule=QUICK, sparsity=0.5, quantised=False)
    with pytest.raises(MaplessError, match="1 bits are impossible"):
        with_weight_bits(SMALL, 1)


def test_a_scan_starts_in_floating_point_and_measures_every_combination(results):
    points = [point for point, _ in results]
    assert (points[0].name, points[0].luts, points[0].weight_bits) == ("floating_point", None, None)
    assert [(point.weight_bits, point.sparsity) for point in points[1:]] == [(8, 0.0), (8, 0.6)]
    for training in [training for point in points for training in point.trainings]:
        assert training.rate.rate <= 1000
        assert training.efficiencies["hard"].value > 0.15
        assert training.efficiencies["hard"].value > training.efficiencies["soft"].value
    dense, pruned = points[1:]
    assert pruned.luts < dense.luts


def test_fewer_bits_of_the_weights_take_less_logic(events):
    scaling = IntegerScaling.from_quantiles(events.training)
    luts = [
        trace_trigger(TriggerModel("any", with_weight_bits(SMALL, bits).network(12), scaling, (12,))).cost
        for bits in (3, 8)
    ]
    assert luts[0] < luts[1]


def test_each_seed_trains_its_own_network_and_the_point_is_their_mean(results):
    for found, models in results:
        assert [training.seed for training in found.trainings] == [5, 6]
        assert len(models) == 2
        means = [training.mean_efficiency for training in found.trainings]
        assert means[0] != means[1]
        assert found.mean_efficiency == pytest.approx(np.mean(means))
        assert found.efficiency_spread == pytest.approx(abs(means[0] - means[1]) / np.sqrt(2))


def test_points_are_json_and_models_are_those_of_their_points(results, events):
    for found, models in results[1:]:
        content = json.loads(json.dumps(found.as_json()))
        assert content["trainings"][1]["efficiencies"]["hard"]["n_events"] == 500
        assert content["luts"] == found.luts
        for training, model in zip(found.trainings, models, strict=True):
            assert round(trace_trigger(model).cost) == training.luts
            passed = model.score(events.signals["hard"]) >= training.rate.threshold
            assert passed.mean() == pytest.approx(training.efficiencies["hard"].value)


def test_the_best_point_within_the_budget_is_chosen():
    points = [point("float", None, 0.9), point("a", 900, 0.5), point("b", 500, 0.5), point("c", 200, 0.3)]
    assert choose(points).name == "b"
    assert choose(points, 500).name == "b"
    assert choose(points, 499).name == "c"
    with pytest.raises(
        MaplessError, match="no point of the study fits into 100 LUTs, the smallest takes 200"
    ):
        choose(points, 100)


def test_the_mean_over_seeds_decides_and_the_best_training_within_the_budget_is_deployed():
    lucky, steady = point("lucky", 500, 0.2, 0.9, 0.1), point("steady", 500, 0.5, 0.4, 0.6)
    assert choose([lucky, steady]).name == "steady"
    assert steady.luts == 510
    assert steady.luts_spread == 10
    assert steady.best_training() == 2
    assert steady.best_training(515) == 0


def test_points_that_learnt_their_bits_stand_beside_the_others_in_the_plot():
    bits = point("bits4_sparsity0", 900, 0.5, 0.6, weight_bits=4, sparsity=0.0)
    learnt = point("hgq2_beta1e_06", 300, 0.4, 0.5, beta0=1e-6)
    axes = plot_study([point("floating_point", None, 0.7, 0.6), bits, learnt], bits).axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert {"4-bit weights", "learnt bits (HGQ2)", "floating point"} <= set(labels)
    assert {text.get_text() for text in axes.texts} == {"0%", "1e-06"}


def test_the_front_holds_what_nothing_smaller_beats():
    points = [point("a", 900, 0.5), point("b", 500, 0.5), point("c", 200, 0.3), point("d", 300, 0.2)]
    assert [found.name for found in pareto_front([point("float", None, 1.0), *points])] == ["c", "b"]
    better = point("e", 900, 0.6)
    assert [found.name for found in pareto_front([*points, better])] == ["c", "b", "e"]
