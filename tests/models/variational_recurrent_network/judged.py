"""How jets of signals rank above those of QCD: by the network, which learns from both, and by taggers.

`python -m tests.models.variational_recurrent_network.judged FOLDER events=40000 length=20` prints it for a
folder that `./run_analysis.py simulate --campaign` filled: qcd.root, and signals of any other name. Files of
LHC Olympics jets, as the public code of the network has them, are read too: FOLDER/NAME.hdf5.
"""

import sys
from pathlib import Path
from tempfile import mkdtemp

import h5py
import numpy as np
from rich.console import Console
from rich.table import Table

from models.variational_recurrent_network.detector import VariationalRecurrentNetwork
from selections import snapshot
from selections.blocks import stored_names
from selections.dijet import dijet
from selections.events import EventTable, StoredEvents, concatenate
from selections.sources import open_events

JETS = ("jet1_constituent", "jet2_constituent")
TAGGERS = ("jet1_tau21", "jet1_tau32")
"""Lower for more prongs than one, and than two."""
BACKGROUND = "qcd"
CONTAMINATION = 0.01  # of the events that are learnt from, each signal


def selected(file, folder, max_events=None):
    """Dijet events of a simulated file with constituents; the first jet is the one with the larger mass."""
    selection = dijet(mjj_min=1900, features=("tau1", "tau2", "tau3"), constituents=True)
    columns = [name for column in (*JETS, *TAGGERS) for name in stored_names(column)]
    frame = selection(open_events(file, max_events=max_events))
    return StoredEvents(snapshot.write(frame, folder / f"{Path(file).stem}.root", columns))


def public_jets(file):
    """The leading jets of a file (n_events, jets, 1 + particles, 4), whose first row is the jet."""
    with h5py.File(file) as stored:
        constituents = stored["constituents"][:, 0, 1:, :3].astype(np.float32)
    name = np.arange(len(constituents), dtype=np.uint64)
    return EventTable({"run": name, "luminosity_block": name, "event": name, JETS[0]: constituents})


def trained_on(background, signals, **options):
    """The network of all jets of the background with a little of every signal in it."""
    some = [one.where(np.arange(len(one)) < CONTAMINATION * len(background)) for one in signals]
    return VariationalRecurrentNetwork(JETS, JETS[0], **options).fit(
        {"events": concatenate(background, *some)}
    )


def area_under_curve(signal, background):
    """Part of all pairs in which the signal has the higher score, and its error (DeLong et al., 1988)."""
    lower = np.searchsorted(np.sort(background), signal) / len(background)
    higher = 1 - np.searchsorted(np.sort(signal), background) / len(signal)
    return lower.mean(), np.sqrt(lower.var() / len(signal) + higher.var() / len(background))


def judge(detector, background, signals):
    """For each signal the area under the curve, with its error, of the network and of every tagger."""
    scores = {name: detector.score(one)["score"] for name, one in {BACKGROUND: background, **signals}.items()}
    found = {}
    for name, events in signals.items():
        found[name] = {"score": area_under_curve(scores[name], scores[BACKGROUND])}
        for tagger in TAGGERS:
            if tagger in events.columns:
                found[name][tagger] = area_under_curve(-events[tagger], -background[tagger])
    return found


def main(folder, events=40_000, **options):
    scratch = Path(mkdtemp())
    chosen = {file.stem: selected(file, scratch, events) for file in sorted(Path(folder).glob("*.root"))}
    background = chosen.pop(BACKGROUND)
    detector = trained_on(background, list(chosen.values()), **options)
    public = {file.stem: public_jets(file) for file in sorted(Path(folder).glob("*.hdf5"))}
    table = Table(title=f"Areas under the curve, {len(background):,} events of QCD, {options or 'defaults'}")
    for name in ("signal", "score", *TAGGERS):
        table.add_column(name)
    for name, areas in judge(detector, background, chosen | public).items():
        table.add_row(name, *(f"{area:.3f} ± {error:.3f}" for area, error in areas.values()))
    Console().print(table)


if __name__ == "__main__":
    words = dict(argument.split("=") for argument in sys.argv[2:])
    main(sys.argv[1], **{key: int(value) for key, value in words.items()})
