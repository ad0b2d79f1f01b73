"""Tables of limits as CSV and LaTeX."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from analysis.report.limit_rows import INCLUSIVE, LimitRow, best_rows

COLUMNS = (
    *("signal", "sample", "mass_gev", "daughters_gev", "method", "expected_fb"),
    *("expected_minus2_fb", "expected_minus1_fb", "expected_plus1_fb", "expected_plus2_fb", "observed_fb"),
    *("three_sigma_fb", "five_sigma_fb", "improvement", "efficiency", "efficiency_error", "status"),
)
_LATEX = {"→": r"$\to$", "′": r"$^{\prime}$", "*": r"$^{*}$", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#"}


def write_tables(rows: Sequence[LimitRow], folder: Path) -> None:
    """Write `limits.csv` with all rows, `best_limits.tex` and `discovery.tex` with the best hunts."""
    folder.mkdir(exist_ok=True)
    with (folder / "limits.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(map(_csv_row, rows))
    best = best_rows(rows)
    (folder / "best_limits.tex").write_text(
        _latex(
            ("Signal", "Daughter masses [GeV]", "Method", "Exp. (obs.) limit [fb]", "Improvement"),
            [
                (*_head(row), row.method, f"{_number(row.median)} ({_number(row.observed)})", _ratio(row))
                for row in best
            ],
        ),
        encoding="utf-8",
    )
    inclusive = {row.signal.sample: row for row in rows if row.method == INCLUSIVE}
    (folder / "discovery.tex").write_text(
        _latex(
            ("Signal", "Daughter masses [GeV]", "Method", r"$3\sigma$ [fb]", r"$5\sigma$ [fb]", "Inclusive"),
            [
                (
                    *_head(row),
                    row.method,
                    *map(_number, row.reach),
                    _reach_of(inclusive.get(row.signal.sample)),
                )
                for row in best
            ],
        ),
        encoding="utf-8",
    )


def _csv_row(row: LimitRow) -> Iterable[object]:
    expected = row.expected or (None,) * 5
    numbers = (expected[2], expected[0], expected[1], expected[3], expected[4], row.observed, *row.reach)
    last = (row.improvement, row.efficiency, row.error)
    head = (row.signal.title, row.signal.sample, f"{row.mass:g}", row.signal.daughters, row.method)
    return (*head, *(_plain(number) for number in (*numbers, *last)), row.status)


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:.5g}"


def _head(row: LimitRow) -> tuple[str, str]:
    return f"{row.signal.title}, {row.mass / 1000:g} TeV", row.signal.daughters or "--"


def _number(number: float | None) -> str:
    return "--" if number is None else f"{number:.3g}"


def _ratio(row: LimitRow) -> str:
    return "--" if row.improvement is None else f"{row.improvement:.1f}"


def _reach_of(row: LimitRow | None) -> str:
    return "--" if row is None else " / ".join(map(_number, row.reach))


def _latex(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" & ".join(header) + r" \\", r"\hline"]
    lines += [" & ".join(_escaped(cell) for cell in row) + r" \\" for row in rows]
    return "\n".join([rf"\begin{{tabular}}{{{'l' * len(header)}}}", *lines, r"\end{tabular}", ""])


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
