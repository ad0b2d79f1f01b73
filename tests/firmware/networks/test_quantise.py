"""Fixed-point arithmetic against its definition, and QKeras against fixed-point arithmetic."""

import numpy as np
import pytest

from errors import MaplessError
from firmware.networks.quantise import FixedPoint, fixed_point_of


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("ap_fixed<4,3>", [0.9, -0.1, 3.9, 4.0, -4.5], [0.5, -0.5, 3.5, -4.0, 3.5]),
        ("ap_fixed<4,3,AP_RND,AP_SAT>", [0.25, -0.25, 0.75, 9, -9], [0.5, 0.0, 1.0, 3.5, -4.0]),
        ("ap_fixed<4,3,AP_RND_CONV,AP_SAT>", [0.25, -0.25, 0.75, 9, -9], [0.0, 0.0, 1.0, 3.5, -4.0]),
        ("ap_ufixed<4,3,AP_RND_CONV,AP_SAT>", [-1, 7.9, 7.7], [0.0, 7.5, 7.5]),
        ("ap_uint<3>", [1.9, 8, -1], [1.0, 0.0, 7.0]),
        ("ap_fixed<3,0>", [0.3], [0.25]),
    ],
)
def test_types_round_and_overflow_as_in_hls(text, values, expected):
    np.testing.assert_array_equal(FixedPoint.parse(text).cast(values), expected)


@pytest.mark.parametrize("text", ["ap_float<3>", "ap_fixed<8>", "ap_fixed<8,6,AP_RND_ZERO>", "int"])
def test_an_unknown_type_is_one_clear_line(text):
    with pytest.raises(MaplessError, match=r"no fixed-point type|unknown"):
        FixedPoint.parse(text)


@pytest.mark.parametrize("text", ["ap_fixed<8,6>", "ap_fixed<12,2>", "ap_ufixed<10,6>", "ap_fixed<5,2>"])
def test_quantisers_equal_their_type_on_every_tie_and_at_both_ends(text):
    kind = FixedPoint.parse(text.replace(">", ",AP_RND_CONV,AP_SAT>"))
    step = 2.0 ** -(kind.fraction + 2)
    values = np.arange(2 * kind.minimum - 3, 2 * kind.maximum + 3, step, dtype=np.float32)
    quantiser = kind.quantiser()
    np.testing.assert_array_equal(np.asarray(quantiser(values)), kind.cast(values))
    assert fixed_point_of(quantiser) == kind


@pytest.mark.parametrize("rounding", ["TRN", "RND", "RND_CONV"])
def test_a_shift_turns_rounding_to_even_into_any_other(rounding):
    wanted, to_even = (FixedPoint(8, 5, True, mode, "SAT") for mode in (rounding, "RND_CONV"))
    values = np.arange(-8, 8, 2.0**-6)
    np.testing.assert_array_equal(to_even.cast(values + wanted.tie_shift(6)), wanted.cast(values))


def test_values_that_a_type_cannot_hold_are_named():
    kind = FixedPoint(6, 3)
    kind.require("kernel", [-4.0, 3.875])
    with pytest.raises(MaplessError, match=r"kernel: 4 overflows ap_fixed<6,3"):
        kind.require("kernel", [0.5, 4.0])
    with pytest.raises(MaplessError, match=r"kernel: 0.1 is no value of ap_fixed<6,3"):
        kind.require("kernel", [0.1])


def test_scales_that_depend_on_the_data_have_no_type():
    from qkeras import quantized_bits

    with pytest.raises(MaplessError, match="no fixed-point type"):
        fixed_point_of(quantized_bits(6, 2, alpha="auto"))
