"""What `./run_analysis.py fit` writes."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.commands.fit.options import FitOptions
from analysis.engine import provenance
from analysis.engine.json_file import write_json
from fits.export.write_exports import write_exports
from fits.resonance_search import Report, ResonanceResults

DOTS_PER_INCH = 130


def write_results(results: ResonanceResults, options: FitOptions, report: Report) -> dict[str, Any]:
    """Write `results.json`, `plots/*.{png,pdf}` and the exports beside the output, then move them in.

    `results.json` moves last: where it exists, everything else does. Returns what it holds.
    """
    output = options.output
    partial = output.with_name(f".{output.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        stored = results.to_json()
        _write_plots(stored, options.label, partial / "plots", report)
        write_exports(results, partial)
        inputs = {name: value for name, value in vars(options).items() if name != "search"}
        write_json(partial / "results.json", stored | {"inputs": inputs} | provenance.environment())
        for file in sorted(partial.rglob("*"), key=lambda file: file.name == "results.json"):
            _move_in(file, output / file.relative_to(partial))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return stored


def _write_plots(stored: Mapping[str, Any], label: str, folder: Path, report: Report) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from fits.plots.resonance_search import resonance_figures

    figures = resonance_figures(stored, label=label)
    folder.mkdir()
    for done, (name, figure) in enumerate(figures.items(), start=1):
        figure.savefig(folder / f"{name}.pdf")
        figure.savefig(folder / f"{name}.png", dpi=DOTS_PER_INCH)
        report("plots", done, len(figures))


def _move_in(file: Path, target: Path) -> None:
    if file.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
