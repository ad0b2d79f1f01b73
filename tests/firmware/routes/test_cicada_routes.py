"""Students of CICADA as adders and shifts: every design that a run can train has this route to firmware."""

import numpy as np
import pytest

from firmware.integer_scaling import IntegerScaling
from firmware.networks import cicada
from firmware.networks.published import PUBLISHED, PublishedModel, import_published
from firmware.routes.distributed_arithmetic import trace_trigger
from firmware.trigger_model import TriggerModel


@pytest.mark.parametrize(
    "design", [cicada.TRAINED_VERSION_1P1P2, cicada.TRAINED_VERSION_2P1P2], ids=["v1", "v2"]
)
def test_adders_and_shifts_give_the_score_of_every_event(design):
    import keras

    keras.utils.set_random_seed(3)
    network, shift = design.network(), np.full(252, design.inputs.fraction)
    output = network.get_layer("output")
    output.set_weights([np.abs(weight) for weight in output.get_weights()])
    scaling = IntegerScaling(np.zeros(252), shift, fraction_bits=design.inputs.fraction)
    model = TriggerModel("student", network, scaling, cicada.REGIONS)
    random = np.random.default_rng(4)
    regions = np.concatenate([random.poisson(5, (200, 18, 14)), random.integers(0, 1024, (200, 18, 14))])
    expected = model.score(regions)
    found = trace_trigger(model).predict(regions.reshape(400, 252).astype(float), n_threads=1)
    np.testing.assert_array_equal(np.reshape(found, -1), expected)
    assert len(np.unique(expected)) > 50


def test_products_that_are_cut_off_one_by_one_are_exact_as_adders_too(monkeypatch):
    small = PublishedModel(
        cicada.TruncatingDesign(filters=1, hidden=2).network, cicada.REGIONS, truncating=True
    )
    monkeypatch.setitem(PUBLISHED, "little", small)
    random = np.random.default_rng(5)
    sizes = {"w3": 9, "w7": 96, "w10": 2}
    model = import_published("little", {name: random.uniform(0, 0.1, size) for name, size in sizes.items()})
    regions = random.poisson(2, (200, 18, 14))
    expected = model.score(regions)
    found = trace_trigger(model).predict(regions.reshape(200, 252).astype(float), n_threads=1)
    np.testing.assert_array_equal(np.reshape(found, -1), expected)
    assert len(np.unique(expected)) > 10
