"""Figure of a spectrum put together of windows: in each the events that the detector of it keeps."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.report.drawing import new_figure
from analysis.report.score_figures import Figures, file_name

_LARGEST_PULL = 4.5


def stitched_figures(results: Mapping[str, Any], label: str) -> Figures:
    """One figure for every category of every hunt that has two or more windows in the mass of a spectrum."""
    found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for fit in results["fits"].values():
        if not fit["window"] or fit["window"]["column"] != fit["column"]:
            continue
        for part in fit["parts"]:
            if "search" in part["purposes"] and part["name"] in part["search"]["spectra"]:
                fitted = part["search"]["spectra"][part["name"]]
                if fitted["expected_background"] is not None:
                    place = (fit["spectrum"], fit["hunt"], part["name"])
                    found.setdefault(place, []).append(fit | {"fitted": fitted})
    for (spectrum, hunt, category), fits in found.items():
        if len(fits) > 1:
            caption = f"{spectrum} put together of the windows of {hunt}, {category}"
            yield file_name(f"stitched_{spectrum}-{hunt}_{category}"), caption, _stitched(fits, label)


def _stitched(fits: list[Mapping[str, Any]], label: str) -> Any:
    """Events and background of every window, and what they differ by over the root of the background."""
    figure, axes = new_figure(2, 1, (11, 9), label)
    upper, lower = axes[:, 0]
    for number, fit in enumerate(sorted(fits, key=lambda fit: fit["window"]["low"])):
        edges = np.array(fit["fitted"]["spectrum"]["edges"])
        low, high = (int(np.argmin(np.abs(edges - fit["window"][end]))) for end in ("low", "high"))
        counts = np.array(fit["fitted"]["spectrum"]["counts"])[low:high]
        expected = np.array(fit["fitted"]["expected_background"])[low:high]
        own, centres = edges[low : high + 1], (edges[low:high] + edges[low + 1 : high + 1]) / 2
        shown = counts > 0
        names = {} if number else {"label": "events that the detector of the window keeps"}
        upper.errorbar(centres[shown], counts[shown], np.sqrt(counts[shown]), fmt="ko", markersize=4, **names)
        names = {} if number else {"label": "background fit of the window"}
        upper.stairs(expected, own, color="#bd1f01", linewidth=2, baseline=None, **names)
        pulls = (counts - expected) / np.sqrt(np.maximum(expected, 1e-9))
        lower.stairs(np.clip(pulls, -_LARGEST_PULL, _LARGEST_PULL), own, fill=True, color="#3f90da")
        for axis in (upper, lower):
            axis.axvline(own[0], color="grey", linestyle=":", linewidth=1)
            axis.axvline(own[-1], color="grey", linestyle=":", linewidth=1)
    upper.set(ylabel="Events per bin", yscale="log")
    upper.legend(fontsize=14)
    lower.set(xlabel=fits[0]["title"], ylabel=r"(events $-$ bkg) / bkg$^{1/2}$")
    lower.set_ylim(-_LARGEST_PULL - 0.5, _LARGEST_PULL + 0.5)
    return figure
