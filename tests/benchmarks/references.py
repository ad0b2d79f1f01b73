"""How well classifiers with and without labels separate the signal of the LHC Olympics (CATHODE's arrays).

Run as `python -m tests.benchmarks.references FOLDER [seeds]`, a folder with `innerdata_train.npy`,
`innerdata_val.npy`, `innerdata_extrasig_train.npy` and `innerdata_test.npy` of
github.com/HEPML-AnomalyDetection/CATHODE (`separated_data`): m_jj, mass of the lighter jet, difference of the
masses and tau21 of both, label. Without a folder it says so and ends.
"""

import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from models.made import Made
from models.registry import make_detector
from models.scikit.evaluation import sic_curve
from tests.models.toy import Events

FEATURES = ("light_mass", "mass_difference", "tau21_light", "tau21_heavy")
EFFICIENCIES = (1e-3, 1e-2)
LONGER = {"iterations": 100}
REFERENCES = {
    ("supervised", "one set of trees"): ("reference-trees", "signal", {"members": 1, **LONGER}),
    ("supervised", "30 sets of trees"): ("reference-trees", "signal", {"members": 30, **LONGER}),
    ("supervised", "10 networks"): ("reference-networks", "signal", {"members": 10}),
    ("idealised", "one set of trees"): ("reference-trees", "events", {"members": 1}),
    ("idealised", "50 sets of trees"): ("reference-trees", "events", {"members": 50}),
    ("idealised", "10 networks"): ("reference-networks", "events", {"members": 10}),
}


def samples(folder):
    """Background, data with some signal, pure signal, and the labelled test sample."""
    train, val, signal, test = (
        np.load(folder / f"innerdata_{name}.npy") for name in ("train", "val", "extrasig_train", "test")
    )
    # Supervised and idealised classifiers learn from another background each, neither of which is tested on.
    return {
        "signal": (as_events(train[train[:, -1] == 0]), as_events(signal)),
        "events": (as_events(val[val[:, -1] == 0]), as_events(train)),
        "test": (as_events(test), test[:, -1]),
    }


def as_events(rows):
    return Events(dict(zip(FEATURES, rows[:, 1:5].T, strict=True)))


def improvements(detector, against, of):
    """Significance improvement of a trained detector at each background efficiency."""
    background, other = of[against]
    events, labels = of["test"]
    score = detector.fit({"background": background, against: other}).score(events)["score"]
    improvement, efficiency, _, _ = sic_curve(labels, score)
    return [improvement[np.argmin(np.abs(efficiency - wanted))] for wanted in EFFICIENCIES]


def main(folder, seeds=3):
    of = samples(Path(folder))
    n_background = int(np.sum(of["test"][1] == 0))
    table = Table(title=f"significance improvement, {n_background:,} background events tested, {seeds} seeds")
    for heading in ("reference", "classifier"):
        table.add_column(heading)
    for efficiency in EFFICIENCIES:
        table.add_column(f"at {efficiency:g} ({n_background * efficiency:.0f} events)")
    table.add_column("CPU s each")
    for (reference, title), (name, against, options) in REFERENCES.items():
        start, found = time.process_time(), []
        for seed in range(1, seeds + 1):
            made = Made(name, {"features": FEATURES, "against": against, "folds": 1, "seed": seed, **options})
            found.append(improvements(make_detector(made), against, of))
        columns = zip(*found, strict=True)
        numbers = (f"{np.mean(one):.1f} ({min(one):.1f} to {max(one):.1f})" for one in columns)
        table.add_row(reference, title, *numbers, f"{(time.process_time() - start) / seeds:.0f}")
    Console(width=130).print(table)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("name the folder of the arrays (see the first lines of this file); nothing was measured")
    main(sys.argv[1], *map(int, sys.argv[2:]))
