"""Search models as objects of RooFit: observables, data, shapes and yields in a workspace.

The names of our parameters are kept, with two differences. Shape parameters of a background are functions
`<category>_p1`, ... of decorrelated `<category>_shape1`, ..., which are zero at the background-only fit and
have unit errors: in the p's themselves, correlated to 0.998, MINUIT stops above the minimum. And the
normalisation of a background is `<category>_background_norm`, its events in the mass range.

"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from errors import MaplessError
from fits.backgrounds import LogLinearBackground
from fits.export.formula import Formula, FormulaFunctions
from fits.export.signal_pdf import resolution, signal_pdf
from fits.fit import fit_background
from fits.likelihood.signal_term import Effect
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals.bin_probabilities import bins_within_reach
from fits.spectrum import Spectrum

SIGNAL, BACKGROUND = "signal", "background"
_WIDE = 0.005  # bin width over mass, above which the density at the centre is not good enough
SAMPLING_PRECISION = 1e-4
_INTEGRAL_PRECISION = 1e-10
_SHAPE_RANGE = 20.0  # standard deviations
_NUISANCE_RANGE = 7.0
_RATE_RANGE = (0.0, 10.0)


def fill_workspace(workspace: Any, model: SearchModel, *, integrate: bool = True) -> None:
    """Add to a RooWorkspace all observables, data sets, shapes and nuisance parameters of a model.

    Per category: `mass_<category>`, `data_<category>`, `<category>_<process>` for each process, and
    `<category>_background_norm`. Bins as wide as the mass resolution are integrated over (RooBinSamplingPdf)
    if `integrate`; in 4 GeV bins the density at the bin centre is close enough. Raises MaplessError for names
    that RooFit cannot use, for shapes that it does not have, and if a background-only fit fails.
    """
    _check_names(model)
    for name, effect in effects(model).items():
        low, high = model.ranges.get(
            name, (0.0, 10.0) if effect.rate else (-_NUISANCE_RANGE, _NUISANCE_RANGE)
        )
        workspace.factory(f"{name}[{1.0 if effect.rate else 0.0}, {low}, {high}]")
    for category in model.categories:
        _add_data(workspace, category)
        integrated = integrate and model.n_nodes != 1 and is_wide(category.spectrum)
        for name, process in processes(category).items():
            _add_process(workspace, category, name, process, integrated)
        if category.background is not None:
            _add_background(workspace, category, model.n_nodes, integrated)


def processes(category: SearchCategory) -> dict[str, Process]:
    """All processes of a category but the smooth background, by name."""
    return {SIGNAL: category.signal, **category.others}


def effects(model: SearchModel) -> dict[str, Effect]:
    """An effect of each nuisance parameter, to see whether it is a rate."""
    everything = [process for category in model.categories for process in processes(category).values()]
    return {name: effect for process in everything for name, effect in process.effects.items()}


def is_wide(spectrum: Spectrum) -> bool:
    """Whether the density at bin centres is not good enough."""
    return bool(np.max(spectrum.widths / spectrum.centres) > _WIDE)


def yield_factors(names_and_effects: Mapping[str, Effect]) -> list[str]:
    """Formulae, to be multiplied, of what nuisance parameters do to a yield."""
    return [_factor(name, effect) for name, effect in names_and_effects.items() if _factor(name, effect)]


def use_precise_integrals(pdf: Any) -> None:
    """Let RooFit normalise a falling shape by adaptive quadrature.

    Its default, Romberg's method with a loose stop, was seen 0.7 % off for a dijet function.
    """
    import ROOT

    settings = ROOT.RooNumIntConfig(ROOT.RooAbsReal.defaultIntegratorConfig())
    settings.method1D().setLabel("RooAdaptiveGaussKronrodIntegrator1D")
    settings.setEpsRel(_INTEGRAL_PRECISION)
    settings.setEpsAbs(_INTEGRAL_PRECISION)
    pdf.setIntegratorConfig(settings)


def _factor(name: str, effect: Effect) -> str:
    low, high = effect.logs
    average, half = (high + low) / 2, (high - low) / 2
    rate = f"{name}*" if effect.rate else ""
    if half:  # Combine's interpolation between both sides
        step = f"TMath::Max(-1.,TMath::Min(1.,2*{name}))"
        smooth = f"{step}*(15-10*pow({step},2)+3*pow({step},4))/8"
        return f"{rate}exp({name}*({average!r}+{half!r}*{smooth}))"
    if average:
        return f"{rate}exp({average!r}*{name})"
    return name if effect.rate else ""


def _check_names(model: SearchModel) -> None:
    names = [model.parameter, *effects(model)]
    names += [name for category in model.categories for name in (category.name, *category.others)]
    strange = [name for name in names if not re.fullmatch(r"[A-Za-z]\w*", name)]
    if strange:
        raise MaplessError(f"RooFit cannot use the name '{strange[0]}'; take letters, digits and _ only")
    if any(any(effect.bins) for effect in _all_effects(model)) or any(c.bin_errors for c in model.categories):
        raise MaplessError(
            "deformed templates and their statistical errors cannot be exported; leave them out"
        )


def _all_effects(model: SearchModel) -> Iterator[Effect]:
    for category in model.categories:
        for process in processes(category).values():
            yield from process.effects.values()


def _add_data(workspace: Any, category: SearchCategory) -> None:
    import ROOT

    spectrum, name = category.spectrum, category.name
    mass = ROOT.RooRealVar(f"mass_{name}", "mass", spectrum.low, spectrum.high, "GeV")
    edges = np.array(spectrum.edges)
    mass.setBinning(ROOT.RooBinning(spectrum.n_bins, edges))
    histogram = ROOT.TH1D(f"counts_{name}", "", spectrum.n_bins, edges)
    histogram.SetDirectory(ROOT.nullptr)
    for place, count in enumerate(spectrum.counts.tolist(), start=1):
        histogram.SetBinContent(place, count)
    import_into(workspace, ROOT.RooDataHist(f"data_{name}", "", ROOT.RooArgList(mass), histogram))


def _add_process(
    workspace: Any, category: SearchCategory, name: str, process: Process, integrated: bool
) -> None:
    """Its shape in bins as `BinProbabilities` has it: beyond the reach of the shape there is nothing."""
    full_name = f"{category.name}_{name}"
    density = f"{full_name}_density" if integrated else full_name
    mean = _moved(workspace, f"{full_name}_mean", process, "mean")
    width = _moved(workspace, f"{full_name}_width", process, "width")
    within = bins_within_reach(process.shape, category.spectrum.edges)
    everywhere = within == slice(0, category.spectrum.n_bins)
    low, high = category.spectrum.edges[[within.start, within.stop]].tolist()
    bounds = None if everywhere else (low, high)
    workspace.factory(signal_pdf(process.shape, density, f"mass_{category.name}", mean, width, bounds))
    if not everywhere:
        use_precise_integrals(workspace.pdf(density))
    if integrated:
        _integrate(workspace, category.name, name)


def _moved(workspace: Any, name: str, process: Process, quantity: str) -> str:
    """Name of a function that nuisances move linearly, or of a constant."""
    shape = process.shape
    nominal = shape.mean if quantity == "mean" else resolution(shape)
    moving = {key: getattr(effect, quantity) for key, effect in process.effects.items()}
    moving = {key: size for key, size in moving.items() if size}
    if not moving:
        workspace.factory(f"{name}[{nominal!r}]")
        return name
    sums = "".join(f"+({size!r})*{key}" for key, size in moving.items())
    workspace.factory(f"expr::{name}('{nominal!r}*(1{sums})', {', '.join(moving)})")
    return name


def _add_background(workspace: Any, category: SearchCategory, n_nodes: int | None, integrated: bool) -> None:
    background, name = category.background, category.name
    if not isinstance(background, LogLinearBackground):
        raise MaplessError(f"the background of {name} cannot be exported: its logarithm is not linear")
    fit = fit_background(category.spectrum, background, n_nodes=n_nodes)
    fit.result.require_convergence(f"background-only fit of {name} before its export")
    for command in _shape_parameters(name, fit.result.values[1:], fit.result.covariance[1:, 1:]):
        workspace.factory(command)
    columns = background.columns(Formula(f"mass_{name}"), FormulaFunctions)[1:]
    parameters = [f"{name}_p{place}" for place in range(1, len(columns) + 1)]
    exponent = "+".join(f"{p}*{column.text}" for p, column in zip(parameters, columns, strict=True))
    density = f"{name}_{BACKGROUND}" + ("_density" if integrated else "")
    workspace.factory(f"EXPR::{density}('exp({exponent})', mass_{name}, {', '.join(parameters)})")
    use_precise_integrals(workspace.pdf(density))
    if integrated:
        _integrate(workspace, name, BACKGROUND)
    events = float(fit.expected_background().sum())
    workspace.factory(f"{name}_{BACKGROUND}_norm[{events!r}, 0, {3 * events + 10!r}]")


def _shape_parameters(name: str, values: np.ndarray, covariance: np.ndarray) -> Iterator[str]:
    """Commands for decorrelated parameters and for p1, p2, ... as functions of them."""
    free = [f"{name}_shape{place}" for place in range(1, len(values) + 1)]
    for parameter in free:
        yield f"{parameter}[0, {-_SHAPE_RANGE}, {_SHAPE_RANGE}]"
    rows = np.linalg.cholesky(covariance).tolist()
    for place, (value, row) in enumerate(zip(values.tolist(), rows, strict=True), start=1):
        used = list(zip(row[:place], free[:place], strict=True))
        sums = "".join(f"+({step!r})*{parameter}" for step, parameter in used)
        yield f"expr::{name}_p{place}('{value!r}{sums}', {', '.join(free[:place])})"


def _integrate(workspace: Any, category: str, name: str) -> None:
    """Mean of a density over each bin, in place of the density."""
    import ROOT

    density, mass = workspace.pdf(f"{category}_{name}_density"), workspace.var(f"mass_{category}")
    sampled = ROOT.RooBinSamplingPdf(f"{category}_{name}", "", mass, density, SAMPLING_PRECISION)
    import_into(workspace, sampled)


def import_into(workspace: Any, thing: Any) -> None:
    """Copy data or a pdf into a RooWorkspace, which uses what it has under the same names."""
    import ROOT

    if thing.InheritsFrom("RooAbsData"):
        workspace.Import(thing)
    else:
        workspace.Import(thing, ROOT.RooFit.RecycleConflictNodes())
