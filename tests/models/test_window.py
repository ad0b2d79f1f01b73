import numpy as np
import pytest

from errors import MaplessError
from models.window import Window
from tests.models.toy import WINDOW

# one below everything, three in the low sideband, two in the window, one in the high sideband, one above
MJJ = np.array([1000.0, 2300.0, 2400.0, 2724.9, 2725.0, 3330.9, 3331.0, 4071.0])


def test_default_sidebands_have_the_relative_width_of_the_window():
    window = Window("narrow", "mjj", 2000, 2200)
    assert window.low / window.low_sideband[0] == pytest.approx(1.1)
    assert window.high_sideband[1] / window.high == pytest.approx(1.1)


@pytest.mark.parametrize(
    "settings",
    [
        {"low": 3331, "high": 2725},
        {"low": -1, "high": 2725},
        {"low": 2725, "high": float("nan")},
        {"low": 2725, "high": 3331, "low_sideband": (2700, 2800)},
        {"low": 2725, "high": 3331, "high_sideband": (3400, 3400)},
    ],
)
def test_an_impossible_window_is_refused_by_name(settings):
    with pytest.raises(MaplessError, match=rf"window B3 \(mjj from {settings['low']:g} to"):
        Window("B3", "mjj", **settings)


def test_regions_include_their_lower_edge_and_exclude_their_upper():
    assert WINDOW.in_low_sideband(MJJ).tolist() == [False, True, True, True, False, False, False, False]
    assert WINDOW.in_signal_region(MJJ).tolist() == [False, False, False, False, True, True, False, False]
    assert WINDOW.in_high_sideband(MJJ).tolist() == [False] * 6 + [True, False]


def test_balanced_weights_make_sidebands_equal_and_the_window_their_sum():
    weights = WINDOW.balanced_weights(MJJ, np.linspace(1, 2, len(MJJ)))
    low, high = weights[WINDOW.in_low_sideband(MJJ)].sum(), weights[WINDOW.in_high_sideband(MJJ)].sum()
    assert low == pytest.approx(high)
    assert weights[WINDOW.in_signal_region(MJJ)].sum() == pytest.approx(low + high)
    assert weights[~WINDOW.contains(MJJ)].tolist() == [0, 0]


def test_a_low_sideband_that_the_data_begin_inside_of_is_refused():
    falling = 2230 + np.random.default_rng(1).exponential(300, 2000)
    WINDOW.require_full_sideband(falling)
    with pytest.raises(MaplessError, match=r"B3.*begins at 2230 and the data at 2601; that leaves 25%"):
        WINDOW.require_full_sideband(falling[falling > 2600])
    WINDOW.require_full_sideband(falling[falling > 2600][:20])  # by chance, as far as 20 events can tell


def test_sideband_weights_ignore_the_window():
    assert WINDOW.sideband_weights(MJJ, np.ones(len(MJJ))).tolist() == [0, 1, 1, 1, 0, 0, 3, 0]


@pytest.mark.parametrize(
    ("region", "chosen"),
    [
        ("signal region", (MJJ < 2725) | (MJJ >= 3331)),
        ("low sideband", MJJ >= 2725),
        ("high sideband", MJJ < 3331),
    ],
)
def test_an_empty_region_is_named(region, chosen):
    with pytest.raises(MaplessError, match=rf"the {region} of window B3 \(mjj from 2725 to 3331\) holds no"):
        WINDOW.balanced_weights(MJJ[chosen], np.ones(chosen.sum()))
