import numpy as np
import pytest

from errors import MaplessError
from models.mass_windows import CMS_WINDOWS, MassWindow, masses_of_window

# one below everything, three in the low sideband, two in the window, one in the high sideband, one above
MJJ = np.array([1000.0, 2300.0, 2400.0, 2724.9, 2725.0, 3330.9, 3331.0, 4071.0])


def test_cms_has_twelve_windows_that_touch_their_sidebands():
    assert sorted(CMS_WINDOWS) == [f"{series}{number}" for series in "AB" for number in range(1, 7)]
    for window in CMS_WINDOWS.values():
        assert window.low_sideband[1] == window.low
        assert window.high_sideband[0] == window.high


@pytest.mark.parametrize(
    ("name", "edges", "kept"),
    [
        ("A1", (1450, 1650, 2017, 2465), 0.01),
        ("B3", (2230, 2725, 3331, 4071), 0.01),
        ("A4", (2465, 3013, 3682, 4500), 0.03),
        ("B6", (4071, 4975, 6081, 8000), 0.05),
    ],
)
def test_cms_windows_have_the_published_edges_and_kept_fractions(name, edges, kept):
    window = CMS_WINDOWS[name]
    assert (*window.low_sideband, *window.high_sideband) == edges
    assert window.kept_fraction == kept


def test_every_hundred_gev_has_one_cms_window_that_holds_it():
    masses = np.arange(1800, 5900, 100)
    owned = {name: masses_of_window(CMS_WINDOWS, name, masses) for name in CMS_WINDOWS}
    np.testing.assert_array_equal(np.sort(np.concatenate(list(owned.values()))), masses)
    for name, mine in owned.items():
        assert CMS_WINDOWS[name].in_signal_region(mine).all()


def test_a_single_window_is_used_for_all_masses():
    masses = np.array([2000.0, 3000.0, 4000.0])
    only = {"B3": CMS_WINDOWS["B3"]}
    np.testing.assert_array_equal(masses_of_window(only, "B3", masses), masses)


def test_default_sidebands_have_the_relative_width_of_the_window():
    window = MassWindow(2000, 2200)
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
        {"low": 2725, "high": 3331, "kept_fraction": 0},
    ],
)
def test_an_impossible_window_is_refused_by_name(settings):
    with pytest.raises(MaplessError, match=f"mass window {settings['low']:g}-{settings['high']:g} GeV"):
        MassWindow(**settings)


def test_regions_include_their_lower_edge_and_exclude_their_upper():
    window = CMS_WINDOWS["B3"]
    assert window.in_low_sideband(MJJ).tolist() == [False, True, True, True, False, False, False, False]
    assert window.in_signal_region(MJJ).tolist() == [False, False, False, False, True, True, False, False]
    assert window.in_high_sideband(MJJ).tolist() == [False] * 6 + [True, False]


def test_balanced_weights_make_sidebands_equal_and_the_window_their_sum():
    window = CMS_WINDOWS["B3"]
    weights = window.balanced_weights(MJJ, np.linspace(1, 2, len(MJJ)))
    low, high = weights[window.in_low_sideband(MJJ)].sum(), weights[window.in_high_sideband(MJJ)].sum()
    assert low == pytest.approx(high)
    assert weights[window.in_signal_region(MJJ)].sum() == pytest.approx(low + high)
    assert weights[~window.contains(MJJ)].tolist() == [0, 0]


def test_sideband_weights_ignore_the_window():
    assert CMS_WINDOWS["B3"].sideband_weights(MJJ, np.ones(len(MJJ))).tolist() == [0, 1, 1, 1, 0, 0, 3, 0]


@pytest.mark.parametrize(
    ("region", "chosen"),
    [
        ("signal region", (MJJ < 2725) | (MJJ >= 3331)),
        ("low sideband", MJJ >= 2725),
        ("high sideband", MJJ < 3331),
    ],
)
def test_an_empty_region_is_named(region, chosen):
    with pytest.raises(MaplessError, match=f"the {region} of mass window 2725-3331 GeV holds no events"):
        CMS_WINDOWS["B3"].balanced_weights(MJJ[chosen], np.ones(chosen.sum()))
