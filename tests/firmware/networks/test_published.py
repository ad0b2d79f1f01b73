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


@pytest.fixture(scope="module")
def v2p1p2_arrays():
    kernels = ["ap_fixed<12,4>", "ap_fixed<8,2>", "ap_fixed<12,4>"]
    arrays = synthetic([(2, 2, 1, 4), (252, 16), (16, 1)], kernels, [None, "ap_fixed<8,4>", None])
    return {name[0] + {"2": "3", "4": "7", "6": "10"}[name[1]]: values for name, values in arrays.items()}


@pytest.fixture(scope="module")
def regions():
    return np.random.default_rng(4).poisson(3, (100, 18, 14))


@pytest.mark.parametrize("order", ["of Keras", "filters first", "of the header"])
def test_cicada_v2p1p2_equals_fixed_point_arithmetic_in_every_order_of_its_filters(
    order, v2p1p2_arrays, regions
):
    arrays = v2p1p2_arrays
    windows = regions.reshape(-1, 9, 2, 7, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 9, 7, 4)
    x = cast(RELU, windows @ arrays["w3"].reshape(4, 4)).reshape(-1, 252)
    x = cast(RELU, x @ arrays["w7"] + arrays["b7"])
    expected = cast("ap_ufixed<16,8,AP_RND_CONV,AP_SAT>", x @ arrays["w10"])[:, 0]
    if order != "of Keras":
        arrays = arrays | {"w3": arrays["w3"].transpose(3, 0, 1, 2)}
    if order == "of the header":  # of hls4ml's resource strategy: one filter after the other
        arrays = {name: values.ravel() for name, values in arrays.items()}
    scores = import_published("cicada_v2p1p2", arrays).score(regions)
    assert len(np.unique(scores)) > 20
    np.testing.assert_array_equal(scores, expected)


def test_cicada_v2_equals_fixed_point_arithmetic_that_cuts_off_every_product(regions):
    random = np.random.default_rng(7)
    filters, hidden = random.uniform(-0.05, 0.2, (3, 3, 3)), random.uniform(-0.2, 0.25, (20, 144))
    output = random.uniform(-0.5, 1, 20)
    arrays = {"w3": filters.ravel(), "w7": hidden.ravel(), "w10": output}
    relu, kernel = "ap_ufixed<10,4,AP_RND,AP_SAT>", cast("ap_fixed<10,0>", filters)
    windows = np.lib.stride_tricks.sliding_window_view(regions, (3, 3), axis=(1, 2))[:, ::2, ::2]
    x = cast("ap_fixed<15,8>", np.einsum("ndaij,fij->ndaf", windows, kernel))
    x = cast(relu, np.maximum(x, 0)).reshape(-1, 144)
    products = cast("ap_fixed<22,8>", x[:, None] * cast("ap_fixed<14,2>", hidden))
    x = cast(relu, np.maximum(cast("ap_fixed<14,8>", products.sum(axis=2)), 0))
    products = cast("ap_fixed<17,8>", x * cast("ap_fixed<12,2>", output))
    expected = cast("ap_ufixed<16,8>", np.maximum(products.sum(axis=1), 0))
    scores = import_published("cicada_v2", arrays).score(regions)
    assert len(np.unique(scores)) > 50
    np.testing.assert_array_equal(scores, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w2": np.zeros(1824)}, "w2 holds 1824 values, this version has 57 x 28"),
        ({"w2": np.zeros((28, 57))}, "w2 has the shape 28 x 57, this version 57 x 28"),
        ({"w2": np.full(1596, 1j)}, "w2 holds complex128, not real numbers"),
        ({"w2": np.full(1596, "1")}, "w2 holds <U1, not real numbers"),
        ({"w2": np.append(np.zeros(1595), np.nan)}, "w2 holds a value that is not finite"),
        ({"b2": np.append(np.zeros(27), np.inf)}, "b2 holds a value that is not finite"),
        ({"b4": np.full(15, 100.0)}, "b4: 100 overflows"),
        ({"w6": np.full(120, 0.1)}, "w6: 0.1 is no value of ap_fixed<6,3"),
        ({"w8": np.zeros(4), "b8": np.zeros(4)}, "has 3 layers with weights, the arrays 4"),
        ({"s4": np.zeros(15)}, "has w4, not s4"),
        ({"ad_shift": None}, "ad_shift is missing"),
        ({"ad_shift": np.full(57, 40)}, "ad_shift: 40 overflows"),
        ({"ad_offsets": np.append(np.zeros(56), 99999)}, "ad_offsets: 99999 overflows"),
        ({"ad_offsets": np.full(57, np.nan)}, "ad_offsets holds a value that is not finite"),
    ],
)
def test_arrays_of_another_network_are_named(v4_arrays, change, message):
    with pytest.raises(MaplessError, match=f"axol1tl_v4 {message}"):
        import_published("axol1tl_v4", v4_arrays | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"s4": np.full(15, np.nan)}, "s4 holds a value that is not finite"),
        ({"b4": np.full(15, -np.inf)}, "b4 holds a value that is not finite"),
        ({"s4": np.full(15, 4.0)}, "s4: 4 overflows"),
        ({"w6": np.ones(15) / 2, "b6": np.ones(1)}, "b6: this version has no biases"),
    ],
)
def test_a_normalisation_of_something_else_is_named(change, message):
    arrays = {"w2": np.zeros(3780), "s4": np.ones(15), "b4": np.ones(15), "w6": np.zeros(15)}
    import_published("cicada_v1", arrays)
    with pytest.raises(MaplessError, match=f"cicada_v1 {message}"):
        import_published("cicada_v1", arrays | change)


def test_the_shape_of_one_cicada_is_not_taken_for_another(v2p1p2_arrays):
    with pytest.raises(MaplessError, match="cicada_v2 w3 holds 16 values, this version has 3 x 3 x 1 x 3"):
        import_published("cicada_v2", v2p1p2_arrays)


@pytest.mark.parametrize("kind", ["cut", "one array", "pickled", "empty"])
def test_a_file_that_is_no_npz_is_one_line(kind, v4_arrays, tmp_path):
    file = tmp_path / "weights.npz"
    np.savez(file, **v4_arrays)
    content = file.read_bytes()
    if kind == "one array":
        with file.open("wb") as opened:
            np.save(opened, v4_arrays["w2"])
    elif kind == "pickled":
        np.savez(file, w2=np.array([print], dtype=object))
    else:
        file.write_bytes(content[: len(content) // 2] if kind == "cut" else b"")
    with pytest.raises(MaplessError, match=r"weights.npz is no npz file of weights") as error:
        read_published("axol1tl_v4", file)
    assert "\n" not in str(error.value)


def test_a_damaged_array_is_one_line(v4_arrays, tmp_path):
    file = tmp_path / "weights.npz"
    np.savez_compressed(file, **v4_arrays)
    content = bytearray(file.read_bytes())
    content[200:240] = bytes(40)
    file.write_bytes(bytes(content))
    with pytest.raises(MaplessError, match="is no npz file of weights"):
        read_published("axol1tl_v4", file)


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
