"""Hardware integers through the scaling and the network, and back from disk."""

import hashlib
import json
import zipfile
from dataclasses import replace

import h5py
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
        ([[0, 2**31]], "2147483648 is beyond -2147483647 to 2147483647"),
        ([[0, 2**63]], "beyond"),
        ([[0, 1e300]], "beyond"),
        ([[0, np.inf]], "beyond"),
        ([[0, np.nan]], "integers"),
        ([[0, 1j]], "integers"),
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


@pytest.mark.parametrize(
    ("offset", "shift", "message"),
    [(99999, 0, "offsets of the inputs: 99999"), (np.nan, 0, "offsets"), (0, 40, "shifts of the inputs: 40")],
)
def test_a_scaling_that_no_fixed_point_number_holds_is_refused(offset, shift, message):
    with pytest.raises(MaplessError, match=message):
        IntegerScaling([offset, 0], [shift, 0])


def changed_description(folder, **changes):
    """Edit the description of a saved model, with a checksum that fits."""
    file = folder / "trigger_model.json"
    content = json.loads(file.read_text()) | changes
    del content["checksum"]
    content["checksum"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    file.write_text(json.dumps(content))


def other_weights(folder):
    """Write the network again with another weight, as a valid file."""
    import keras
    from qkeras.utils import load_qmodel

    network = load_qmodel(folder / "network.keras", compile=False)
    network.get_layer("hidden").bias.assign(keras.ops.ones(4))
    network.save(folder / "network.keras")


def infinite_weights(folder):
    file = folder / "network.keras"
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    weights = folder / "weights.h5"
    weights.write_bytes(parts["model.weights.h5"])
    with h5py.File(weights, "r+") as opened:
        opened["layers/q_dense/vars/1"][0] = np.nan
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in (parts | {"model.weights.h5": weights.read_bytes()}).items():
            archive.writestr(name, content)
    changed_description(folder, network=hashlib.sha256(file.read_bytes()).hexdigest())


def code_inside(folder):
    file = folder / "network.keras"
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = parts["config.json"].replace(b'"qkeras.qlayers"', b'"subprocess"')
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    changed_description(folder, network=hashlib.sha256(file.read_bytes()).hexdigest())


BROKEN = {
    "network missing": (lambda folder: (folder / "network.keras").unlink(), "network.keras is missing"),
    "network cut": (
        lambda folder: (folder / "network.keras").write_bytes((folder / "network.keras").read_bytes()[:999]),
        "network.keras was changed or damaged",
    ),
    "other weights": (other_weights, "network.keras was changed or damaged"),
    "infinite weights": (infinite_weights, "weights of layer 'hidden' are not finite"),
    "code": (code_inside, "holds subprocess.*do not trust"),
    "no JSON": (lambda folder: (folder / "trigger_model.json").write_text("{"), "no JSON of a trigger model"),
    "a list": (lambda folder: (folder / "trigger_model.json").write_text("[]"), "no JSON of a trigger model"),
    "edited": (
        lambda folder: (folder / "trigger_model.json").write_text(
            (folder / "trigger_model.json").read_text().replace('"fraction_bits": 5', '"fraction_bits": 4')
        ),
        "trigger_model.json was changed or damaged",
    ),
    "another format": (lambda folder: changed_description(folder, format=2), "has format 2, not 1"),
    "another shape": (lambda folder: changed_description(folder, input_shape=[5]), "have .* inputs"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_saved_model_that_was_changed_is_one_line(case, tiny_trigger_model, tmp_path):
    change, message = BROKEN[case]
    tiny_trigger_model.save(tmp_path / "model")
    change(tmp_path / "model")
    with pytest.raises(MaplessError, match=message) as error:
        TriggerModel.load(tmp_path / "model")
    assert "\n" not in str(error.value)


def test_a_sequential_network_is_a_trigger_too(tiny_trigger_model, tiny_hardware):
    import keras

    sequential = keras.Sequential([keras.Input((6,)), tiny_trigger_model.network])
    model = replace(tiny_trigger_model, network=sequential)
    np.testing.assert_array_equal(model.score(tiny_hardware), tiny_trigger_model.score(tiny_hardware))
    assert type(model.network.layers[0]).__name__ == "InputLayer"


def test_an_impossible_step_is_named(tiny_trigger_model):
    with pytest.raises(MaplessError, match=r"momenta in steps of 0.7 GeV are impossible"):
        replace(tiny_trigger_model, momentum_step=0.7)


def test_a_wrong_number_of_objects_is_named(tiny_trigger_model):
    with pytest.raises(MaplessError, match=r"wants events of shape \(6,\), not \(5,\)"):
        tiny_trigger_model.score(np.zeros((3, 5), dtype=int))


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(MaplessError, match="holds no trigger model"):
        TriggerModel.load(tmp_path)
