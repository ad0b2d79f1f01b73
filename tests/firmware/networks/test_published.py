"""Networks of CMS against the scores of the CMS code, and against fixed-point arithmetic in numpy."""

import numpy as np
import pytest

from errors import MaplessError
from firmware.networks.published import import_published, read_published
from firmware.networks.quantise import FixedPoint

RELU = "ap_ufixed<10,6,AP_RND_CONV,AP_SAT>"
V4 = [(57, 28), (28, 15), (15, 8)]
V5 = [(57, 29), (29, 10), (10, 9), (9, 6), (6, 4), (4, 6), (6, 9), (9, 10)]
V5_KERNELS = ["<4,1>", "<4,1>", "<5,2>", "<5,2>", "<5,2>", "<4,1>", "<5,2>", "<5,2>"]
V5_BIASES = ["fixed<4,1>"] * 4 + ["fixed<3,0>", "ufixed<3,0>", "ufixed<3,0>", "fixed<4,1>"]


def cast(text, values):
    return FixedPoint.parse(text).cast(values)


def random_values(random, text, shape):
    """Values of a type, small enough that few outputs saturate."""
    saturating = text.replace(">", ",AP_RND,AP_SAT>")
    return cast(saturating, random.normal(0, 0.35, shape))


def synthetic(shapes, kernels, biases, seed=1):
    random, arrays = np.random.default_rng(seed), {}
    for number, (shape, kernel, bias) in enumerate(zip(shapes, kernels, biases, strict=True)):
        arrays[f"w{2 * number + 2}"] = random_values(random, kernel, shape)
        arrays[f"b{2 * number + 2}"] = random_values(random, bias, shape[-1]) if bias else np.zeros(shape[-1])
    return arrays


def with_scaling(arrays, seed=2):
    random = np.random.default_rng(seed)
    return arrays | {
        "ad_offsets": random.integers(0, 80, 57) + 0.5,
        "ad_shift": np.append(-1, random.integers(4, 8, 56)),
    }


def scaled_objects(arrays, hardware):
    offset = np.floor(arrays["ad_offsets"])  # whole numbers in versions 4 and 5
    return np.floor((hardware - offset) * 2.0 ** (5 - arrays["ad_shift"])) / 32


@pytest.fixture(scope="module")
def objects():
    return np.random.default_rng(3).integers(0, 300, (200, 57))


@pytest.fixture(scope="module")
def v4_arrays():
    return with_scaling(synthetic(V4, ["ap_fixed<6,3>"] * 3, ["ap_fixed<10,7>"] * 3))


def test_axol1tl_v3_gives_the_scores_of_cms_for_every_event(shared_data):
    model = read_published("axol1tl_v3", shared_data / "l1_trigger/axol1tl_v3_weights.npz")
    file = shared_data / "l1_trigger/axol1tl_v3_reference_scores.csv"
    table = np.loadtxt(file, delimiter=",", skiprows=1)
    assert len(table) == 500
    assert model.momentum_step == 1.0
    np.testing.assert_array_equal(model.score(table[:, :57].astype(int)), table[:, 57])


def test_cicada_v1_gives_the_scores_of_cms_for_every_event(shared_data):
    model = read_published("cicada_v1", shared_data / "l1_trigger/cicada_v1_weights.npz")
    reference = np.load(shared_data / "l1_trigger/cicada_v1_reference_scores.npz")
    assert len(reference["region_et"]) == 300
    np.testing.assert_array_equal(model.score(reference["region_et"]), reference["score_v1"])


def test_axol1tl_v4_equals_fixed_point_arithmetic(v4_arrays, objects):
    x = cast("ap_fixed<8,6,AP_RND_CONV,AP_SAT>", scaled_objects(v4_arrays, objects))
    for number, output in ((2, RELU), (4, RELU), (6, "ap_fixed<10,7,AP_RND_CONV,AP_SAT>")):
        x = cast(output, x @ v4_arrays[f"w{number}"] + v4_arrays[f"b{number}"])
    expected = np.minimum(cast("ap_ufixed<18,14>", x**2).sum(axis=1), 2**14 - 1 / 16)
    scores = import_published("axol1tl_v4", v4_arrays).score(objects)
    assert len(np.unique(scores)) > 100
    np.testing.assert_array_equal(scores, expected)


def test_axol1tl_v5_equals_fixed_point_arithmetic(objects):
    kernels, biases = [f"ap_fixed{text}" for text in V5_KERNELS], [f"ap_{text}" for text in V5_BIASES]
    arrays = with_scaling(synthetic(V5, kernels, biases))
    x = cast("ap_fixed<14,6,AP_RND_CONV,AP_SAT>", scaled_objects(arrays, objects))
    outputs = []
    for layer in range(8):
        x = x @ arrays[f"w{2 * layer + 2}"] + arrays[f"b{2 * layer + 2}"]
        x = x if layer in {4, 7} else cast(RELU, x)
        outputs.append(x)
    distance = ((outputs[7] - outputs[1]) ** 2).sum(axis=1)
    scores = import_published("axol1tl_v5", arrays).score(objects)
    assert len(np.unique(scores)) > 100
    np.testing.assert_array_equal(scores, cast("ap_fixed<18,14,AP_RND_CONV,AP_SAT>", distance))


def test_cicada_v2_equals_fixed_point_arithmetic():
    kernels = ["ap_fixed<12,4>", "ap_fixed<8,2>", "ap_fixed<12,4>"]
    arrays = synthetic([(2, 2, 1, 4), (252, 16), (16, 1)], kernels, [None, "ap_fixed<8,4>", None])
    regions = np.random.default_rng(4).poisson(3, (100, 18, 14))
    windows = regions.reshape(-1, 9, 2, 7, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 9, 7, 4)
    x = cast(RELU, windows @ arrays["w2"].reshape(4, 4)).reshape(-1, 252)
    x = cast(RELU, x @ arrays["w4"] + arrays["b4"])
    expected = cast("ap_ufixed<16,8,AP_RND_CONV,AP_SAT>", x @ arrays["w6"])[:, 0]
    scores = import_published("cicada_v2", arrays).score(regions)
    assert len(np.unique(scores)) > 20
    np.testing.assert_array_equal(scores, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w2": np.zeros(1824)}, "layer 2 weights hold 1824 values, this version has 57 x 28"),
        ({"b4": np.full(15, 100.0)}, "layer 4 biases: 100 overflows"),
        ({"w6": np.full(120, 0.1)}, "layer 6 weights: 0.1 is no value of ap_fixed<6,3"),
        ({"w8": np.zeros(4), "b8": np.zeros(4)}, "has 3 layers with weights, the arrays 4"),
        ({"ad_shift": None}, "ad_shift are missing"),
        ({"ad_shift": np.full(57, 40)}, "ad_shift: 40 overflows"),
    ],
)
def test_arrays_of_another_network_are_named(v4_arrays, change, message):
    with pytest.raises(MaplessError, match=message):
        import_published("axol1tl_v4", v4_arrays | change)


def test_an_unknown_version_and_a_file_of_something_else_are_named(tmp_path):
    with pytest.raises(MaplessError, match="no published model 'axol1tl_v1'"):
        import_published("axol1tl_v1", {})
    (tmp_path / "weights.npz").write_text("no arrays")
    with pytest.raises(MaplessError, match="is no npz file"):
        read_published("axol1tl_v4", tmp_path / "weights.npz")


def test_objects_beyond_the_carrier_of_the_global_trigger_are_refused(v4_arrays, objects):
    too_large = objects.copy()
    too_large[0, v4_arrays["ad_shift"].argmin()] = 4000
    with pytest.raises(MaplessError, match="overflows its 13 integer bits"):
        import_published("axol1tl_v4", v4_arrays).score(too_large)
