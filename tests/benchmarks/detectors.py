"""The detectors of a search over injections and over parts of its background; what is done is stored.

    python -m tests.benchmarks.detectors CONFIG OUTPUT [--detectors event cwola] [--signals SAMPLE ...]
        [--strengths 0 1 2 3] [--seeds 1 2 3 4 5] [--parts 20] [--document docs/detectors.md]

CONFIG is that of a search on simulated events with one window, whose data are background. A strength of 1
injects what counting in the window sees at two standard deviations without a detector. With `--parts` the
sample is cut into so many instead, and each of them searched. Every cell, a detector on a sample, is a file
of OUTPUT/cells: one that is there is not made again, and tables are of all that are there, whoever made them.
So the command can be stopped and repeated; another CONFIG needs another OUTPUT. `--document` writes the
tables between the marks of a document.
"""

import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from analysis import searches
from analysis.engine.json_file import read_json, write_json
from analysis.engine.tensorflow_process import limit_tensorflow
from analysis.plan import Plan
from tests.benchmarks.detector_cells import INCLUSIVE, Sample, SelectedSearch, cell

_TOYS = 300

Cells = list[dict[str, Any]]


def make_cells(arguments: argparse.Namespace) -> None:
    """Make the cells that are asked for and missing."""
    cells = arguments.output / "cells"
    cells.mkdir(parents=True, exist_ok=True)
    limit_tensorflow(1)
    settings = searches.load(None, arguments.config)
    search = SelectedSearch(Plan(searches.declare(settings), settings), arguments.output)
    hunts = {INCLUSIVE: None} | {hunt.name: hunt for hunt in search.search.hunts}
    signals = arguments.signals or search.search.spectra[0].signal.samples
    for sample in samples(signals, arguments.strengths, arguments.seeds, arguments.parts):
        for name in arguments.detectors or hunts:
            file = cells / f"{name}-{sample.name}.json"
            if not file.exists():
                made = cell(search, hunts[name], sample, _TOYS if arguments.parts else 0)
                write_json(file, made)
                print(file.stem, made, file=sys.stderr, flush=True)


def samples(signals: list[str], strengths: list[int], seeds: list[int], parts: int) -> list[Sample]:
    """All samples that are searched: parts of background, or injections."""
    if parts:
        return [Sample(part=part, parts=parts) for part in range(parts)]
    named = [
        Sample(signal if strength else "", strength, seed)
        for seed in seeds
        for strength in strengths
        for signal in signals
    ]
    return list(dict.fromkeys(named))


def injection_table(cells: Cells) -> list[str]:
    """Rows of signals and strengths: counted and fitted significance, means of the seeds that are there."""
    chosen = [one for one in cells if one["parts"] == 1]
    detectors = list(dict.fromkeys(one["detector"] for one in chosen))
    rows = defaultdict(lambda: defaultdict(list))
    for one in chosen:
        rows[one["signal"], one["strength"]][one["detector"]].append(one)
    lines = [
        f"| signal | strength | events | {' | '.join(detectors)} |",
        "| --- " * (3 + len(detectors)) + "|",
    ]
    for (signal, strength), row in sorted(rows.items()):
        n_events = max(one["n_injected"] for some in row.values() for one in some)
        found = " | ".join(_seeds(row[name]) for name in detectors)
        lines.append(f"| {signal or 'none'} | {strength} | {n_events} | {found} |")
    return lines


def _seeds(cells: Cells) -> str:
    """Counted and fitted significance with their spread over seeds, and the number of these."""
    if not cells:
        return "–"
    counted = [one["counted"] for one in cells]
    fitted = [max(one["fitted"].values()) for one in cells if one["fitted"]]
    if not any(one["strength"] for one in cells):
        counted = []
    texts = [_spread(values) for values in (counted, fitted)]
    return f"{' / '.join(texts)} ({len(cells)})"


def _spread(values: list[float]) -> str:
    if not values:
        return "–"
    spread = f" ± {np.std(values, ddof=1):.1f}" if len(values) > 1 else ""
    return f"{np.mean(values):.1f}{spread}"


def part_table(cells: Cells) -> list[str]:
    """Rows of detectors: how their global p-values of parts of background are distributed."""
    rows = defaultdict(list)
    for one in cells:
        if one["parts"] > 1:
            rows[one["detector"], one["parts"]].append(one)
    heads = ("parts", "failed fits", "smallest global p", "mean", "uniform (Kolmogorov-Smirnov p)", "largest")
    lines = [f"| detector | {' | '.join(heads)} |", "| --- " * (1 + len(heads)) + "|"]
    for (detector, parts), some in rows.items():
        p_values = np.array([one["global_p_value"] for one in some if one.get("global_p_value") is not None])
        if not len(p_values):
            continue
        uniform = stats.kstest(p_values, "uniform").pvalue
        lines.append(
            f"| {detector} | {len(some)} of {parts} | {sum('failed' in one for one in some)} "
            f"| {p_values.min():.3f} | {p_values.mean():.2f} | {uniform:.2f} "
            f"| {stats.norm.isf(p_values.min()):.1f} σ |"
        )
    return lines


def write_between_marks(document: Path, name: str, lines: list[str]) -> None:
    """Put lines between `<!-- name -->` and `<!-- end of name -->` of a document."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    text = document.read_text()
    if not pattern.search(text):
        raise SystemExit(f"{document} has no {begin} … {end}")
    table = "\n".join([begin, *lines, end])
    document.write_text(pattern.sub(lambda _: table, text))


def main(arguments: argparse.Namespace) -> None:
    if not arguments.tables_only:
        make_cells(arguments)
    cells = [read_json(file) for file in sorted((arguments.output / "cells").glob("*.json"))]
    tables = {"injections": injection_table(cells), "parts of background": part_table(cells)}
    for name, lines in tables.items():
        print(*lines, sep="\n")
        if arguments.document:
            write_between_marks(arguments.document, name, lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--detectors", nargs="+", help="hunts of the search, or inclusive; by default all")
    parser.add_argument("--signals", nargs="+", help="samples; by default those of the search")
    parser.add_argument("--strengths", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--parts", type=int, default=0, help="of the background, in place of injections")
    parser.add_argument("--tables-only", action="store_true", help="make no cell")
    parser.add_argument("--document", type=Path, help="write the tables between its marks")
    main(parser.parse_args())
