"""What the autoencoder finds of simulated signals: trained on a QCD control region, judged at equal m_jj.

`python -m tests.models.variational_autoencoder.judged FOLDER` prints it for a folder that
`./run_analysis.py simulate --campaign` filled: qcd_sideband.root, qcd.root, and signals of any other name.
"""

import sys
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from rich.console import Console
from rich.table import Table

from models.cuts.score_categories import ScoreCategories
from models.variational_autoencoder.detector import VariationalAutoencoder
from selections import snapshot
from selections.blocks import stored_names
from selections.dijet import dijet, dijet_control_region
from selections.events import StoredEvents
from selections.sources import open_events

WINDOW = (2725.0, 3331.0)
PT = {"jet1": "jet1_pt", "jet2": "jet2_pt"}
CONSTITUENTS = tuple(f"{jet}_constituent" for jet in PT)
SIDEBAND, BACKGROUND = "qcd_sideband", "qcd"


def selected(file, folder, mjj_min, control=False):
    """Dijet events of a simulated file with their constituents."""
    common = {"mjj_min": mjj_min, "features": (), "constituents": True}
    selection = (
        dijet_control_region(delta_eta_min=1.4, unbalanced=False, **common) if control else dijet(**common)
    )
    columns = [name for column in (*CONSTITUENTS, *PT.values(), "mjj") for name in stored_names(column)]
    return StoredEvents(snapshot.write(selection(open_events(file)), folder / Path(file).name, columns))


def trained_on(sideband, events, **options):
    """The autoencoder of a control region, whose jets are weighted to the pt of events."""
    return VariationalAutoencoder(PT, **options).fit({"background": sideband, "events": events})


def in_window(events):
    """Events with m_jj in the window, where signals are compared with background."""
    return events.where((events["mjj"] > WINDOW[0]) & (events["mjj"] < WINDOW[1]))


def area_under_curve(signal, background):
    """Part of all pairs in which the signal has the higher score."""
    below = np.searchsorted(np.sort(background), signal)
    return float(below.mean() / len(background))


def improvement(signal, background, kept):
    """Signal efficiency over the root of the background efficiency, at a background efficiency."""
    return float((signal > np.quantile(background, 1 - kept)).mean() / np.sqrt(kept))


def judge(detector, background, signals):
    """For each signal area under the curve, and significance improvement at 1 % and 10 % of background."""
    qcd = detector.score(in_window(background))["score"]
    found = {}
    for name, events in signals.items():
        scores = detector.score(in_window(events))["score"]
        improved = (improvement(scores, qcd, kept) for kept in (0.01, 0.1))
        found[name] = (area_under_curve(scores, qcd), *improved)
    return found


def chi_square(mjj, kept):
    """Chi-square of the kept fraction in ten bins of m_jj, equally full, against a constant; 9 degrees."""
    edges = np.quantile(mjj, np.linspace(0, 1, 11))
    total, found = (np.histogram(one, edges)[0] for one in (mjj, mjj[kept]))
    expected = total * kept.mean()
    return float(((found - expected) ** 2 / (expected * (1 - kept.mean()))).sum())


def flatness(detector, background):
    """Chi-square by category of the cut, of all of them as one, and of a fixed threshold at 10 %."""
    scores, mjj = detector.score(background), background["mjj"]
    masks = ScoreCategories("mjj").learn(background, scores).masks(background, scores)
    masks |= {
        "together": np.any(list(masks.values()), axis=0),
        "fixed threshold": scores["score"] > np.quantile(scores["score"], 0.9),
    }
    return {name: chi_square(mjj, mask) for name, mask in masks.items()}


def main(folder, events=8000, **options):
    scratch = Path(mkdtemp())
    files = {file.stem: file for file in sorted(Path(folder).glob("*.root"))}
    chosen = {name: selected(file, scratch, 1900, control=name == SIDEBAND) for name, file in files.items()}
    sideband, background = chosen.pop(SIDEBAND), chosen.pop(BACKGROUND)
    detector = trained_on(sideband.where(np.arange(len(sideband)) < events), background, **options)
    table = Table(title=f"{min(events, len(sideband))} events of the control region, {options or 'defaults'}")
    for name in ("signal", "area under the ROC curve", "improvement at 1 %", "at 10 %"):
        table.add_column(name)
    for name, numbers in judge(detector, background, chosen).items():
        table.add_row(name, *(f"{number:.2f}" for number in numbers))
    Console().print(table)
    chi_squares = flatness(detector, background)
    Console().print(f"chi2 of 9 bins, {len(background)} events of background:")
    Console().print(", ".join(f"{name} {value:.1f}" for name, value in chi_squares.items()))


if __name__ == "__main__":
    words = dict(argument.split("=") for argument in sys.argv[2:])
    frame = {"frame": words["frame"]} if "frame" in words else {}
    main(sys.argv[1], **frame, **{key: int(value) for key, value in words.items() if key != "frame"})
