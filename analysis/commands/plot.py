"""Draws the figures of the fits of a result again, in a style of one's own."""

import logging
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from analysis.engine.output_folder import claimed, move_in, partial_folder
from analysis.report.fit_figures import fit_figures
from analysis.report.page import save_figures
from errors import MaplessError
from fits.plots.math_text import require_drawable
from input_files import read_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_again(results: Path, output: Path, style: Path | None, label: str | None) -> None:
    """Write spectra and p-values of what `run` or `fit` has stored in a folder into another one.

    Raises MaplessError for a folder without such results and for a style that matplotlib does not read.
    """
    from fits.plots.style import own_style

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    stored = read_json(results / "results.json")
    if label is not None:
        require_drawable(f"--label {label}")
    with own_style(style) if style else nullcontext(), claimed(output), partial_folder(output) as folder:
        names = [plot["name"] for plot in save_figures(_figures(stored, label, results), folder)]
        move_in(folder, output)
    Console().print(f"{len(names)} figures in [bold]{output}[/]: {', '.join(names)}", soft_wrap=True)


def _figures(
    stored: Mapping[str, Any], label: str | None, place: Path
) -> Iterable[tuple[str, str, "Figure"]]:
    from fits.plots.resonance_search import resonance_figures

    if not isinstance(stored, dict) or not {"fits", "spectra"} & stored.keys():
        raise MaplessError(f"{place}: results.json is none of `run` or `fit`; name a folder that they wrote")
    if "spectra" in stored:
        figures = resonance_figures(stored, label=label or stored["inputs"]["label"])
        return [(name, "", figure) for name, figure in figures.items()]
    if not stored["fits"]:
        raise MaplessError(f"{place}: the data are closed, there is no fit to draw")
    return fit_figures(stored, label or stored["label"])
