"""Scanning all connected regions of many distributions: tables against an integral for every region.

The plain scan does what the words say: it loops over the regions of every pseudo-experiment and integrates
the prior for each (scipy.integrate.quad); it is timed on a few pseudo-experiments, whose smallest p-values
must agree. CPU seconds, of one process.
Run as `python -m tests.benchmarks.region_scan [distributions] [pseudo-experiments]`.
"""

import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import integrate, special, stats

from fits.region_scan.distribution import Distribution
from fits.region_scan.local_p_values import FLOOR, LocalPValues
from fits.region_scan.pseudo_experiments import common_shifts, pseudo_experiments
from fits.region_scan.regions import allowed_regions
from fits.region_scan.scan import ScanSettings, scan
from tests.fits.region_scan.conftest import falling

N_BINS, FEW = 27, 3


def distributions(number: int) -> list[Distribution]:
    """From three to 300,000 events each."""
    sizes = np.geomspace(3, 3e5, number)
    return [falling(float(size), N_BINS, f"distribution {i}", seed=i) for i, size in enumerate(sizes)]


def plain_p_value(count: float, mean: float, error: float) -> float:
    """One region."""

    def integrand(x: float) -> float:
        tail = special.gammainc(count, x) if count >= mean else special.gammaincc(count + 1, x)
        return float(tail * np.exp(-0.5 * ((x - mean) / error) ** 2))

    if count == 0 and count >= mean:
        return 1.0
    ends = max(mean - 8 * error, 0.0), mean + 8 * error
    norm = error * np.sqrt(2 * np.pi) * stats.norm.cdf(mean / error)
    return max(integrate.quad(integrand, *ends, points=[mean], limit=100)[0] / norm, FLOOR)


def plain_scan(one: Distribution, rounds: np.ndarray) -> list[float]:
    """Smallest p-values of some pseudo-experiments."""
    regions = allowed_regions(one)
    smallest = []
    for counts in rounds:
        tested = zip(regions.counts(counts[None])[0], regions.mean, regions.error, strict=True)
        smallest.append(min(plain_p_value(*region) for region in tested))
    return smallest


def main() -> None:
    number, n_rounds = (int(text) for text in (sys.argv[1:] or ("1000", "1000")))
    some = distributions(number)
    start, elapsed = time.process_time(), time.perf_counter()
    settings = ScanSettings(n_rounds=n_rounds, largest_n_rounds=n_rounds)
    scan(some, settings, workers=1)
    ours, elapsed = time.process_time() - start, time.perf_counter() - elapsed
    plain, largest = 0.0, 0.0
    sampled = some[:: max(number // 4, 1)]
    for one in sampled:
        rounds = pseudo_experiments(one, common_shifts(one.shifts, FEW, 1), np.random.default_rng(1))
        start = time.process_time()
        found = plain_scan(one, rounds)
        plain += time.process_time() - start
        tables = LocalPValues(allowed_regions(one), "region-of-interest", "gaussian")
        largest = max(largest, float(np.max(np.abs(tables.smallest(rounds) / found - 1))))
    plain *= number * n_rounds / (len(sampled) * FEW)
    table = Table(
        "scan", "CPU seconds", "for", title=f"{number} distributions of {N_BINS} bins, {n_rounds} rounds"
    )
    table.add_row("tables", f"{ours:.0f}", f"all ({elapsed:.0f} s elapsed)")
    table.add_row("plain", f"{plain:.3g}", f"all, from {len(sampled) * FEW} pseudo-experiments")
    table.add_row("ratio", f"{plain / ours:.0f}", f"p-values agree to {largest:.1g}")
    Console().print(table)


if __name__ == "__main__":
    main()
