"""What weak supervision selects where there is nothing: the dijet mass of background events is permuted.

Run as `python -m tests.benchmarks.permuted_masses [--trials 40] [--events 40000] [--restarts 1]`. No
feature knows the permuted mass, so any excess in the window is one that classifiers make. Events of a fold
are selected by what never saw them, but the folds teach each other: where two have a fluctuation in common,
each selects that of the other. Printed are mean and width of the excess over its error, which would be 0 and
1 if every event were selected by chance; folds that teach each other can make the width the root of two.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from analysis.searches.cms_dijet import EVENT_FEATURES, JET_FEATURES
from analysis.searches.cms_dijet_windows import WINDOWS
from models.quantiles import weighted_quantile
from models.weak_supervision.trees import CWoLaBoostedTrees
from selections.dijet import dijet
from selections.events import EventTable
from selections.sources import open_events

SAMPLE = Path(__file__).parents[2] / "analysis" / "samples" / "qcd_dijet.root"
WINDOW = WINDOWS["B3"]
KEPT = 0.01
JETS = {jet: tuple(f"{jet}_{name}" for name in ("softdrop_mass", *JET_FEATURES)) for jet in ("jet1", "jet2")}
SETS = {
    "two jets": (JETS, {jet: f"{jet}_pt" for jet in JETS}),
    "both jets at once": ({"both": (*JETS["jet1"], *JETS["jet2"])}, {}),
    "four features of the event": ({"event": ("jet1_softdrop_mass", *EVENT_FEATURES)}, {}),
}


def background() -> dict[str, np.ndarray]:
    """Columns of the embedded sample between the outer edges of the sidebands."""
    features = {name for inputs, _ in SETS.values() for names in inputs.values() for name in names}
    columns = ["mjj", "jet1_pt", "jet2_pt", *sorted(features)]
    frame = dijet(mjj_min=WINDOW.low_sideband[0])(open_events(SAMPLE)).frame
    return frame.Filter(f"mjj < {WINDOW.high_sideband[1]}").AsNumpy(columns)


def excess(score: np.ndarray, mass: np.ndarray) -> float:
    """Events kept in the window above what the sidebands say, over the error of the difference."""
    weight = WINDOW.sideband_weights(mass, np.ones(len(mass)))
    kept, inside = score > weighted_quantile(score, weight, 1 - KEPT), WINDOW.in_signal_region(mass)
    ratio = inside.sum() / weight.sum()
    expected, variance = ratio * weight[kept].sum(), ratio**2 * (weight[kept] ** 2).sum()
    return float(((kept & inside).sum() - expected) / np.sqrt(expected + variance))


def main(
    trials: Annotated[int, typer.Option()] = 40,
    events: Annotated[int, typer.Option()] = 40_000,
    restarts: Annotated[int, typer.Option()] = 1,
) -> None:
    """Train on events with permuted masses and print what they seem to contain."""
    sample = background()
    found: dict[str, list[float]] = {name: [] for name in (*SETS, "a random score")}
    for trial in range(trials):
        random = np.random.default_rng(trial)
        chosen = random.choice(len(sample["mjj"]), events, replace=False)
        columns = {name: values[chosen] for name, values in sample.items()}
        columns["mjj"] = random.permutation(columns["mjj"])
        names = {"run": np.ones(events, int), "luminosity_block": np.full(events, trial), "event": chosen}
        table = EventTable(columns | names)
        for name, (inputs, match) in SETS.items():
            detector = CWoLaBoostedTrees(WINDOW, inputs, match, restarts=restarts, seed=trial + 1)
            score = detector.fit({"events": table}).score(table)["score"]
            found[name].append(excess(score, columns["mjj"]))
        found["a random score"].append(excess(random.random(events), columns["mjj"]))
    table = Table("inputs", "mean", "width", "largest", title=f"excess over its error, {trials} trials")
    for name, values in found.items():
        mean, width = np.mean(values), np.std(values, ddof=1)
        errors = width / np.sqrt(trials), width / np.sqrt(2 * trials)
        table.add_row(
            name, f"{mean:.2f} ± {errors[0]:.2f}", f"{width:.2f} ± {errors[1]:.2f}", f"{max(values):.1f}"
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
