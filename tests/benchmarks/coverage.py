"""Does what the fits say happen as often as they say? Toys of a dijet spectrum with and without a signal.

Every toy is fitted with background only and with signal, all side by side; the figure shows pulls, p-values
and how often asymptotic limits exclude the true signal, from 1e3 to 5e6 events.
Run: python -m tests.benchmarks.coverage docs
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table
from scipy import stats

from fits.backgrounds import Dijet, expected_counts
from fits.fit import SpectrumFit, fit_background, fit_signal, signal_term
from fits.likelihood.profile import ProfileLikelihood
from fits.limits.asymptotic import cls, upper_limit
from fits.many_fits import fit_many, fit_many_signals
from fits.many_profile_errors import profile_errors
from fits.plots.style import COLOURS, GREY, LABEL, style, write_label
from fits.signals import DoubleCrystalBall
from fits.spectrum import FloatArray, Spectrum, four_gev_edges
from fits.toys import poisson_toys

EDGES = four_gev_edges(1352, 8000)
TRUTH = np.array([0.0, 10.657, 3.551, -0.3282])
SIGNAL = DoubleCrystalBall(2970, 95, 1.187, 3.105, 1.77, 9.0, mass=3000)
NUMBERS_OF_EVENTS = (1e3, 1e4, 2e5, 5e6)
NAMES = (r"$10^3$ events", r"$10^4$ events", r"$2 \times 10^5$ events", r"$5 \times 10^6$ events")
CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Coverage:
    """Results of toys: failed or at-bound ones are left out and counted.

    `injected` is the true yield, the median expected limit; `pulls` those of the fitted yield in units of the
    profile error towards the true one, `hessian_pulls` of the error by curvature; `p_values` the local ones
    of toys without signal; `tail` the p-value of the true signal, `cls` the same as CLs.
    """

    n_events: float
    injected: float
    pulls: FloatArray
    hessian_pulls: FloatArray
    p_values: FloatArray
    tails: FloatArray
    cls: FloatArray
    n_failed: int
    n_at_bound: int


def measure(n_events: float, n_toys: int, rng: np.random.Generator) -> Coverage:
    """Coverage at 3 TeV for a background of so many events."""
    shape = expected_counts(Dijet(3), TRUTH, EDGES)
    background = n_events * shape / shape.sum()
    like = fit_background(Spectrum(EDGES, background), Dijet(3))
    injected = _expected_limit(like)
    peak = injected * signal_term(like.spectrum, SIGNAL).expected(np.ones(1))
    without = fit_many_signals(like, poisson_toys(background, n_toys, rng), [SIGNAL])
    toys = poisson_toys(background + peak, n_toys, rng)
    many, known = fit_many_signals(like, toys, [SIGNAL]), fit_many(like, toys, signal=peak)
    yields, best = many.signal_yields[:, 0], many.nll[:, 0]
    distances = 2 * (known.nll - best)
    # q-tilde: from the best yield that is not negative, zero above the true one.
    q = np.where(yields < 0, 2 * (known.nll - many.null.nll), np.where(yields > injected, 0, distances))
    q_asimov = 2 * fit_many(like, _filled(many.null.expected()), signal=peak).nll
    good = np.isfinite(q) & np.isfinite(q_asimov)
    excesses = yields - injected
    pulls = excesses / profile_errors(like, toys, SIGNAL, many, -np.sign(excesses))
    hessian_pulls = excesses / many.errors[:, 0]
    return Coverage(
        n_events,
        injected,
        pulls[np.isfinite(pulls)],
        hessian_pulls[np.isfinite(hessian_pulls)],
        stats.norm.sf(without.significances[without.spectra_converged, 0]),
        np.array([_tail(*pair) for pair in zip(q[good], q_asimov[good], strict=True)]),
        np.array([cls(*pair) for pair in zip(q[good], q_asimov[good], strict=True)]),
        int(np.count_nonzero(~good) + np.count_nonzero(~without.spectra_converged)),
        int(np.count_nonzero(many.at_bound)),
    )


def _expected_limit(like: SpectrumFit) -> float:
    profile = ProfileLikelihood(fit_signal(like, SIGNAL).likelihood, like.result.parameters)
    limit = upper_limit(profile, confidence_level=CONFIDENCE_LEVEL).median
    assert limit is not None
    return limit


def _filled(expected: FloatArray) -> FloatArray:
    """No events where the fit of a toy failed."""
    return np.nan_to_num(expected)


def _tail(q: float, q_asimov: float) -> float:
    """p-value of the signal hypothesis alone, arXiv:1007.1727, equation 65."""
    if q <= q_asimov:
        return float(stats.norm.sf(np.sqrt(q)))
    return float(stats.norm.sf((q + q_asimov) / (2 * np.sqrt(q_asimov))))


def plot(results: list[Coverage]) -> Figure:
    """Pulls, p-values of background, and exclusions of the true signal, for every number of events."""
    with style():
        figure, axes = plt.subplots(1, 3, figsize=(24, 7.5))
        colours = [colour for colour in COLOURS if colour != GREY]
        for result, name, colour in zip(results, NAMES, colours, strict=False):
            _draw_pulls(axes[0], result.pulls, colour, name)
            _draw_fractions(axes[1], result.p_values, colour, name)
            _draw_fractions(axes[2], result.tails, colour, name)
            _draw_fractions(axes[2], result.cls, colour, "", linestyle=":")
        x = np.linspace(-4, 4, 200)
        axes[0].plot(x, stats.norm.pdf(x), color="black", linewidth=1, label="unit Gaussian")
        axes[0].set(xlabel=r"Pull of the signal yield", ylabel="Fraction of toys per unit", ylim=(0, 0.72))
        titles = ("Local p-value of background", "p-value of the true signal (dotted: CLs)")
        for each, title, end in zip(axes[1:], titles, (0.5, 0.3), strict=True):
            line = np.linspace(1e-3, end, 100)
            spread = np.sqrt(line * (1 - line) / len(results[0].tails))
            each.fill_between(line, line - spread, line + spread, color=GREY, alpha=0.5, linewidth=0)
            each.set(xlabel=title, ylabel="Fraction of toys below", xlim=(0, end), ylim=(0, 1.15 * end))
        for each in axes:
            each.legend(loc="upper left", fontsize=13)
            write_label(each, LABEL)
        figure.tight_layout()
    return figure


def _draw_pulls(axes: Axes, pulls: FloatArray, colour: str, name: str) -> None:
    text = f"{name}: mean {pulls.mean():+.2f}, width {pulls.std():.2f}"
    edges = np.arange(-4, 4.01, 0.4)
    axes.hist(pulls, edges, density=True, histtype="step", color=colour, linewidth=2, label=text)


def _draw_fractions(axes: Axes, p_values: FloatArray, colour: str, label: str, linestyle: str = "-") -> None:
    ordered = np.sort(p_values)
    axes.step(
        ordered,
        np.arange(1, len(ordered) + 1) / len(ordered),
        where="post",
        color=colour,
        linestyle=linestyle,
        linewidth=2,
        label=label,
    )


def report(results: list[Coverage], console: Console) -> None:
    """Print a table."""
    table = Table(title="Coverage of fits with signal at 3 TeV")
    columns = (
        "events",
        "injected",
        "pull mean, width",
        "by curvature",
        "p < 0.05",
        "p_signal < 0.05",
        "CLs < 0.05",
    )
    for column in (*columns, "at bound", "failed"):
        table.add_column(column, justify="right")
    for result in results:
        pulls = [f"{p.mean():+.3f}, {p.std():.3f}" for p in (result.pulls, result.hessian_pulls)]
        below = [f"{np.mean(p < 0.05):.3f}" for p in (result.p_values, result.tails, result.cls)]  # noqa: PLR2004
        counts = [str(result.n_at_bound), str(result.n_failed)]
        table.add_row(f"{result.n_events:g}", f"{result.injected:.1f}", *pulls, *below, *counts)
    console.print(table)


def main() -> None:
    """Measure with 1,000 toys each, print a table, and draw the figure into a folder if one is given."""
    rng = np.random.default_rng(100)
    results = [measure(n_events, 1000, rng) for n_events in NUMBERS_OF_EVENTS]
    report(results, Console(width=130))
    if len(sys.argv) > 1:
        plot(results).savefig(Path(sys.argv[1]) / "coverage.png", dpi=60)


if __name__ == "__main__":
    main()
