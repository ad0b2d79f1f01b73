"""Simulates the signals of dijet searches and prints what they look like, with a picture of each family.

    python -m tests.benchmarks.signals [--events N]

writes `docs/signals/*.png` and prints the table of `docs/signals.md`.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import awkward as ak
import matplotlib as mpl
import numpy as np

from analysis.report.drawing import new_figure
from analysis.simulation import simulate
from tests.analysis.simulation.conftest import read
from tests.analysis.simulation.test_physics import dijet_mass, mode

PICTURES = Path(__file__).parents[2] / "docs" / "signals"
COMMON: dict[str, Any] = {"max_delta_eta": 1.3, "mjj_min": 1200}
COLOURS = 6
WIDTH = 15.0  # GeV, bins of the soft-drop mass


def signals() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name of the family, process and parameters: the 22 signals of CMS EXO-22-026, and some besides."""
    for mass in (25, 80, 170, 400):
        yield "Q* → qW′", "qstar_to_qw", {"w_prime_mass": mass}
    pairs = [(25, 25), (25, 80), (25, 170), (25, 400), (80, 80)]
    for first, second in [*pairs, (80, 170), (80, 400), (170, 170), (170, 400), (400, 400)]:
        yield "X → YY′ → 4q", "x_to_yy", {"y_mass": first, "y_prime_mass": second}
    for mass in (25, 80, 170, 400):
        yield "W′ → B′t → bZt", "wprime_to_bt", {"b_prime_mass": mass}
    for mass in (170, 400):
        yield "W_KK → RW → 3W", "wkk_to_rw", {"radion_mass": mass}
    yield "Z′ → T′T′ → tZtZ", "zprime_to_tt", {"t_prime_mass": 400}
    yield "Y → HH → 4t", "y_to_hh", {"h_mass": 400}
    yield "X → YH → 4W", "x_to_yh", {"y_mass": 170, "h_mass": 400}
    for decay in ("two-prong", "three-prong", "heavy-flavour", "dark"):
        yield f"Y → HX, {decay}", "y_to_hx", {"x_mass": 200, "x_decay": decay}
    for mass in (2000, 5000):
        yield "X → YY′ → 4q", "x_to_yy", {"resonance_mass": mass}
        yield "Y → HH → 4t", "y_to_hh", {"resonance_mass": mass}


def median(values: Any) -> float:
    """Median of numbers, without those that are none."""
    return float(np.nanmedian(ak.to_numpy(values)))


def ratio(events: dict[str, Any], above: str, below: str) -> float:
    """Median ratio of two columns of the heavier jet, soft-drop masses above 10 GeV only."""
    heavier = ak.argmax(events["jet_softdrop_mass"][:, :2], axis=1, keepdims=True)
    numerator, denominator = (ak.flatten(events[f"jet_{name}"][heavier]) for name in (above, below))
    return median((numerator / denominator)[denominator > 0])


def row(family: str, process: str, parameters: dict[str, Any], events: dict[str, Any], rate: float) -> str:
    """One line of the table."""
    masses = np.sort(ak.to_numpy(events["jet_softdrop_mass"][:, :2]), axis=1)
    resonance = parameters.get("resonance_mass", 3000)
    daughters = "/".join(str(value) for key, value in parameters.items() if key != "resonance_mass")
    mass = dijet_mass(events)
    low, middle, high = np.percentile(mass, [16, 50, 84])
    cells = (
        *(family, process, f"{resonance}", daughters, f"{middle:.0f} [{low:.0f}, {high:.0f}]"),
        *(f"{mode(masses[:, place], 10, 600, WIDTH):.0f}" for place in (1, 0)),
        *(f"{ratio(events, *names):.2f}" for names in (("tau2", "tau1"), ("tau3", "tau2"), ("tau4", "tau3"))),
        f"{median(events['jet_n_constituents'][:, 0]):.0f}",
        f"{np.mean(ak.to_numpy(ak.max(events['jet_b_tag'][:, :2], axis=1)) > 0.4):.2f}",
        f"{rate:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def distinct(samples: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of more samples than one picture has colours for, those of daughters of one mass."""
    if len(samples) <= COLOURS:
        return samples
    masses = {name: {part.split()[-1] for part in name.split(", ")} for name in samples}
    return {name: events for name, events in samples.items() if len(masses[name]) == 1}


def picture(family: str, process: str, samples: dict[str, dict[str, Any]]) -> None:
    """Dijet mass, soft-drop mass and N-subjettiness of the signals of one family."""
    figure, axes = new_figure(1, 3, (18, 5.5), label=f"Mapless simulation   {family}")
    columns = (
        (r"$m_{jj}$ [GeV]", np.linspace(1200, 6000, 49), dijet_mass),
        ("soft-drop mass [GeV]", np.linspace(0, 500, 26), _soft_drop_masses),
        (r"$\tau_{21}$ of the heavier jet", np.linspace(0, 1, 21), _tau21),
    )
    for axis, (title, edges, column) in zip(axes[0], columns, strict=True):
        for name, events in samples.items():
            values = np.asarray(column(events))
            axis.hist(values, edges, histtype="step", linewidth=2, density=True, label=name)
        axis.set_xlabel(title)
        axis.set_ylabel("events, normalised")
    axes[0, 1].legend(fontsize=12)
    figure.savefig(PICTURES / f"{process}.png", dpi=60)


def _soft_drop_masses(events: dict[str, Any]) -> np.ndarray:
    return ak.to_numpy(ak.flatten(events["jet_softdrop_mass"][:, :2]))


def _tau21(events: dict[str, Any]) -> np.ndarray:
    return _heavier(events, "tau2") / _heavier(events, "tau1")


def _heavier(events: dict[str, Any], name: str) -> np.ndarray:
    heavier = ak.argmax(events["jet_softdrop_mass"][:, :2], axis=1, keepdims=True)
    return ak.to_numpy(ak.flatten(events[f"jet_{name}"][heavier])) + 1e-9


def main() -> None:
    """Simulate, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500)
    n_events = parser.parse_args().events
    mpl.use("Agg")
    PICTURES.mkdir(exist_ok=True)
    families: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    print(  # noqa: T201
        "| signal | process | M | daughters | m_jj [16 %, 84 %] | m_SD heavier | lighter "
        "| τ21 | τ32 | τ43 | constituents | b-tagged | ms |\n" + "| --- " * 13 + "|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for family, process, parameters in signals():
            start = time.process_time()
            output = Path(folder) / "signal.root"
            given = COMMON | parameters
            simulate(process, n_events, output=output, seed=7, workers=1, quality="full", **given)
            events = read(output)
            spent = 1000 * (time.process_time() - start) / n_events
            print(row(family, process, parameters, events, spent), flush=True)  # noqa: T201
            name = ", ".join(f"{key.removesuffix('_mass')} {value}" for key, value in parameters.items())
            families.setdefault((family.partition(",")[0], process), {})[name] = events
    for (family, process), samples in families.items():
        picture(family, process, distinct(samples))


if __name__ == "__main__":
    main()
