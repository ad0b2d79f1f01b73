"""Figures of a search in classes of events: yields, p-tilde, regions of interest."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.report.class_summary import KINDS, QUANTITIES, p_tilde_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Arrays = Mapping[str, NDArray[Any]]
MOST_CLASSES, MOST_REGIONS = 40, 10


def class_figures(
    results: Sequence[Mapping[str, Any]], arrays: Arrays, titles: Sequence[str], label: str, right: str
) -> Iterator[tuple[str, str, "Figure"]]:
    """Name, caption and figure, in the order of the report.

    `arrays` are those of `scan.npz`, `titles` the groups of processes.
    """
    for suffix, kind in KINDS.items():
        yield from _yields(suffix, kind, results, titles, label, right)
    for suffix, kind in KINDS.items():
        for quantity in QUANTITIES:
            yield from _rarity(suffix, kind, quantity, results, arrays, label, right)
    for place, one in enumerate(results[:MOST_REGIONS]):
        if one["region"]:
            yield _region(place, one, arrays, titles, label, right)


def _yields(
    suffix: str,
    kind: str,
    results: Sequence[Mapping[str, Any]],
    titles: Sequence[str],
    label: str,
    right: str,
) -> Iterator[tuple[str, str, "Figure"]]:
    from fits.plots.region_scan import Stacked, plot_yields

    one_each = {
        one["class"]: one for one in results if one["suffix"] == suffix and one["quantity"] == "sum_pt"
    }
    shown = sorted(one_each.values(), key=lambda one: -one["expected"])[:MOST_CLASSES]
    if not shown:
        return
    stacked = Stacked(
        np.arange(len(shown) + 1.0),
        np.array([one["observed"] for one in shown]),
        np.array([one["groups"] for one in shown]).T,
        np.array([one["error"] for one in shown]),
        titles,
    )
    caption = f"Yields of {kind} classes: the {len(shown)} largest of {len(one_each)}, with total errors"
    yield (
        f"yields_{kind}",
        caption,
        plot_yields(stacked, [one["title"] for one in shown], label=label, right=right),
    )


def _rarity(
    suffix: str,
    kind: str,
    quantity: str,
    results: Sequence[Mapping[str, Any]],
    arrays: Arrays,
    label: str,
    right: str,
) -> Iterator[tuple[str, str, "Figure"]]:
    from fits.plots.region_scan import plot_rarity

    rows = [
        place
        for place, one in enumerate(results)
        if one["suffix"] == suffix and one["quantity"] == quantity and one["region"]
    ]
    if rows:
        p_tilde = np.array([results[place]["p_tilde"] for place in rows])
        text = f"{kind} classes, {quantity}"
        caption = f"p-tilde of {len(rows)} {text}, beside pseudo-experiments with common shifts"
        figure = plot_rarity(p_tilde, arrays["rounds"][rows], text=text, label=label, right=right)
        yield f"p_tilde_{kind}_{quantity}", caption, figure


def _region(
    place: int, one: Mapping[str, Any], arrays: Arrays, titles: Sequence[str], label: str, right: str
) -> tuple[str, str, "Figure"]:
    from fits.plots.region_scan import Stacked, plot_region

    found = one["region"]
    stacked = Stacked(
        arrays["edges"], arrays["observed"][place], arrays["expected"][place], arrays["errors"][place], titles
    )
    text = f"{one['title']}: {found['observed']:.0f} in region, "
    text += f"{found['expected']:.3g} $\\pm$ {found['error']:.2g}"
    text += f" expected\np = {found['p_value']:.2g}, " + r"$\tilde{p}$ " + _relation(p_tilde_words(one))
    figure = plot_region(
        stacked, found, x_title=QUANTITIES[one["quantity"]], text=text, label=label, right=right
    )
    caption = f"{place + 1}. {one['class']}, {one['quantity']}: region of interest {found['low']:.0f} to "
    caption += f"{found['high']:.0f} GeV"
    return f"region_{place + 1:02d}", caption, figure


def _relation(words: str) -> str:
    return words if words.startswith("<") else f"= {words}"
