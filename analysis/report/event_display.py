"""Draws one event in the eta-phi plane: jets as circles, constituents where the file holds them."""

from collections.abc import Mapping
from pathlib import Path
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


def most_anomalous_events(
    events: Mapping[str, np.ndarray], score: np.ndarray, configuration: Configuration
) -> dict[str, dict[str, Any]]:
    """Return the event of highest score, shape (n,), and if its constituents are not stored the highest with.

    Each is named and maps columns to values, with the constituents if they are stored.
    """
    drawable = [origin for origin in (True, False) if _holds_constituents(_files(configuration, origin))]
    has_constituents = np.isin(events["is_injected"], drawable)
    first = int(np.argmax(score))
    chosen = {"most_anomalous": first}
    if not has_constituents[first] and has_constituents.any():
        chosen["with_constituents"] = int(np.argmax(np.where(has_constituents, score, -np.inf)))
    return {
        name: _event(events, score, index, configuration, bool(has_constituents[index]))
        for name, index in chosen.items()
    }


def plot_event(event: Mapping[str, Any]) -> "Figure":
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
    figure.suptitle(_headline(event), fontsize=13)
    return figure


def _event(
    events: Mapping[str, np.ndarray],
    score: np.ndarray,
    index: int,
    configuration: Configuration,
    with_constituents: bool,
) -> dict[str, Any]:
    event = {name: values[index] for name, values in events.items()} | {"score": score[index]}
    files = _files(configuration, event["is_injected"])
    return event | (_constituents(event, files) if with_constituents else {})


def _headline(event: Mapping[str, Any]) -> str:
    kind = "injected signal" if event["is_injected"] else f"run {event['run']}"
    missing = "" if "constituent_pt" in event else " (constituents not stored)"
    first = rf"{kind}, event {event['event']}{missing}: $m_{{jj}}$ = {event['mjj']:.0f} GeV"
    return "\n".join([f"{first}, score {event['score']:.4f}", *(_jet_text(event, jet) for jet in (1, 2))])


def _jet_text(event: Mapping[str, Any], jet: int) -> str:
    mass, tau21 = event[f"jet{jet}_softdrop_mass"], event[f"jet{jet}_tau21"]
    return rf"jet {jet}: $m_{{SD}}$ = {mass:.0f} GeV, $\tau_{{21}}$ = {tau21:.2f}"


def _files(configuration: Configuration, is_injected: bool) -> tuple[Path, ...]:
    return configuration.injection.files if is_injected else configuration.events.files


def _holds_constituents(files: tuple[Path, ...]) -> bool:
    from selections.sources import open_events

    return bool(files) and not set(CONSTITUENTS) & set(open_events(files, skip_bad_files=True).lacks)


def _constituents(event: Mapping[str, Any], files: tuple[Path, ...]) -> dict[str, np.ndarray]:
    """Find the event again in its files and return its constituents and jet axes."""
    from selections.sources import open_events

    here = " && ".join(f"{name} == {event[name]}" for name in ("run", "luminosity_block", "event"))
    source = open_events(files, skip_bad_files=True)
    found = source.frame.Filter(here).AsNumpy([*CONSTITUENTS, "jet_eta", "jet_phi"])
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
