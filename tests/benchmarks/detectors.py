"""Several detectors side by side on simulated data with one signal after the other injected.

Run as `python -m tests.benchmarks.detectors CONFIG SIGNAL=EVENTS... [--seeds 1 --seeds 2 ...]`. The
configuration is one of a search with detectors, and describes all samples; `nothing=0` injects no signal.
Printed is the local significance of every fit at the mass of the signal, the largest one where there is none.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.table import Table

REPOSITORY = Path(__file__).parents[2]
NOTHING = "nothing"


def significances(config: Path, output: Path, signal: str, n_events: int, seed: int) -> dict[str, float]:
    """Local significance of every fit of a run."""
    known = yaml.safe_load(config.read_text())
    detectors = known["detectors"]
    settings = [f"injections={{{signal}: {{n_events: {n_events}, seed: {seed}}}}}", f"signals=[{signal}]"]
    if signal == NOTHING:
        settings = ["injections={}"]
    if isinstance(detectors, dict):
        settings += [f"detectors.{name}.seed={seed}" for name in detectors]
    command = [sys.executable, str(REPOSITORY / "run_analysis.py"), "scan", f"--config={config}"]
    command += [f"--output={output}", "--set=global_significance.toys=0"]
    subprocess.run([*command, *(f"--set={one}" for one in settings)], check=True)
    mass = known["samples"].get(signal, {}).get("mass")
    fits = sorted(output.glob("stages/fit-*/results.json"), key=lambda path: path.stat().st_mtime)
    return {path.parent.name[4:-13]: _significance(json.loads(path.read_text()), mass) for path in fits}


def _significance(results: dict, mass: float | None) -> float:
    points = [point for part in results["parts"] for point in part["search"]["scan"]["points"]]
    return max(point["significance"] for point in points if mass is None or point["mass"] == mass)


def main(
    config: Path,
    signals: Annotated[list[str], typer.Argument(metavar="SIGNAL=EVENTS")],
    seeds: Annotated[list[int], typer.Option()] = [1],  # noqa: B006  (typer copies it)
) -> None:
    """Run the search for every signal and seed and print the table."""
    rows: dict[str, dict[str, float]] = {}
    for one in signals:
        signal, _, n_events = one.partition("=")
        for seed in seeds:
            with TemporaryDirectory() as folder:
                found = significances(config, Path(folder) / "output", signal, int(n_events), seed)
            rows[f"{one}, seed {seed}"] = found
            print(f"{one}, seed {seed}: {found}", file=sys.stderr, flush=True)
    fits = list(dict.fromkeys(name for found in rows.values() for name in found))
    table = Table("signal", *fits, title="local significance")
    for name, found in rows.items():
        table.add_row(name, *(f"{found[fit]:.2f}" if fit in found else "–" for fit in fits))
    Console(width=40 + 20 * len(fits)).print(table)


if __name__ == "__main__":
    typer.run(main)
