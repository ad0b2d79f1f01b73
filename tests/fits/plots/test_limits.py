import numpy as np
import pytest

from fits.plots.limits import plot_limits
from tests.fits.plots.conftest import texts

MASSES = np.array([2000.0, 3000.0, 4000.0])
EXPECTED = np.array([100.0, 50.0, 20.0])[:, None] * [0.5, 0.7, 1.0, 1.4, 2.0]


def test_bands_cover_what_is_expected_and_a_failed_fit_leaves_a_gap(tmp_path):
    figure = plot_limits(MASSES, EXPECTED, [90.0, np.nan, 25.0], predictions={"model": [1e3, 1e2, 1e1]})
    figure.savefig(tmp_path / "limits.png")
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_legend().texts] == [
        "Observed", "Median expected", "Expected ± 1σ", "Expected ± 2σ", "model",
    ]  # fmt: skip
    outer, inner = (band.get_paths()[0].get_extents() for band in axes.collections)
    assert (outer.y0, outer.y1) == (10, 200)
    assert (inner.y0, inner.y1) == (14, 140)
    observed = next(line for line in axes.lines if line.get_label() == "Observed")
    assert np.isnan(observed.get_ydata()).tolist() == [False, True, False]
    assert axes.get_ylim()[1] > 1.5 * EXPECTED.max()


def test_expected_limits_alone_need_no_data(tmp_path):
    figure = plot_limits(MASSES, EXPECTED, y_title="cross section [fb]", right="138 fb$^{-1}$")
    figure.savefig(tmp_path / "limits.png")
    assert "Observed" not in texts(figure)
    assert "cross section [fb]" in texts(figure)


@pytest.mark.filterwarnings("error")
def test_one_mass_is_drawn_too():
    figure = plot_limits([3000.0], [[1.0, 2.0, 3.0, 4.0, 5.0]], [2.5])
    low, high = figure.axes[0].get_xlim()
    assert low < 3000 < high
