"""Fits of a dijet spectrum of 1,662 bins with this package, zfit, RooFit and iminuit, in one run.

Every engine fits the same toys; times are medians per fit after one warm-up. The last column evaluates the
minimum that an engine found in the likelihood of this package: how far above ours it lies.
Run: python -m tests.benchmarks.fits
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from iminuit import Minuit
from rich.console import Console
from rich.table import Table

from fits.backgrounds import Dijet, bin_quadrature, density, expected_counts
from fits.fit import fit_background, fit_signal
from fits.many_fits import fit_many
from fits.signals import DoubleCrystalBall
from fits.spectrum import Spectrum, four_gev_edges
from fits.toys import poisson_toys

EDGES = four_gev_edges(1352, 8000)
TRUTH = np.array([0.0, 10.657, 3.551, -0.3282])
START = np.array([9.28, 10.36, 2.35])  # a usual starting point for p1, p2, p3
SIGNAL = DoubleCrystalBall(2970, 95, 1.187, 3.105, 1.77, 9.0, mass=3000)
N_EVENTS, N_TOYS = 2e5, 5
CENTRES = ("RooFit", "iminuit on numpy")  # engines that take the function at bin centres


@dataclass
class Timing:
    """Median times per fit in ms, largest 2 (NLL - our NLL) over the toys, and fits that say they failed."""

    engine: str
    cpu: float
    wall: float
    above: float | None
    failed: int = 0


Fit = Callable[[Spectrum], dict[str, float] | None]  # parameters by name, None for a fit that failed


def measure(engine: str, fit: Fit, spectra: list[Spectrum], with_signal: bool) -> Timing:
    """Time one engine on all spectra."""
    fit(spectra[0])
    cpu, wall, above = [], [], []
    for spectrum in spectra:
        begin = time.process_time(), time.perf_counter()
        found = fit(spectrum)
        cpu.append(time.process_time() - begin[0])
        wall.append(time.perf_counter() - begin[1])
        if found is not None:
            above.append(height(spectrum, found, centres=engine in CENTRES, with_signal=with_signal))
    return Timing(engine, 1e3 * np.median(cpu), 1e3 * np.median(wall), max(above), len(spectra) - len(above))


def height(spectrum: Spectrum, found: dict[str, float], centres: bool, with_signal: bool) -> float:
    """2 (NLL - our NLL) of a minimum, with the normalisation of the background as the engine left it."""
    null = fit_background(spectrum, Dijet(3), n_nodes=1 if centres else None)
    ours = fit_signal(null, SIGNAL) if with_signal else null
    value = ours.likelihood.value(ours.likelihood.internal(np.array([found[n] for n in ours.result.names])))
    return 2 * (value - ours.result.nll)


def with_p0(found: dict[str, float], background_yield: float, n_nodes: int) -> dict[str, float]:
    """Replace a background yield by the p0 that gives it, with as many quadrature nodes as the engine has."""
    masses, widths = bin_quadrature(EDGES, n_nodes)
    shape = np.array([0.0, found["p1"], found["p2"], found["p3"]])
    return found | {"p0": float(np.log(background_yield / np.sum(widths * density(Dijet(3), shape, masses))))}


def ours_light(with_signal: bool) -> Fit:
    """This package without TensorFlow."""

    def fit(spectrum: Spectrum) -> dict[str, float]:
        null = fit_background(spectrum, Dijet(3))
        return (fit_signal(null, SIGNAL) if with_signal else null).result.parameters

    return fit


def ours_zfit(spectra: list[Spectrum]) -> Fit:
    """This package with a zfit result; likelihoods are built before, as for stock zfit."""
    import zfit

    from fits.zfit_interface import KernelLoss, NewtonMinimizer

    names = Dijet(3).parameters
    parameters = [zfit.Parameter(f"newton_{name}", 0.0) for name in names]
    fits = {id(spectrum): fit_background(spectrum, Dijet(3)) for spectrum in spectra}

    def fit(spectrum: Spectrum) -> dict[str, float]:
        known = fits[id(spectrum)]
        zfit.param.set_values(parameters, known.result.values + [0.03, 0.2, -0.1, -0.05])
        result = NewtonMinimizer().minimize(KernelLoss(known.likelihood, parameters))
        return {n: result.params[p]["value"] for n, p in zip(names, parameters, strict=True)}

    return fit


def stock_zfit(with_signal: bool) -> Fit:
    """zfit's own binned likelihood and Minuit, with our PDF whose integral is registered."""
    import zfit

    from fits.zfit_interface import LogLinearPDF, double_crystal_ball_pdf

    tag = "sb" if with_signal else "b"
    shape = [zfit.Parameter(f"{tag}_p{i}", s, -100, 100) for i, s in enumerate(START, start=1)]
    background_yield = zfit.Parameter(f"{tag}_background", N_EVENTS, 0, 1e7)
    obs = zfit.Space(
        "mjj", binning=zfit.binned.RegularBinning(len(EDGES) - 1, EDGES[0], EDGES[-1], name="mjj")
    )
    limits = zfit.Space("mjj", limits=(EDGES[0], EDGES[-1]))
    pdf = LogLinearPDF(Dijet(3), limits, shape, extended=background_yield).to_binned(obs)
    signal_yield = zfit.Parameter(f"{tag}_signal", 10.0, -1e4, 1e4)
    if with_signal:
        peak = double_crystal_ball_pdf(SIGNAL, limits, extended=signal_yield).to_binned(obs)
        pdf = zfit.pdf.BinnedSumPDF([pdf, peak])
    data = pdf.create_sampler(n=1000)
    loss = zfit.loss.ExtendedBinnedNLL(pdf, data)
    every = [*shape, background_yield, *([signal_yield] if with_signal else [])]

    def fit(spectrum: Spectrum) -> dict[str, float] | None:
        data.update_data(spectrum.counts)
        zfit.param.set_values(every, [*START, spectrum.total, *([10.0] if with_signal else [])])
        result = zfit.minimize.Minuit(gradient="zfit").minimize(loss)
        if not result.valid:
            return None
        values = [float(result.params[p]["value"]) for p in every]
        found = dict(zip(("p1", "p2", "p3", "background", "signal_yield"), values, strict=False))
        return with_p0(found, found["background"], 2)

    return fit


def roofit(with_signal: bool) -> Fit:
    """RooFit with its vectorised evaluation: RooGenericPdf, RooCrystalBall, extended binned fit."""
    import ROOT

    ROOT.RooMsgService.instance().setGlobalKillBelow(ROOT.RooFit.FATAL)
    mjj = ROOT.RooRealVar("mjj", "", EDGES[0], EDGES[-1])
    mjj.setBins(len(EDGES) - 1)
    shape = [ROOT.RooRealVar(f"p{i}", "", s, -100, 100) for i, s in enumerate(START, start=1)]
    formula = "pow(1-@0/13000.,@1)/pow(@0/13000.,@2+@3*log(@0/13000.))"
    background = ROOT.RooGenericPdf("background", formula, ROOT.RooArgList(mjj, *shape))
    names = ("mean", "sigma", "alpha_low", "n_low", "alpha_high", "n_high")
    constants = [ROOT.RooConstVar(name, "", getattr(SIGNAL, name)) for name in names]
    mean, sigma, *tails = constants
    signal = ROOT.RooCrystalBall("signal", "", mjj, mean, sigma, sigma, *tails)
    yields = [
        ROOT.RooRealVar("background_yield", "", N_EVENTS, 0, 1e7),
        ROOT.RooRealVar("s", "", 10, -1e4, 1e4),
    ]
    pdfs = [background, signal] if with_signal else [background]
    model = ROOT.RooAddPdf("model", "", ROOT.RooArgList(*pdfs), ROOT.RooArgList(*yields[: len(pdfs)]))
    every = [*shape, *yields[: len(pdfs)]]
    model.parts = (mjj, background, signal, constants, yields)  # RooFit does not own them: Python must

    def fit(spectrum: Spectrum) -> dict[str, float] | None:
        histogram = ROOT.TH1D("histogram", "", len(EDGES) - 1, EDGES)
        histogram.SetDirectory(ROOT.nullptr)
        for index, count in enumerate(spectrum.counts, start=1):
            histogram.SetBinContent(index, count)
        data = ROOT.RooDataHist("data", "", ROOT.RooArgList(mjj), histogram)
        for variable, value in zip(every, [*START, spectrum.total, 10.0], strict=False):
            variable.setVal(float(value))
            variable.removeError()
        result = model.fitTo(data, PrintLevel=-1, Extended=True, EvalBackend="cpu", Save=True)
        if result.status() != 0:
            return None
        found = dict(
            zip(("p1", "p2", "p3", "background", "signal_yield"), [v.getVal() for v in every], strict=False)
        )
        return with_p0(found, found["background"], 1)

    return fit


def plain_iminuit(with_signal: bool) -> Fit:
    """MIGRAD on a numpy likelihood in the raw parameters, without gradient."""

    def fit(spectrum: Spectrum) -> dict[str, float] | None:
        design = Dijet(3).design(spectrum.centres)
        peak = SIGNAL.bin_fractions(EDGES) / np.diff(SIGNAL.cdf(EDGES[[0, -1]]))

        def value(parameters: np.ndarray) -> float:
            expected = 4 * np.exp(design @ parameters[:4])
            expected = expected + parameters[4] * peak if with_signal else expected
            return float(np.sum(expected - spectrum.counts * np.log(np.maximum(expected, 1e-300))))

        start = with_p0(dict(zip(("p1", "p2", "p3"), START, strict=True)), spectrum.total, 1)
        minuit = Minuit(value, [start["p0"], *START, *([10.0] if with_signal else [])])
        minuit.errordef = Minuit.LIKELIHOOD
        minuit.migrad()
        if not minuit.valid:
            return None
        return dict(zip(("p0", "p1", "p2", "p3", "signal_yield"), minuit.values, strict=False))

    return fit


def measure_toys(n_toys: int = 1000) -> Timing:
    """Background fits of many toys at once, per toy."""
    shape = expected_counts(Dijet(3), TRUTH, EDGES)
    fit = fit_background(Spectrum(EDGES, np.round(N_EVENTS * shape / shape.sum())), Dijet(3))
    toys = poisson_toys(fit.expected_background(), n_toys, np.random.default_rng(2))
    fit_many(fit, toys[:10])
    begin = time.process_time(), time.perf_counter()
    many = fit_many(fit, toys)
    cpu, wall = time.process_time() - begin[0], time.perf_counter() - begin[1]
    ours = fit_background(Spectrum(EDGES, toys[0]), Dijet(3)).result.nll
    above = 2 * (many.nll[0] - ours) if many.converged.all() else None
    return Timing("many toys together", 1e3 * cpu / n_toys, 1e3 * wall / n_toys, above)


def report(title: str, timings: list[Timing], console: Console) -> None:
    """Print a table; ratios are to the first row."""
    table = Table(title=title)
    for column in ("engine", "CPU ms", "wall ms", "CPU / ours", "2 (NLL - ours)", "failed"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    for timing in timings:
        ratio = timing.cpu / timings[0].cpu
        above = "-" if timing.above is None else f"{timing.above:.1e}"
        table.add_row(
            timing.engine,
            f"{timing.cpu:.2f}",
            f"{timing.wall:.2f}",
            f"{ratio:.2f}",
            above,
            str(timing.failed),
        )
    console.print(table)


def main() -> None:
    """Run everything and print two tables."""
    rng = np.random.default_rng(1)
    shape = expected_counts(Dijet(3), TRUTH, EDGES)
    spectra = [Spectrum(EDGES, toy) for toy in poisson_toys(N_EVENTS * shape / shape.sum(), N_TOYS, rng)]
    console = Console(width=100)
    alone = [
        measure("this package", ours_light(False), spectra, False),
        measure_toys(),
        measure("this package, zfit result", ours_zfit(spectra), spectra, False),
        measure("iminuit on numpy", plain_iminuit(False), spectra, False),
        measure("RooFit", roofit(False), spectra, False),
        measure("zfit", stock_zfit(False), spectra, False),
    ]
    report(f"Background-only fit, {len(EDGES) - 1} bins, {N_EVENTS:g} events", alone, console)
    both = [
        measure("this package (both fits)", ours_light(True), spectra, True),
        measure("iminuit on numpy", plain_iminuit(True), spectra, True),
        measure("RooFit", roofit(True), spectra, True),
        measure("zfit", stock_zfit(True), spectra, True),
    ]
    report("Fit with signal of free yield", both, console)


if __name__ == "__main__":
    main()
