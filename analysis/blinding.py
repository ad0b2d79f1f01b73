"""The signal region of data stays closed until the closure test has passed and the user says `--unblind`."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from analysis.configuration import Configuration
from analysis.stages import Stage
from errors import MaplessError
from models.mass_windows import MassWindow


def is_closed(configuration: Configuration, *, unblind: bool) -> bool:
    """Tell whether the signal region must not be looked at."""
    return configuration.events.is_data and not unblind


def require_closure(closure: Stage | None, output: Path) -> None:
    """Raise MaplessError unless the closure test of this configuration was run and passed."""
    if closure is None:
        raise MaplessError(
            "--unblind needs a closure test; name simulated events in closure.background_files"
        )
    if not closure.is_done(output):
        raise MaplessError("--unblind needs the closure report; run the same command without --unblind first")
    failed = [check["name"] for check in read_closure(closure.folder(output)) if not check["passed"]]
    if failed:
        raise MaplessError(
            f"--unblind refused: closure failed ({', '.join(failed)}); see the report, mend and rerun"
        )


def read_closure(folder: Path) -> list[dict]:
    """Return the checks of a finished closure stage."""
    return json.loads((folder / "closure.json").read_text())


def outside_windows(mjj: np.ndarray, windows: Iterable[MassWindow]) -> np.ndarray:
    """Return the mask, shape (n,), of events outside all mass windows."""
    return ~np.any([window.in_signal_region(mjj) for window in windows], axis=0)
