"""Tag N' Train beside CWoLa Hunting with boosted trees, on the same events and seeds.

    python -m tests.benchmarks.tag_n_train FOLDER BACKGROUND.root... --signal SIGNAL.root EVENTS

BACKGROUND and SIGNAL are simulated with constituents (`./run_analysis.py simulate --campaign`); EVENTS of the
signal are injected, 0 for none. FOLDER keeps the selected events, with images, for the next time. For the
window B3 it prints the share of signal that passes where 1 % of the background does, how many standard
deviations that is above the background, the correlation of the errors of the autoencoder, and CPU seconds.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis.searches.cms_dijet import JET_FEATURES, WINDOWS
from models.tag_n_train.detector import TagNTrain
from models.tag_n_train.independence import independence
from models.weak_supervision.trees import CWoLaBoostedTrees
from selections.dijet import dijet, dijet_columns
from selections.events import StoredEvents, inject
from selections.jets import JetImage
from selections.snapshot import write
from selections.sources import open_events

WINDOW = WINDOWS["B3"]
INPUTS = {
    jet: tuple(f"{jet}_{name}" for name in ("softdrop_mass", *JET_FEATURES)) for jet in ("jet1", "jet2")
}
MATCH = {jet: f"{jet}_pt" for jet in INPUTS}


def selected(files, folder):
    """Events of files that pass the dijet selection, with images."""
    made = folder / f"{'_'.join(file.stem for file in files)}.root"
    if not made.exists():
        selection = dijet(mjj_min=1900, images=JetImage())
        frame = selection(open_events(files)).frame
        write(frame, made, ["run", "luminosity_block", "event", *dijet_columns(), "jet1_image", "jet2_image"])
    return StoredEvents(made)


def significance(score, events, background_share=0.01):
    """Share of the signal in the window above what a share of its background exceeds, and its excess."""
    inside = WINDOW.in_signal_region(events["mjj"])
    signal, background = (inside & (events["injected"] == number) for number in (1, 0))
    passed = score > np.quantile(score[background], 1 - background_share)
    expected = background_share * background.sum()
    return passed[signal].mean() if signal.any() else np.nan, passed[signal].sum() / np.sqrt(expected)


def correlation(scores, events):
    """Of the errors of both jets in the sidebands, for detectors that have them."""
    if len(scores) == 1:
        return ""
    found = independence(WINDOW, events["mjj"], scores["first_autoencoder"], scores["second_autoencoder"])
    return f"{found.correlation:.3f} ± {found.uncertainty:.3f}"


def main(arguments):
    table = Table(title=f"window {WINDOW}, 1 % of its background")
    for heading in ("signal", "seed", "detector", "signal kept", "S / sqrt(B)", "correlation", "CPU s"):
        table.add_column(heading)
    background = selected(arguments.background, arguments.folder)
    tagging = {key: int(value) for key, value in (option.split("=") for option in arguments.options)}
    for name, number in arguments.signal:
        signal = selected([Path(name)], arguments.folder)
        for seed in arguments.seeds:
            events = inject(background, signal, int(number), seed)
            events = events.where(WINDOW.contains(events["mjj"]))
            for detector in (
                CWoLaBoostedTrees(WINDOW, INPUTS, MATCH, seed=seed),
                TagNTrain(WINDOW, INPUTS, MATCH, seed=seed, **tagging),
            ):
                start = time.process_time()
                scores = detector.fit({"events": events}).score(events)
                row = [f"{Path(name).stem} ({number})", str(seed), type(detector).__name__]
                row += [f"{value:.2f}" for value in significance(scores["score"], events)]
                row += [correlation(scores, events), f"{time.process_time() - start:.0f}"]
                table.add_row(*row)
                print(*row, file=sys.stderr, flush=True)
    Console(width=160).print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("background", type=Path, nargs="+")
    parser.add_argument("--signal", nargs=2, action="append", required=True, metavar=("FILE", "EVENTS"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--options", nargs="*", default=[], help="of Tag N' Train, such as n_images=5000")
    main(parser.parse_args())
