"""A spectrum put together of windows shows in each the events that its own detector keeps."""

import numpy as np
from matplotlib import pyplot

from analysis.report.stitched_figure import stitched_figures

EDGES = [2000.0, 2200.0, 2400.0, 2600.0, 2800.0]


def fit(hunt, low, high, counts, category="1 %", column="mjj"):
    fitted = {"spectrum": {"edges": EDGES, "counts": counts}, "expected_background": [8.0, 4.0, 2.0, 1.0]}
    part = {"name": category, "purposes": ["search"], "search": {"spectra": {category: fitted}}}
    window = {"name": str(low), "column": column, "low": low, "high": high}
    return {"spectrum": "mjj", "title": "m", "column": "mjj", "hunt": hunt, "window": window, "parts": [part]}


def test_every_window_gives_its_own_bins() -> None:
    fits = {
        "a": fit("cwola", 2000, 2400, [9.0, 5.0, 50.0, 50.0]),
        "b": fit("cwola", 2400, 2800, [90.0, 90.0, 3.0, 2.0]),
    }
    ((name, _, figure),) = stitched_figures({"fits": fits}, "")
    assert name == "stitched_mjj-cwola_1__percent"
    drawn = np.concatenate([line.get_ydata() for line in figure.axes[0].lines if line.get_marker() == "o"])
    assert drawn.tolist() == [9.0, 5.0, 3.0, 2.0]
    pyplot.close(figure)


def test_one_window_or_windows_in_another_mass_make_no_figure() -> None:
    one = {"a": fit("cwola", 2000, 2400, [9.0, 5.0, 1.0, 1.0])}
    elsewhere = {
        name: fit("cwola", low, low + 10, [1.0] * 4, column="m_x") for name, low in (("a", 60), ("b", 70))
    }
    assert not [*stitched_figures({"fits": one}, ""), *stitched_figures({"fits": elsewhere}, "")]
