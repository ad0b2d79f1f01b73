"""What `./run_analysis.py fit` writes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.commands.fit.options import FitOptions
from analysis.engine import provenance
from analysis.engine.json_file import write_json
from analysis.engine.output_folder import move_in, partial_folder
from fits.export.write_exports import write_exports
from fits.resonance_search import Report, ResonanceResults

DOTS_PER_INCH = 130


def write_results(results: ResonanceResults, options: FitOptions, report: Report) -> dict[str, Any]:
    """Write `results.json`, `plots/*.{png,pdf}` and the exports, then move them into the claimed output.

    `results.json` moves last: where it exists, everything else does. Returns what it holds.
    """
    with partial_folder(options.output) as partial:
        stored = results.to_json()
        _write_plots(stored, options.label, partial / "plots", report)
        write_exports(results, partial)
        inputs = {name: value for name, value in vars(options).items() if name not in ("settings", "masses")}
        write_json(partial / "results.json", stored | {"inputs": inputs} | provenance.environment())
        move_in(partial, options.output)
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
