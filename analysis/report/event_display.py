"""Draws one event in the eta-phi plane: jets as circles, constituents where the file holds them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.configuration import Configuration
from analysis.report.plots import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

JET_RADIUS = 0.8
CONSTITUENTS = ("constituent_jet", "constituent_pt", "constituent_eta", "constituent_phi")
COLOURS = ("tab:red", "tab:blue")


def most_anomalous_event(
    events: Mapping[str, np.ndarray], score: np.ndarray, configuration: Configuration
) -> dict[str, Any]:
    """Return the columns of the event of highest score, shape (n,), with constituents if they are stored."""
    index = int(np.argmax(score))
    event = {name: values[index] for name, values in events.items()} | {"score": score[index]}
    files = configuration.injection.files if event["is_injected"] else configuration.events.files
    return event | _constituents(event, files)


def plot_event(event: Mapping[str, Any]) -> "Figure":
    """Plot both jets of an event in eta and phi, with their masses and N-subjettiness."""
    figure, axes = new_figure(1, 3, (17, 6.2))
    for axis, title in zip(axes[0], ("Event", "Heavier jet", "Lighter jet"), strict=True):
        axis.set(xlabel=r"$\eta$", ylabel=r"$\phi$", title=title)
        axis.set_aspect("equal")
        for jet in (1, 2):
            _draw_jet(axis, event, jet)
    axes[0, 0].set(xlim=(-3.2, 3.2), ylim=(-np.pi, np.pi))
    axes[0, 0].legend(loc="upper right", fontsize=13)
    for jet in (1, 2):
        eta, phi = event[f"jet{jet}_eta"], event[f"jet{jet}_phi"]
        axes[0, jet].set(xlim=(eta - 1, eta + 1), ylim=(phi - 1, phi + 1))
        axes[0, jet].text(
            0.03, 0.97, _jet_text(event, jet), transform=axes[0, jet].transAxes, va="top", fontsize=15
        )
    origin = ", injected signal" if event["is_injected"] else ""
    stored = "" if "constituent_pt" in event else "; constituents are not stored in this sample"
    number = f"run {event['run']}, event {event['event']}"
    figure.suptitle(
        rf"{number}: $m_{{jj}}$ = {event['mjj']:.0f} GeV, score {event['score']:.4f}{origin}{stored}"
    )
    return figure


def _constituents(event: Mapping[str, Any], files: tuple) -> dict[str, np.ndarray]:
    """Find the event again in its files and return its constituents; empty where they are not stored."""
    from selections.sources import open_events

    source = open_events(files)
    if any(name in source.lacks for name in CONSTITUENTS):
        return {}
    here = " && ".join(f"{name} == {event[name]}" for name in ("run", "luminosity_block", "event"))
    found = source.frame.Filter(here).AsNumpy([*CONSTITUENTS, "jet_eta", "jet_phi"])
    return {name: np.asarray(values[0]) for name, values in found.items() if len(values)}


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
    size = 4 * np.sqrt(event["constituent_pt"][mine]) ** 1.5
    axis.scatter(event["constituent_eta"][mine], phis, s=size, color=colour, alpha=0.5, linewidths=0)


def _jet_text(event: Mapping[str, Any], jet: int) -> str:
    return (
        rf"$m_{{SD}}$ = {event[f'jet{jet}_softdrop_mass']:.0f} GeV"
        "\n"
        rf"$\tau_{{21}}$ = {event[f'jet{jet}_tau21']:.2f}"
        "\n"
        f"{event[f'jet{jet}_n_constituents']:.0f} constituents"
    )


def _wrap(phi: np.ndarray) -> np.ndarray:
    return (phi + np.pi) % (2 * np.pi) - np.pi
