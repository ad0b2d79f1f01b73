"""CWoLa Hunting that sees jets one by one, both at once, or the event, on simulated events.

    python -m tests.benchmarks.views BACKGROUND.root... --signal SIGNAL.root EVENTS [--seeds 1 2]
        [--views event both-jets] [--detector cwola-hunting-trees] [--resonance SIGNAL.root]
        [--events 49400] [--low 1904]

EVENTS of the signal are injected, 0 for none. For window B3 it prints how much of signal and background
passes where 1 % of the sidebands does, how many standard deviations of background that is, and how
significant where the background is known; then the largest local significance that the fit of the dijet
spectrum, from `low` (GeV) on, finds at one of the masses from 2.7 to 3.1 TeV with both choices of function
(docs/background_choice.md), and where: a resonance as wide as the signal, or as that of another file.
`events` of the background are taken at random, by default all. The last column is CPU seconds.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis import searches
from analysis.searches.cms_dijet_windows import WINDOWS
from errors import MaplessError
from fits.background_choice.smooth import Smooth
from fits.resonance_categories import ResonanceCategory
from fits.resonance_search import search_for_resonance
from fits.resonance_settings import ResonanceSettings
from fits.signals import DoubleCrystalBall, signal_from_json
from fits.spectrum import four_gev_edges, unweighted_spectrum
from models.cuts.sideband_efficiency import SidebandEfficiency
from models.registry import make_detector
from selections.dijet import dijet
from selections.events import EventTable, inject
from selections.sources import open_events
from tests.benchmarks.detector_cells import counted_significance

WINDOW, MASS = WINDOWS["B3"], 3000.0
MASSES = (2700.0, 2800.0, 2900.0, MASS, 3100.0)
LOWEST, HIGHEST = 1904.0, 6100.0


def detector(name: str, view: str, seed: int):
    """A detector of the search that sees a view of the events."""
    override = f"detectors={{one: {{detector: {name}, seed: {seed}, options: {{view: {view}}}}}}}"
    (hunt,) = searches.declare(searches.load("cms-dijet", None, (override,))).hunts
    return make_detector(hunt.detector, window=WINDOW, threads=1)


def selected(files, columns) -> EventTable:
    """Events of files that pass the dijet selection, in memory."""
    frame = dijet(mjj_min=LOWEST)(open_events([Path(file) for file in files])).frame
    return EventTable(frame.AsNumpy(["run", "luminosity_block", "event", "weight", *columns]))


def shape(events: EventTable):
    """What a resonance of so many events looks like at every mass."""
    fitted = DoubleCrystalBall.fit(events["mjj"], MASS, np.ones(len(events)))
    return signal_from_json(fitted.to_json())


def significance(mjj, signal, choice: str, low: float) -> str:
    """Largest local significance of the fit of a spectrum, and its mass."""
    spectrum = unweighted_spectrum(mjj, four_gev_edges(low, HIGHEST), np.ones(len(mjj)))
    settings = ResonanceSettings(MASSES, Smooth(parameters=(2, 3, 4), choice=choice), choice_mass=MASS)
    try:
        found = search_for_resonance([ResonanceCategory("all", spectrum)], signal, settings)
    except MaplessError as error:
        return str(error)
    largest = found.scan.most_significant
    return f"{largest.significance:.2f} at {largest.mass:g}"


def counted(events, kept) -> list[str]:
    """Signal and background that is kept in the window, and how much that is above what would be without."""
    inside = WINDOW.in_signal_region(events["mjj"])
    signal, background = (inside & (events["injected"] == number) for number in (1, 0))
    found, beside = (kept & signal).sum(), (kept & background).sum()
    shares = ((kept & which).sum() / max(1, which.sum()) for which in (signal, background))
    significant = found / np.sqrt(beside), counted_significance(found, beside)
    return [*(f"{share:.1%}" for share in shares), *(f"{one:.1f}" for one in significant)]


def main(arguments) -> None:
    columns = {
        name
        for view in arguments.views
        for name in detector(arguments.detector, view, 1).columns["events"]
        if name != "key"
    }
    background = selected(arguments.background, sorted(columns))
    if arguments.events:
        order = np.random.default_rng(5).permutation(len(background))
        background = background.where(np.isin(np.arange(len(background)), order[: arguments.events]))
    resonance = arguments.resonance and shape(selected([arguments.resonance], ["mjj"]))
    table = Table(title=f"{arguments.detector}, {len(background):,} events of background")
    for heading in ("signal", "seed", "view", "signal kept", "background kept", "S / sqrt(B)", "counted"):
        table.add_column(heading)
    for heading in ("fit, f-test", "fit, with-signal", "CPU s"):
        table.add_column(heading)
    for file, number in arguments.signal:
        signal = selected([file], sorted(columns))
        peak = resonance or shape(signal)
        for seed in arguments.seeds:
            events = inject(background, signal, int(number), seed)
            near = events.where(WINDOW.contains(events["mjj"]))
            for view in arguments.views:
                start = time.process_time()
                scores = detector(arguments.detector, view, seed).fit({"events": near}).score(events)
                kept = SidebandEfficiency(WINDOW).learn(events, scores).masks(events, scores)["kept"]
                row = [f"{Path(file).stem} ({number})", str(seed), view, *counted(events, kept)]
                mjj = events["mjj"][kept]
                row += [significance(mjj, peak, one, arguments.low) for one in ("f-test", "with-signal")]
                row.append(f"{time.process_time() - start:.0f}")
                table.add_row(*row)
                print(*row, file=sys.stderr, flush=True)
    Console(width=160).print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("background", type=Path, nargs="+")
    parser.add_argument("--signal", nargs=2, action="append", required=True, metavar=("FILE", "EVENTS"))
    parser.add_argument("--resonance", type=Path, help="whose width the fit looks for")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--views", nargs="+", default=["jets", "both-jets", "event"])
    parser.add_argument("--events", type=int, help="of the background")
    parser.add_argument("--low", type=float, default=LOWEST, help="where the fitted spectrum begins (GeV)")
    parser.add_argument("--detector", default="cwola-hunting-trees")
    main(parser.parse_args())
