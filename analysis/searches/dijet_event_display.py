"""Draws dijet events in eta and phi and across the beam: jets, and constituents where the file holds them."""

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
    """The most anomalous events in the window, and the first with constituents if none of them has any.

    `mass` is the property that the mass of a jet is, `top` the number of events.
    """

    mass: str = "softdrop_mass"
    top: int = 3

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
        ranked = np.argsort(-score, kind="stable")[: np.count_nonzero(view.inside)]
        drawn, there = list(range(min(self.top, len(ranked)))), np.flatnonzero(with_constituents[ranked])
        if len(there) and there[0] >= self.top:
            drawn.append(int(there[0]))
        for place in drawn:
            index = ranked[place]
            event = {name: view.events[name][index] for name in (*EVENT_NAME, *self.columns)}
            event |= {"score": score[index], "injected": injected[index] > 0}
            if with_constituents[index]:
                event |= _constituents(event, view.samples[int(injected[index])])
            caption = f"Event number {place + 1} by the score, {view.title}"
            yield f"event_{view.name}_{place + 1}", caption, plot_event(event, self.mass)


def plot_event(event: Mapping[str, Any], mass: str = "softdrop_mass") -> "Figure":
    """Plot an event in eta and phi and across the beam; with constituents also a closer look at each jet."""
    panels = 4 if "constituent_pt" in event else 2
    figure, axes = new_figure(1, panels, (6 * panels, 7))
    _draw_across_the_beam(axes[0, 1], event)
    in_angles = [axes[0, 0], *axes[0, 2:]]
    for axis, title in zip(in_angles, ("Event", "Heavier jet", "Lighter jet"), strict=False):
        axis.set(xlabel=r"$\eta$", ylabel=r"$\phi$", title=title)
        axis.set_aspect("equal")
        for jet in (1, 2):
            _draw_jet(axis, event, jet)
    axes[0, 0].set(xlim=(-3.2, 3.2), ylim=(-np.pi, np.pi))
    axes[0, 0].legend(loc="upper right", fontsize=11)
    for jet, axis in enumerate(in_angles[1:], start=1):
        eta, phi = event[f"jet{jet}_eta"], event[f"jet{jet}_phi"]
        axis.set(xlim=(eta - 1, eta + 1), ylim=(phi - 1, phi + 1))
    kind = (
        "injected signal" if event["injected"] else f"run {event['run']}, block {event['luminosity_block']}"
    )
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
    mine = _of_jet(event, jet)
    phis = phi + _wrap(event["constituent_phi"][mine] - phi)
    area = 0.8 * event["constituent_pt"][mine]
    axis.scatter(event["constituent_eta"][mine], phis, s=area, color=colour, alpha=0.5, linewidths=0)


def _of_jet(event: Mapping[str, Any], jet: int) -> np.ndarray:
    """Which constituents (n,) belong to a jet: those of the nearest axis."""
    away = event["jet_eta"] - event[f"jet{jet}_eta"], _wrap(event["jet_phi"] - event[f"jet{jet}_phi"])
    return np.asarray(event["constituent_jet"] == np.hypot(*away).argmin())


def _draw_across_the_beam(axis: "Axes", event: Mapping[str, Any]) -> None:
    """Transverse momenta of the jets as arrows from the beam, and of their constituents as lines."""
    reach = 1.1 * max(event[f"jet{jet}_pt"] for jet in (1, 2))
    for jet, colour in enumerate(COLOURS, start=1):
        pt, phi = event[f"jet{jet}_pt"], event[f"jet{jet}_phi"]
        tip = (pt * np.cos(phi), pt * np.sin(phi))
        axis.annotate("", tip, (0, 0), arrowprops={"color": colour, "alpha": 0.4, "width": 4})
        if "constituent_pt" in event:
            mine = _of_jet(event, jet)
            pts, phis = event["constituent_pt"][mine], event["constituent_phi"][mine]
            ends = np.stack([pts * np.cos(phis), pts * np.sin(phis)], axis=1)
            axis.plot(*np.stack([np.zeros_like(ends), ends], axis=1).T, color=colour, linewidth=1)
    axis.set(xlabel="$p_x$ [GeV]", ylabel="$p_y$ [GeV]", title="Across the beam")
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach))
    axis.set_aspect("equal")


def _wrap(phi: np.ndarray) -> np.ndarray:
    return (phi + np.pi) % (2 * np.pi) - np.pi
