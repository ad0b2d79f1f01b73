"""What all figures share: the style of the experiments, colours, labels."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import mplhep
from matplotlib import rc_params_from_file
from matplotlib.axes import Axes

from errors import MaplessError
from input_files import read_text

MASS_TITLE = r"$m_{jj}$ [GeV]"
RESONANCE_TITLE = "Resonance mass [GeV]"
LABEL = "Mapless simulation"
# Readable with colour-blind eyes (arXiv:2107.02270); the two of limit bands are those of CMS.
BLUE, RED, ORANGE, GREY = "#3f90da", "#bd1f01", "#ffa90e", "#94a4a2"
COLOURS = (
    *(BLUE, RED, ORANGE, GREY, "#832db6", "#a96b59"),
    *("#e76300", "#b9ac70", "#717581", "#92dadd"),
)
BAND_1, BAND_2 = "#607641", "#F5BB54"
_SIZES = {
    "font.size": 16,
    "axes.titley": 1.0,  # where it is anyway: left to itself matplotlib measures all tick labels for it
    "axes.labelsize": 18,
    "legend.fontsize": 14,
    "xtick.labelsize": 15,
    "ytick.labelsize": 15,
    "figure.subplot.right": 0.97,
    "figure.subplot.top": 0.94,
}


_OWN: ContextVar[dict[str, Any] | None] = ContextVar("settings that count more than ours", default=None)


def style() -> AbstractContextManager[None]:
    """Style for one figure; nothing outside of the context changes."""
    return plt.style.context([mplhep.style.CMS, _SIZES, _OWN.get() or {}])


@contextmanager
def own_style(path: Path) -> Iterator[None]:
    """Figures that are made in here take a style file of matplotlib on top of `style`.

    Raises MaplessError for a file that is none, and for settings that matplotlib does not know.
    """
    lines = (line.partition("#")[0].partition(":") for line in read_text(path).splitlines())
    for key in (key.strip() for key, colon, _ in lines if colon):
        if key not in plt.rcParams:  # matplotlib would only warn
            raise MaplessError(f"{path}: matplotlib knows no {key}; see its page on rcParams")
    try:
        settings: Any = rc_params_from_file(path, fail_on_error=True, use_default_template=False)
    except ValueError as error:
        raise MaplessError(f"{path} is no style file of matplotlib: {error}") from None
    before = _OWN.set(settings)
    try:
        yield
    finally:
        _OWN.reset(before)


def write_label(axes: Axes, label: str, right: str = "") -> None:
    """Write whose figure it is above its left corner, and for example the luminosity above the right one."""
    axes.set_title(label, loc="left", fontsize=16, fontweight="bold")
    axes.set_title(right, loc="right", fontsize=15)
