"""Draws one dijet event in the eta-phi plane: jets as circles, constituents where the file holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.report.drawing import new_figure
from analysis.report.hunt_view import HuntView, SampleFiles
from analysis.report.score_figures import Figures
from selections.snapshot import EVENT_NAME

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

JET_RADIUS = 0.8
CONSTITUENTS = ("constituent_jet", "constituent_pt", "constituent_eta", "constituent_phi")
COLOURS = ("tab:red", "tab:blue")
MASS_SYMBOLS = {"softdrop_mass": "m_{SD}", "trimmed_mass": r"m_\mathrm{trimmed}", "mass": "m"}


@dataclass(frozen=True)
class DijetEventDisplay:
    """The most anomalous event in the window, and the first with constituents if it has none.

    `mass` is the property that the mass of a jet is.
    """

    mass: str = "softdrop_mass"

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be kept of the selected events."""
        of_jets = [f"jet{jet}_{name}" for jet in (1, 2) for name in ("pt", "eta", "phi", self.mass, "tau21")]
        return ("mjj", *of_jets)

    def draw(self, view: HuntView) -> Figures:
        """One figure for each event: name, caption, figure."""
        score = np.where(view.inside, next(iter(view.scores.values())), -np.inf)
        injected = np.asarray(view.events["injected"])
        drawable = [number for number, one in view.samples.items() if not one.lacks & set(CONSTITUENTS)]
        with_constituents = np.isin(injected, drawable)
        chosen = {"most_anomalous": int(np.argmax(score))}
        if not with_constituents[chosen["most_anomalous"]] and (with_constituents & view.inside).any():
            chosen["with_constituents"] = int(np.argmax(np.where(with_constituents, score, -np.inf)))
        for which, index in chosen.items():
            event = {name: view.events[name][index] for name in (*EVENT_NAME, *self.columns)}
            event |= {"score": score[index], "injected": injected[index] > 0}
            if with_constituents[index]:
                event |= _constituents(event, view.samples[int(injected[index])])
            caption = f"Event of {view.title}: {which.replace('_', ' ')}"
            yield f"event_{view.name}_{which}", caption, plot_event(event, self.mass)


def plot_event(event: Mapping[str, Any], mass: str = "softdrop_mass") -> "Figure":
    """Plot the jets of an event in eta and phi; with constituents also a closer look at each jet."""
    panels = 3 if "constituent_pt" in event else 1
    figure, axes = new_figure(1, panels, (8, 8) if panels == 1 else (18, 6.5))
    for axis, title in zip(axes[0], ("Event", "Heavier jet", "Lighter jet"), strict=False):
        axis.set(xlabel=r"$\eta$", ylabel=r"$\phi$", title=title)
        axis.set_aspect("equal")
        for jet in (1, 2):
            _draw_jet(axis, event, jet)
    axes[0, 0].set(xlim=(-3.2, 3.2), ylim=(-np.pi, np.pi))
    axes[0, 0].legend(loc="upper right", fontsize=11)
    for jet, axis in enumerate(axes[0, 1:], start=1):
        eta, phi = event[f"jet{jet}_eta"], event[f"jet{jet}_phi"]
        axis.set(xlim=(eta - 1, eta + 1), ylim=(phi - 1, phi + 1))
    kind = "injected signal" if event["injected"] else f"run {event['run']}"
    missing = "" if "constituent_pt" in event else " (constituents not stored)"
    first = rf"{kind}, event {event['event']}{missing}: $m_{{jj}}$ = {event['mjj']:.0f} GeV"
    jets = [
        rf"jet {jet}: ${MASS_SYMBOLS[mass]}$ = {event[f'jet{jet}_{mass}']:.0f} GeV, "
        rf"$\tau_{{21}}$ = {event[f'jet{jet}_tau21']:.2f}"
        for jet in (1, 2)
    ]
    figure.suptitle("\n".join([f"{first}, score {event['score']:.4f}", *jets]), fontsize=13)
    return figure


def _constituents(event: Mapping[str, Any], sample: SampleFiles) -> dict[str, np.ndarray]:
    """Find the event again in its files and return its constituents and jet axes."""
    from selections.snapshot import open_tuple, write
    from selections.sources import open_apart

    here = " && ".join(f"{name} == {event[name]}" for name in EVENT_NAME)
    columns = [*CONSTITUENTS, "jet_eta", "jet_phi"]
    with TemporaryDirectory() as folder:  # a snapshot is compiled in a third of the time of AsNumpy
        opened = [one for part in sample.parts for one in open_apart(part.files, **part.opening)]
        file = write([one.frame.Filter(here) for one in opened], f"{folder}/event.root", columns)
        found = open_tuple(file).arrays(columns, library="np")
    return {name: np.asarray(values[0]) for name, values in found.items()}


def _draw_jet(axis: "Axes", event: Mapping[str, Any], jet: int) -> None:
    from matplotlib.patches import Circle

    eta, phi, colour = event[f"jet{jet}_eta"], event[f"jet{jet}_phi"], COLOURS[jet - 1]
    label = f"jet {jet}: $p_T$ = {event[f'jet{jet}_pt']:.0f} GeV"
    axis.add_patch(Circle((eta, phi), JET_RADIUS, fill=False, color=colour, linewidth=2, label=label))
    axis.plot(eta, phi, "+", color=colour)
    if "constituent_pt" not in event:
        return
    nearest = np.hypot(event["jet_eta"] - eta, _wrap(event["jet_phi"] - phi)).argmin()
    mine = event["constituent_jet"] == nearest
    phis = phi + _wrap(event["constituent_phi"][mine] - phi)
    area = 0.8 * event["constituent_pt"][mine]
    axis.scatter(event["constituent_eta"][mine], phis, s=area, color=colour, alpha=0.5, linewidths=0)


def _wrap(phi: np.ndarray) -> np.ndarray:
    return (phi + np.pi) % (2 * np.pi) - np.pi
