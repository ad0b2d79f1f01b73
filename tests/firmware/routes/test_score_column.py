"""The generated integer C++ against QKeras, compiled and as a column of an RDataFrame."""

from dataclasses import replace

import numpy as np
import pytest

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.networks import axol1tl, cicada
from firmware.routes.score_column import CompiledScore, define_score
from firmware.trigger_model import TriggerModel


def untrained(name, network, input_shape, scaling):
    """A network with random weights that its types hold, biases too."""
    random = np.random.default_rng(5)
    for layer in network.layers:
        if hasattr(layer, "kernel_quantizer_internal") and layer.name != "sum":
            layer.set_weights([random.normal(0, 0.25, weight.shape) for weight in layer.get_weights()])
    return TriggerModel(name, network, scaling, input_shape)


def object_model(design):
    random = np.random.default_rng(6)
    scaling = IntegerScaling(random.integers(0, 80, 57) + 0.5, np.append(-1, random.integers(4, 8, 56)))
    return untrained("objects", design.network(), (57,), scaling)


@pytest.mark.parametrize("design", [axol1tl.VERSION_3, axol1tl.VERSION_5], ids=["v3", "v5"])
def test_compiled_scores_of_objects_equal_qkeras_for_every_event(design, tmp_path):
    model = object_model(design)
    hardware = np.random.default_rng(7).integers(0, 150, (2000, 57))
    expected = model.score(hardware)
    assert len(np.unique(expected)) > 500
    assert np.median(expected) < 1000
    compiled = CompiledScore.compile(model, tmp_path / "score")
    np.testing.assert_array_equal(compiled.score(hardware), expected)


def test_compiled_scores_of_regions_equal_qkeras_for_every_event(tmp_path):
    network = cicada.VERSION_2P1P2.network()
    model = untrained("regions", network, cicada.REGIONS, IntegerScaling.identity(252))
    output = network.get_layer("output")
    output.set_weights([np.abs(weight) for weight in output.get_weights()])
    regions = np.random.default_rng(8).poisson(4, (500, 18, 14))
    expected = model.score(regions)
    assert len(np.unique(expected)) > 100
    np.testing.assert_array_equal(CompiledScore.compile(model, tmp_path / "score").score(regions), expected)


def test_the_column_of_an_rdataframe_equals_qkeras_for_every_event(tiny_trigger_model, tiny_hardware):
    import ROOT

    rows = ", ".join("{" + ", ".join(map(str, event)) + "}" for event in tiny_hardware.tolist())
    frame = ROOT.RDataFrame(len(tiny_hardware)).Define(
        "inputs", f"static const std::vector<ROOT::RVecI> rows{{{rows}}}; return rows[rdfentry_];"
    )
    column = define_score(frame, tiny_trigger_model, inputs="inputs").AsNumpy(["anomaly_score"])
    np.testing.assert_array_equal(column["anomaly_score"], tiny_trigger_model.score(tiny_hardware))


def test_the_column_halves_momenta_for_a_model_that_takes_whole_gev(tiny_trigger_model, tiny_hardware):
    import ROOT

    coarse = replace(tiny_trigger_model, momentum_step=1.0)
    event = tiny_hardware[np.any(tiny_hardware[:, ::3] > 20, axis=1)][0]
    frame = ROOT.RDataFrame(1).Define("inputs", f"ROOT::RVecI{{{', '.join(map(str, event))}}}")
    found = define_score(frame, coarse, inputs="inputs").AsNumpy(["anomaly_score"])["anomaly_score"]
    assert found == coarse.score(coarse.own_units([event]))
    assert found != coarse.score([event])


def test_inputs_that_overflow_or_are_too_few_are_named(tiny_trigger_model, tmp_path):
    compiled = CompiledScore.compile(tiny_trigger_model, tmp_path / "score")
    with pytest.raises(MaplessError, match="overflows"):
        compiled.score(np.full((2, 6), 4000))
    with pytest.raises(MaplessError, match=r"wants events of shape \(6,\)"):
        compiled.score(np.zeros((2, 5), dtype=int))
