"""What the autoencoder of atlas-jet-x does for signals: the change of their significance in each region.

`python -m tests.benchmarks.jet_x` simulates the signals, trains on the embedded data and prints a table. The
significance is Z = sqrt(2 ((s + b) ln(1 + s / b) - s)), as in arXiv:2307.01612, of so many signal events in
all data and b events of a function fitted to the spectrum, within a tenth of the mass.
"""

from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis import searches
from analysis.simulation import simulate
from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background
from fits.spectrum import Spectrum, relative_edges
from models.autoencoder.detector import Autoencoder
from models.cuts.highest_scores import HighestScores
from selections import snapshot
from selections.events import StoredEvents
from selections.leptons import jet_and_lepton
from selections.rapidity_mass_matrix import INPUTS, PAIRS
from selections.sources import open_events

DATA = Path(searches.CONFIGURATIONS).parent / "samples" / "lepton_data.root"
LUMINOSITY = 7.0  # of the data, 1/pb
REGIONS = {"100 pb": 100 * LUMINOSITY, "50 pb": 50 * LUMINOSITY, "25 pb": 25 * LUMINOSITY}
N_SIGNAL = 20  # events in all data
N_SIMULATED = 150
SIGNALS = {
    "leptoquark, 800 GeV": ("lepton_leptoquark", 800.0, {"leptoquark_mass": 800.0}),
    "leptoquark, 2 TeV": ("lepton_leptoquark", 2000.0, {"leptoquark_mass": 2000.0}),
    "charged Higgs, 400 GeV": ("lepton_charged_higgs", 400.0, {"higgs_mass": 400.0}),
    "charged Higgs, 800 GeV": ("lepton_charged_higgs", 800.0, {"higgs_mass": 800.0}),
    "W_KK, 2 TeV": ("lepton_wkk_to_wphi", 2000.0, {"resonance_mass": 2000.0, "phi_mass": 500.0}),
}
EDGES = relative_edges(200, 6000, 0.05)


def significance(signal, background):
    """Of so many expected events, in standard deviations.

    >>> round(significance(10.0, 100.0), 2)
    0.98
    """
    return float(np.sqrt(2 * ((signal + background) * np.log1p(signal / background) - signal)))


def expected(masses, mass):
    """Events of the fitted background within a tenth of a mass; None where the spectrum cannot be fitted."""
    try:
        fit = fit_background(Spectrum(EDGES, np.histogram(masses, EDGES)[0].astype(float)), Dijet(2))
    except MaplessError:
        return None
    if not fit.converged:
        return None
    inside = (EDGES[:-1] > 0.9 * mass) & (EDGES[1:] < 1.1 * mass)
    return float(fit.expected_background()[inside].sum())


def selected(file, folder):
    """Events with their inputs and masses."""
    columns = ["run", "luminosity_block", "event", INPUTS, *(f"m_{pair}" for pair in PAIRS)]
    frame = jet_and_lepton()(open_events(file)).frame
    return StoredEvents(snapshot.write(frame, folder / f"selected_{Path(file).stem}.root", columns))


def rows(folder):
    """Of each signal the spectrum in which all events show it best, and Z there in all events and regions."""
    data = selected(DATA, folder)
    detector = Autoencoder(INPUTS, share=0.3, seed=1).fit({"events": data})
    losses = detector.score(data)
    cut = HighestScores(REGIONS).learn(data, losses)
    kept = {"all": np.ones(len(data), bool), **cut.masks(data, losses)}
    for name, (process, mass, parameters) in SIGNALS.items():
        file = folder / f"{process}_{mass:.0f}.root"
        simulate(process, N_SIMULATED, output=file, seed=81, workers=1, quality="tiny", **parameters)
        signal = selected(file, folder)
        of_signal = {"all": np.ones(len(signal), bool), **cut.masks(signal, detector.score(signal))}
        found = {}
        for pair in PAIRS:
            near = np.abs(signal[f"m_{pair}"] / mass - 1) < 0.1
            for region, mask in kept.items():
                background = expected(data[f"m_{pair}"][mask], mass)
                if background:
                    events = N_SIGNAL * np.mean(near & of_signal[region])
                    found.setdefault(pair, {})[region] = significance(events, background)
        best = max((pair for pair in found if "all" in found[pair]), key=lambda pair: found[pair]["all"])
        yield name, best, found[best]


def _change(found, region):
    """Of the significance in a region, in words; there is none where no signal is in the spectrum."""
    if not found["all"] or region not in found:
        return "–"
    return f"{100 * (found[region] / found['all'] - 1):+.0f} %"


def main():
    table = Table(title=f"Z of {N_SIGNAL} signal events, and its change in the regions")
    for column in ("signal", "spectrum", "all", *REGIONS):
        table.add_column(column)
    for name, pair, found in rows(Path(mkdtemp())):
        table.add_row(name, f"m_{pair}", f"{found['all']:.2f}", *(_change(found, one) for one in REGIONS))
    Console().print(table)


if __name__ == "__main__":
    main()
