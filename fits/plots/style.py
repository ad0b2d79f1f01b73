"""What all figures share: the style of the experiments, colours, labels."""

from contextlib import AbstractContextManager

import matplotlib.pyplot as plt
import mplhep
from matplotlib.axes import Axes

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
}


def style() -> AbstractContextManager[None]:
    """Style for one figure; nothing outside of the context changes."""
    return plt.style.context([mplhep.style.CMS, _SIZES])


def write_label(axes: Axes, label: str, right: str = "") -> None:
    """Write whose figure it is above its left corner, and for example the luminosity above the right one."""
    axes.set_title(label, loc="left", fontsize=16, fontweight="bold")
    axes.set_title(right, loc="right", fontsize=15)
