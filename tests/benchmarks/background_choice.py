"""How the choice of the background function biases a signal, and what it costs: toys with injected signals.

Every toy is fitted with dijet functions of two to five parameters, without signal and with one at each of
nine masses; the choices of `fits.background_choice` pick from the same fits. The true background is a dijet
function whose efficiency rises by some per cent at 2.7 TeV, as a cut may make it. With a folder as argument
the table is written into its `background_choice.md`.
Run: python -m tests.benchmarks.background_choice 200 docs
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import optimize, stats

from fits.backgrounds import Dijet, expected_counts
from fits.fit import SpectrumFit, fit_background, signal_term
from fits.likelihood.background_descent import BackgroundDescent
from fits.many_fits import ManySignalFits, fit_many_signals
from fits.signals import GaussianSignal
from fits.spectrum import FloatArray, Spectrum, coarse, nearest_indices, sums_between
from fits.toys import poisson_toys

EDGES = np.arange(1860.0, 6101.0, 20.0)
CENTRES = 0.5 * (EDGES[1:] + EDGES[:-1])
SIZES = (2, 3, 4, 5)
MASS, MASSES = 3000.0, (2600.0, 2700.0, 2800.0, 2900.0, 3000.0, 3100.0, 3200.0, 3300.0, 3400.0)
MASKED = (CENTRES > 2725) & (CENTRES < 3331)  # noqa: PLR2004
SAMPLES = (
    (300, 0.0),
    (3000, 0.0),
    (3000, 0.1),
    (300_000, 0.0),
    (300_000, 0.03),
)  # events, rise of efficiency
WIDTHS = (0.02, 0.05, 0.10, 0.15)
INJECTED = 5.0  # standard deviations that a signal has beside a background of two parameters
TAIL = 2.326  # standard deviations that one in a hundred backgrounds exceeds
MARK = "<!-- table -->\n"

Test = Callable[[int, FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class Toys:
    """Fits of toys (n_toys, n_sizes): without signal, with the one at MASS, with the best one of any mass."""

    alone: FloatArray
    with_signal: FloatArray
    yields: FloatArray
    errors: FloatArray
    best: FloatArray
    chi_squares: FloatArray
    masked: FloatArray
    n_coarse: tuple[int, int]


def background(n_events: float, rise: float) -> FloatArray:
    """Expected events (n_bins,)."""
    shape = expected_counts(Dijet(2), [0.0, 9.5, 5.2], EDGES) * (1 + rise * np.tanh((CENTRES - 2700) / 500))
    return n_events * shape / shape.sum()


def fit_toys(expected: FloatArray, counts: FloatArray, width: float) -> Toys:
    """Fit counts (n_toys, n_bins) with all sizes; those of which a fit fails are left out."""
    signals = [GaussianSignal(width)(mass) for mass in MASSES]
    places = nearest_indices(EDGES, coarse(Spectrum(EDGES, expected)).edges)
    whole = np.add.reduceat(MASKED, places[:-1]) == 0
    likes = [fit_background(Spectrum(EDGES, expected), Dijet(size)) for size in SIZES]
    fits = [fit_many_signals(like, counts, signals) for like in likes]
    at = MASSES.index(MASS)
    rows = [
        (
            fit.null.nll,
            fit.nll[:, at],
            fit.signal_yields[:, at],
            fit.errors[:, at],
            _best(fit),
            _chi_square(counts, fit.null.expected(), places),
            _chi_square(counts, _masked(like, counts), places, whole),
        )
        for like, fit in zip(likes, fits, strict=True)
    ]
    columns = np.array(rows).transpose(1, 2, 0)
    known = np.all(np.isfinite(np.delete(columns, 3, axis=0)), axis=(0, 2))  # errors are not at a bound
    good = np.all([fit.spectra_converged for fit in fits], axis=0) & known
    return Toys(*columns[:, good], n_coarse=(len(places) - 1, int(whole.sum())))


def _best(fit: ManySignalFits) -> FloatArray:
    positive = np.where(fit.converged & (fit.signal_yields > 0), fit.nll, np.inf)
    return np.minimum(fit.null.nll, positive.min(axis=1))


def _chi_square(
    counts: FloatArray, expected: FloatArray, places: FloatArray, kept: FloatArray | slice = slice(None)
) -> FloatArray:
    pairs = zip(counts, expected, strict=True)
    sums = np.array([[sums_between(row, places) for row in pair] for pair in pairs])[..., kept]
    return np.sum((sums[:, 0] - sums[:, 1]) ** 2 / sums[:, 1], axis=-1)


def _masked(like: SpectrumFit, counts: FloatArray) -> FloatArray:
    """Background (n_toys, n_bins) fitted to what lies outside of the window, where it expects nothing."""
    term = copy.copy(like.background_term)
    term._widths = (term._widths.reshape(term._shape) * np.where(MASKED, 1e-12, 1.0)).ravel()
    outside = np.where(MASKED, 0.0, counts)
    starts = np.tile(like.background_values, (len(counts), 1))
    starts[:, 0] += np.log(outside.sum(axis=1) / like.expected_background()[~MASKED].sum())
    ends = BackgroundDescent(term, outside, starts @ np.linalg.inv(term.transform).T).run()
    return np.where(ends.converged[:, None], term.expected(ends.points), np.nan)


def choices(toys: Toys) -> Mapping[str, FloatArray]:
    """Places in SIZES (n_toys,) that each way chooses."""

    def f_test(chi_squares: FloatArray, n_bins: int) -> Test:
        left = n_bins - 1 - np.array(SIZES)

        def p_value(larger: int, best: FloatArray) -> FloatArray:
            old, new = chi_squares[np.arange(len(best)), best], chi_squares[:, larger]
            added = left[best] - left[larger]
            return stats.f.sf(np.maximum(old - new, 0) / added * left[larger] / new, added, left[larger])

        return p_value

    def ratio(larger: int, best: FloatArray) -> FloatArray:
        gain = toys.best[np.arange(len(best)), best] - toys.best[:, larger]
        return stats.chi2.sf(2 * np.maximum(gain, 0), larger - best)

    f_tests = f_test(toys.chi_squares, toys.n_coarse[0]), f_test(toys.masked, toys.n_coarse[1])
    n_toys = len(toys.alone)
    return {
        "always two": np.zeros(n_toys, int),
        "always three": np.ones(n_toys, int),
        "f-test, 0.1": _grown(f_tests[0], 0.1, n_toys),
        "window masked, 0.1": _grown(f_tests[1], 0.1, n_toys),
        "with-signal, 0.1": _grown(ratio, 0.1, n_toys),
        "with-signal, 0.3": _grown(ratio, 0.3, n_toys),
    }


def _grown(p_value: Test, threshold: float, n_toys: int) -> FloatArray:
    best = np.zeros(n_toys, int)
    for larger in range(1, len(SIZES)):
        best = np.where(p_value(larger, best) < threshold, larger, best)
    return best


def found(toys: Toys, injected: float) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Name of each choice with significances and pulls (n_toys,) of the yield at MASS."""
    rows = np.arange(len(toys.alone))
    for name, place in choices(toys).items():
        gain = 2 * (toys.alone[rows, place] - toys.with_signal[rows, place])
        yields = toys.yields[rows, place]
        significances = np.where(yields > 0, np.sqrt(np.maximum(gain, 0)), 0)
        yield name, significances, (yields - injected) / toys.errors[rows, place]
    penalty = 2.0 * np.arange(len(SIZES))
    alone, beside = 2 * toys.alone + penalty, 2 * toys.with_signal + penalty
    place = beside.argmin(axis=1)
    gain, yields = alone.min(axis=1) - beside.min(axis=1), toys.yields[rows, place]
    significances = np.where(yields > 0, np.sqrt(np.maximum(gain, 0)), 0)
    yield "envelope, penalty 2", significances, (yields - injected) / toys.errors[rows, place]


def events_of(expected: FloatArray, width: float) -> float:
    """Events of a signal at MASS that stands out by INJECTED beside two parameters."""
    like = fit_background(Spectrum(EDGES, expected), Dijet(2))
    signal = GaussianSignal(width)(MASS)
    mu, peak = like.expected_background(), signal_term(like.spectrum, signal).expected(np.ones(1))

    def missing(events: float) -> float:
        return float(fit_many_signals(like, [mu + events * peak], [signal]).significances[0, 0]) - INJECTED

    return float(optimize.brentq(missing, 1.0, 50 * np.sqrt(expected.sum()) + 200, xtol=0.1))


def measure(n_events: float, rise: float, width: float, n_toys: int) -> list[str]:
    """Rows of a Markdown table."""
    rng = np.random.default_rng([int(n_events), int(1000 * rise), int(1000 * width)])
    expected = background(n_events, rise)
    events = events_of(expected, width)
    peak = signal_term(Spectrum(EDGES, expected), GaussianSignal(width)(MASS)).expected(np.ones(1))
    without = fit_toys(expected, poisson_toys(expected, n_toys, rng), width)
    with_signal = fit_toys(expected, poisson_toys(expected + events * peak, n_toys, rng), width)
    rows = []
    for (name, low, bias), (_, high, pulls) in zip(
        found(without, 0.0), found(with_signal, events), strict=True
    ):
        rows.append(
            f"| {n_events:,} | {rise:.0%} | {width:.0%} | {name} | {np.mean(low > TAIL):.3f} | "
            f"{np.nanmean(bias):+.2f} | {np.median(high):.2f} | {np.nanmean(pulls):+.2f} |"
        )
    return rows


def main() -> None:
    """Print the table, or write it into a page."""
    n_toys = int(sys.argv[1])
    lines = [
        "| events | rise | width | choice | p < 0.01 | bias | median σ of 5 | bias of 5 σ |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for n_events, rise in SAMPLES:
        for width in WIDTHS:
            rows = measure(n_events, rise, width, n_toys)
            print("\n".join(rows), flush=True)
            lines += rows
    if len(sys.argv) > 2:  # noqa: PLR2004
        page = Path(sys.argv[2]) / "background_choice.md"
        page.write_text(page.read_text().partition(MARK)[0] + MARK + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
