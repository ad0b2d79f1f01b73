"""Stage `scan`: fits the dijet spectrum before and after the anomaly cut and scans the local p-value."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analysis.configuration import Configuration, FitSettings
from analysis.stages import write_json
from analysis.train import load_events
from errors import MaplessError
from fits.background_choice.model_choice import choose_background
from fits.backgrounds import Dijet
from fits.signals import DoubleCrystalBall
from fits.significance.mass_scan import scan_masses
from fits.spectrum import Spectrum, four_gev_edges
from models.mass_windows import MassWindow, masses_of_window


def scan(
    configuration: Configuration,
    windows: Mapping[str, MassWindow],
    select_folder: Path,
    train_folders: Mapping[str, Path],
    folder: Path,
) -> None:
    """Write `results.json`: spectrum, background fit and mass scan, before the cut and for each window."""
    events = load_events(select_folder, configuration)
    signal = signal_shape(configuration, select_folder)
    results = {
        "inclusive": fit_and_scan(events["mjj"], signal, scan_points(configuration), configuration.fit)
    }
    for name, train_folder in train_folders.items():
        masses = masses_of_window(windows, name, scan_points(configuration))
        kept = _kept(name, train_folder)
        results[name] = fit_and_scan(events["mjj"][kept], signal, masses, configuration.fit)
        results[name] |= _window_numbers(windows[name], kept, events["is_injected"])
    write_json(folder / "results.json", {"signal_shape": signal.to_json(), "spectra": results})


def signal_shape(configuration: Configuration, select_folder: Path) -> DoubleCrystalBall:
    """Fit the double Crystal Ball to the simulated signal that passes the selection."""
    from selections.snapshot import read

    file = select_folder / "signal.root"
    if not file.is_file():
        raise MaplessError("scan.signal_files is empty; the scan needs simulated signal for its shape")
    mjj = read(file, ["mjj"])["mjj"]
    return DoubleCrystalBall.fit(mjj, configuration.scan.signal_mass)


def scan_points(configuration: Configuration) -> np.ndarray:
    """Return the resonance masses of the scan in GeV."""
    settings = configuration.scan
    steps = int((settings.mass_high - settings.mass_low) / settings.mass_step + 1e-9)
    return settings.mass_low + settings.mass_step * np.arange(steps + 1)


def fit_and_scan(
    mjj: np.ndarray, signal: DoubleCrystalBall, masses: np.ndarray, settings: FitSettings
) -> dict[str, Any]:
    """Fit the background to m_jj values of shape (n,) in GeV, test the fit and scan the masses."""
    spectrum = Spectrum.from_values(mjj, four_gev_edges(settings.mjj_low, settings.mjj_high))
    choice = choose_background(
        spectrum,
        signal.mean,
        family=[Dijet(n) for n in settings.parameters],
        threshold=settings.f_test_threshold,
        largest_relative_error=settings.largest_relative_error,
    )
    points = scan_masses(spectrum, choice.fit.background, signal.scaled_to, masses)
    return {
        "n_events": int(spectrum.total),
        "spectrum": spectrum.to_json(),
        "n_background_parameters": choice.fit.n_parameters,
        "choice": choice.to_json(),
        "scan": points.to_json(),
    }


def _kept(name: str, train_folder: Path) -> np.ndarray:
    scores = np.load(train_folder / "scores.npz")
    kept = scores["score"] > scores["threshold"]
    if not kept.any():
        raise MaplessError(f"window {name}: no event passes the anomaly cut; raise detector.kept_fraction")
    return kept


def _window_numbers(window: MassWindow, kept: np.ndarray, injected: np.ndarray) -> dict[str, Any]:
    return {
        "window": [window.low, window.high],
        "kept_fraction": window.kept_fraction,
        "injected": int(injected.sum()),
        "injected_kept": int((kept & injected).sum()),
    }
