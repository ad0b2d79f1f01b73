"""Hardware integers through the scaling and the network, and back from disk."""

import json
from dataclasses import replace

import numpy as np
import pytest

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.trigger_model import TriggerModel


def test_bits_shifted_out_are_cut_off_towards_minus_infinity():
    scaling = IntegerScaling([0, 0], [7, -1])
    np.testing.assert_array_equal(scaling([[3, -5], [-3, 5]]), [[0, -10], [-1 / 32, 10]])


def test_a_saved_scaling_is_the_same():
    scaling = IntegerScaling([1, 2], [3, -1], fraction_bits=2)
    again = IntegerScaling.from_json(scaling.as_json())
    np.testing.assert_array_equal(again([[70, 9]]), scaling([[70, 9]]))


def test_a_learned_scaling_centres_and_spreads_what_is_filled():
    random = np.random.default_rng(1)
    filled = np.stack([random.integers(0, 144, 4000), random.integers(1000, 1064, 4000)], axis=1)
    filled[random.random((4000, 2)) < 0.5] = 0
    scaling = IntegerScaling.from_quantiles(filled)
    np.testing.assert_allclose(scaling.offset, [72, 1032], atol=3)
    assert scaling.shift.tolist() == [5, 4]


def test_an_input_that_is_always_empty_stays_as_it_is():
    scaling = IntegerScaling.from_quantiles(np.zeros((5, 1), dtype=int))
    assert (scaling.offset[0], scaling.shift[0]) == (0, 0)


@pytest.mark.parametrize(
    ("hardware", "message"),
    [
        ([[1, 2, 3]], "wants"),
        ([[0.5, 1.0]], "integers"),
        ([[0, 5000]], "overflows"),
    ],
)
def test_bad_inputs_give_one_clear_line(hardware, message):
    with pytest.raises(MaplessError, match=message):
        IntegerScaling([0, 0], [0, 0])(hardware)


def test_scores_come_back_from_disk_unchanged(tiny_trigger_model, tiny_hardware, tmp_path):
    tiny_trigger_model.save(tmp_path / "model")
    loaded = TriggerModel.load(tmp_path / "model")
    scores = tiny_trigger_model.score(tiny_hardware)
    assert len(np.unique(scores)) > 10
    np.testing.assert_array_equal(loaded.score(tiny_hardware), scores)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_momenta_change_to_the_step_of_the_model_and_angles_stay(tiny_trigger_model, tmp_path):
    objects = [[7, -3, 5, 1, 9, -7]]
    assert tiny_trigger_model.own_units(objects).tolist() == objects
    coarse = replace(tiny_trigger_model, momentum_step=1.0)
    assert coarse.own_units(objects).tolist() == [[3, -3, 5, 0, 9, -7]]
    coarse.save(tmp_path / "model")
    assert TriggerModel.load(tmp_path / "model").momentum_step == 1.0


def test_a_model_saved_without_a_step_takes_level1_momenta_as_they_are(tiny_trigger_model, tmp_path):
    tiny_trigger_model.save(tmp_path / "model")
    file = tmp_path / "model" / "trigger_model.json"
    content = json.loads(file.read_text())
    del content["momentum_step"]
    file.write_text(json.dumps(content))
    assert TriggerModel.load(tmp_path / "model").momentum_step == 0.5


def test_an_impossible_step_is_named(tiny_trigger_model):
    with pytest.raises(MaplessError, match=r"momenta in steps of 0.7 GeV are impossible"):
        replace(tiny_trigger_model, momentum_step=0.7)


def test_a_wrong_number_of_objects_is_named(tiny_trigger_model):
    with pytest.raises(MaplessError, match=r"wants events of shape \(6,\), not \(5,\)"):
        tiny_trigger_model.score(np.zeros((3, 5), dtype=int))


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(MaplessError, match="holds no trigger model"):
        TriggerModel.load(tmp_path)
