"""RooFit on exactly the same likelihood: Poisson counts in 4 GeV bins, functions at bin centres.

A RooAbsPdf that is normalised by its integral is another model than the sum over bin centres, and MIGRAD with
its usual tolerance stops 1e-3 above the minimum in 2 NLL. Here RooFit takes the expected counts as they are
(attribute BinnedLikelihood), starts a third of a standard deviation away, and has a tolerance of 1e-3.
"""

import numpy as np
import pytest

from fits.backgrounds import Dijet
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import Gaussian

SIGNAL = Gaussian(2970, 95)
BACKGROUND = "exp(@1+@2*log(1-@0/13000)-@3*log(@0/13000)-@4*log(@0/13000)*log(@0/13000))"


@pytest.fixture(scope="module")
def root():
    module = pytest.importorskip("ROOT")
    module.RooMsgService.instance().setGlobalKillBelow(module.RooFit.FATAL)
    module.gErrorIgnoreLevel = module.kFatal
    return module


def roofit_minimum(root, spectrum, start, steps):
    """Parameters (signal yield, p0, ..., p3) and how far the value there lies below that at the start."""
    edges, n_bins = spectrum.edges, spectrum.n_bins
    area = SIGNAL.sigma * np.sqrt(2 * np.pi) * float(SIGNAL.cdf(edges[-1]) - SIGNAL.cdf(edges[0]))
    mass = root.RooRealVar("mass", "", edges[0], edges[-1])
    mass.setBins(n_bins)
    parameters = [root.RooRealVar(f"parameter{i}", "", 0, -1e4, 1e4) for i in range(5)]
    background = root.RooFormulaVar("background", BACKGROUND, root.RooArgList(mass, *parameters[1:]))
    peak = f"exp(-0.5*pow((@0-{SIGNAL.mean})/{SIGNAL.sigma},2))/{area:.17g}"
    signal = root.RooFormulaVar("signal", peak, root.RooArgList(mass))
    histogram = root.TH1D("counts", "", n_bins, edges)
    histogram.SetDirectory(root.nullptr)
    # An empty histogram among the functions tells RooFit the bins.
    nothing = root.RooDataHist("nothing", "", root.RooArgList(mass), histogram)
    bins = root.RooHistFunc("bins", "", root.RooArgSet(mass), nothing)
    for index, count in enumerate(spectrum.counts, start=1):
        histogram.SetBinContent(index, count)
    data = root.RooDataHist("data", "", root.RooArgList(mass), histogram)
    one = root.RooConstVar("one", "", 1)
    functions, factors = root.RooArgList(background, signal, bins), root.RooArgList(one, parameters[0], one)
    model = root.RooRealSumPdf("model", "", functions, factors, True)
    model.setAttribute("BinnedLikelihood")
    nll = model.createNLL(
        data, root.RooFit.Extended(True), root.RooFit.EvalBackend("cpu"), root.RooFit.Offset("initial")
    )
    signs = (-1.0) ** np.arange(5)
    for parameter, value in zip(parameters, start, strict=True):
        parameter.setVal(float(value))
    ours = nll.getVal()
    for parameter, value, step, sign in zip(parameters, start, steps, signs, strict=True):
        # The background parameters correlate: a hundredth of each error is far away already.
        parameter.setVal(float(value + sign * step * (0.3 if parameter is parameters[0] else 0.003)))
        parameter.setError(float(step))
    minimizer = root.RooMinimizer(nll)
    minimizer.setPrintLevel(-1)
    minimizer.setStrategy(2)
    minimizer.setEps(1e-3)
    minimizer.minimize("Minuit2", "migrad")
    return np.array([parameter.getVal() for parameter in parameters]), 2 * (ours - nll.getVal())


@pytest.mark.parametrize("n_events", [2e3, 2e5, 5e6])
def test_roofit_agrees_on_the_minimum_and_is_never_lower(root, dijet_toy, n_events):
    spectrum = dijet_toy(n_events, seed=70)
    category = SearchCategory("jets", spectrum, Process(SIGNAL), Dijet(3))
    profile = SearchModel([category], "signal_yield", n_nodes=1).profile_likelihood()
    ours, likelihood = profile.fit(), profile.likelihood
    assert ours.names[0] == "signal_yield"
    theirs, below = roofit_minimum(root, spectrum, ours.values, list(ours.errors.values()))
    height = 2 * (likelihood.value(likelihood.internal(theirs)) - ours.nll)
    assert -1e-7 <= height <= 1e-4
    # RooFit's own likelihood says the same of the two points.
    assert below == pytest.approx(-height, abs=1e-5)
