"""What `tests.benchmarks.fits` compares: functions that fit a spectrum with one engine each."""

from collections.abc import Callable

import numpy as np
from iminuit import Minuit

from fits.backgrounds.families import Dijet, bin_quadrature, density
from fits.fit import fit_background, fit_signal
from fits.signals import DoubleCrystalBall
from fits.spectrum import Spectrum, four_gev_edges

EDGES = four_gev_edges(1352, 8000)
TRUTH = np.array([0.0, 10.657, 3.551, -0.3282])
START = np.array([9.28, 10.36, 2.35])  # a usual starting point for p1, p2, p3
SIGNAL = DoubleCrystalBall(2970, 95, 1.187, 3.105, 1.77, 9.0, mass=3000)
N_EVENTS = 2e5

Fit = Callable[[Spectrum], dict[str, float] | None]  # parameters by name, None for a fit that failed


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


def with_p0(found: dict[str, float], background_yield: float, n_nodes: int) -> dict[str, float]:
    """Replace a background yield by the p0 that gives it, with as many quadrature nodes as the engine has."""
    masses, widths = bin_quadrature(EDGES, n_nodes)
    shape = np.array([0.0, found["p1"], found["p2"], found["p3"]])
    return found | {"p0": float(np.log(background_yield / np.sum(widths * density(Dijet(3), shape, masses))))}
