"""HTML pages that open anywhere: figures embedded, text from a template."""

import base64
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 110
TEMPLATES = Path(__file__).parent


def save_figures(figures: Iterable[tuple[str, str, "Figure"]], folder: Path) -> list[dict[str, str]]:
    """Write figures (name, caption, figure) as PDF and PNG; return name, caption and PNG for a page.

    Figures that an iterator makes are made in the one style of all.
    """
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # before it is imported
    import matplotlib as mpl

    from fits.plots.style import style

    mpl.use("Agg")
    folder.mkdir(exist_ok=True)
    with style():
        return [_save(name, caption, figure, folder) for name, caption, figure in figures]


def render(template: str, **content: Any) -> str:
    """Fill a template of this folder; a name that is missing in `content` is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(template).render(**content)


def _save(name: str, caption: str, figure: "Figure", folder: Path) -> dict[str, str]:
    from matplotlib import pyplot

    figure.savefig(folder / f"{name}.png", dpi=DOTS_PER_INCH)
    figure.set_layout_engine("none")  # it is laid out: doing it again for the PDF takes as long as drawing it
    figure.savefig(folder / f"{name}.pdf")
    pyplot.close(figure)
    png = base64.b64encode((folder / f"{name}.png").read_bytes()).decode()
    return {"name": name, "caption": caption, "png": png}
