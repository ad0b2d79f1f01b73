"""The training that learns its bit widths: with the extra a tiny one, without it the way to get it."""

from importlib.util import find_spec

import numpy as np
import pytest

from errors import MaplessError
from firmware.networks.axol1tl import EncoderDesign
from firmware.networks.quantise import FixedPoint, fixed_point_of
from firmware.routes.distributed_arithmetic import trace_trigger
from firmware.training import hgq2 as hgq2_training
from firmware.training.hgq2 import train_hgq2_encoder
from firmware.training.pruning import quantised_kernels
from firmware.training.schedule import TrainingSchedule
from firmware.training.variational import VariationalLoss
from firmware.trigger_model import TriggerModel

SMALL = EncoderDesign((12, 8), 4)
QUICK = TrainingSchedule(epochs=10, batch_size=128, learning_rate=1e-2)

with_extra = pytest.mark.skipif(find_spec("hgq") is None, reason="the extra hgq2 is not installed")


def momenta(n_events: int, scale: float, seed: int) -> np.ndarray:
    """Four objects of exponentially falling momenta, and two angles each; shape (n_events, 12)."""
    random = np.random.default_rng(seed)
    pt = random.exponential(scale, (n_events, 4)).astype(int) + 1
    angles = random.integers([-50, 0], [50, 144], (n_events, 4, 2))
    return np.concatenate([pt[..., None], angles], axis=2).reshape(n_events, 12)


def trained(beta0: float, **options) -> TriggerModel:
    events, loss = momenta(4000, 20, 1), VariationalLoss(beta=0.1)
    return train_hgq2_encoder(events, SMALL, beta0=beta0, schedule=QUICK, loss=loss, **options)


@pytest.fixture(scope="module")
def learnt():
    """The network of HGQ2 layers behind a training in which bits were dear, and the model made from it."""
    networks, deploy = [], hgq2_training._deployed

    def watched(network, design):
        networks.append(network)
        return deploy(network, design)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hgq2_training, "_deployed", watched)
        model = trained(1e-3)
    return networks[0], model


@pytest.fixture
def cheap(learnt) -> TriggerModel:
    return learnt[1]


def test_without_the_extra_one_line_tells_how_to_get_it(monkeypatch):
    monkeypatch.setattr("firmware.training.hgq2.find_spec", lambda name: None)
    with pytest.raises(MaplessError, match="MAPLESS_EXTRAS=hgq2 source setup.sh") as told:
        trained(1e-3)
    assert "\n" not in str(told.value)


@with_extra
def test_our_qkeras_is_not_shadowed():
    import qkeras

    assert "_hgq2" not in qkeras.__file__
    assert hasattr(qkeras, "QDense")


@with_extra
def test_adders_and_shifts_give_the_score_of_every_event(cheap):
    hardware = np.concatenate([momenta(3000, 20, 2), momenta(3000, 300, 3)])
    expected = cheap.score(hardware)
    found = trace_trigger(cheap).predict(hardware.astype(float), n_threads=1)
    np.testing.assert_array_equal(np.reshape(found, -1), expected)
    assert len(np.unique(expected)) > 100


@with_extra
def test_what_is_deployed_scores_as_what_was_trained(learnt):
    network, model = learnt
    hardware = momenta(2000, 40, 4)
    means = network.predict(model.scaling(hardware).astype(np.float32), verbose=0).astype(float)
    expected = SMALL.score.cast(SMALL.square.cast(means**2).sum(axis=1))
    np.testing.assert_array_equal(model.score(hardware), expected)


@with_extra
def test_dear_bits_make_smaller_logic_that_still_finds_hard_events(cheap):
    free = trained(0.0, scaling=cheap.scaling)
    assert trace_trigger(cheap).cost < 0.75 * trace_trigger(free).cost
    bits = [[layer.bits for layer in activations(model)] for model in (cheap, free)]
    assert np.all(np.less(*bits))
    zero_bias, hard = cheap.score(momenta(2000, 20, 5)), cheap.score(momenta(2000, 120, 6))
    assert np.mean(hard > np.quantile(zero_bias, 0.99)) > 0.5


def activations(model: TriggerModel) -> list[FixedPoint]:
    names = [f"hidden_{number}_type" for number in range(len(SMALL.hidden))]
    return [fixed_point_of(model.network.get_layer(name).activation) for name in names]


@with_extra
def test_a_network_that_lost_everything_is_named():
    events, schedule = momenta(5000, 20, 1), TrainingSchedule(epochs=4, batch_size=16, learning_rate=3e-2)
    with pytest.raises(MaplessError, match="choose a smaller beta0"):
        train_hgq2_encoder(events, EncoderDesign((4,), 2), beta0=10.0, schedule=schedule)


@with_extra
def test_a_saved_model_scores_the_same_without_hgq2_layers(cheap, tmp_path):
    cheap.save(tmp_path / "model")
    loaded, hardware = TriggerModel.load(tmp_path / "model"), momenta(500, 40, 7)
    np.testing.assert_array_equal(loaded.score(hardware), cheap.score(hardware))
    assert len(quantised_kernels(loaded.network)) == 3
    assert all("hgq" not in type(layer).__module__ for layer in loaded.network.layers)
