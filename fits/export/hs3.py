"""Search models in the HEP Statistics Serialisation Standard (HS3), through ROOT.

Whoever reads the JSON, with ROOT's RooJSONFactoryWSTool or another tool, gets the full model: the likelihood
of all categories with constraints, the data and the parameter of interest. Shapes are densities. Bins as wide
as the mass resolution need their means over bins: `read_hs3` puts them in their place. ROOT 6.40 itself can
write such means (RooBinSamplingPdf) but not read them, and `IntegrateBins` of its createNLL does not work in
simultaneous fits.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from errors import MaplessError
from fits.export.roofit import (
    BACKGROUND,
    SAMPLING_PRECISION,
    SIGNAL,
    effects,
    fill_workspace,
    import_into,
    is_wide,
    processes,
    use_precise_integrals,
    yield_factors,
)
from fits.likelihood.binned import Constraint
from fits.likelihood.profile import ProfileLikelihood
from fits.search_model import Process, SearchCategory, SearchModel
from fits.spectrum import Spectrum

DATA, CONFIGURATION = "obsData", "ModelConfig"
_MEANS = "_in_bins"
_YIELD_RANGE = 20.0  # standard deviations


def write_hs3(model: SearchModel, path: Path) -> None:
    """Write a model as HS3 JSON, beside and renamed once ROOT could read it again.

    Raises MaplessError if the model cannot be expressed in RooFit (see `fits.export.roofit`), cannot be
    fitted or cannot be read.
    """
    import ROOT

    workspace = full_workspace(model)
    beside = path.with_name(f".{path.name}.partial-{os.getpid()}")
    ROOT.RooJSONFactoryWSTool(workspace).exportJSON(str(beside))
    try:
        read_hs3(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_hs3(path: Path) -> Any:
    """RooWorkspace with the model of an HS3 file; densities given as formulae are integrated precisely.

    The JSON holds no precision of integrals, and the default of ROOT is not enough for falling spectra. In
    files that `write_hs3` wrote, the pdf of the ModelConfig has the means over bins that are wide. Raises
    MaplessError if ROOT cannot read the file.
    """
    import ROOT

    workspace = ROOT.RooWorkspace("mapless", "mapless")
    try:
        ROOT.RooJSONFactoryWSTool(workspace).importJSON(str(path))
    except Exception as error:
        reason = str(error).strip().splitlines()[-1]
        raise MaplessError(f"{path.name} cannot be read as HS3: {reason}") from None
    for pdf in workspace.allPdfs():
        if pdf.InheritsFrom("RooGenericPdf"):
            use_precise_integrals(pdf)
    _take_means_over_wide_bins(workspace)
    return workspace


def full_workspace(model: SearchModel) -> Any:
    """RooWorkspace with the data `obsData` and a ModelConfig with the simultaneous pdf of all categories."""
    import ROOT

    ROOT.RooMsgService.instance().setGlobalKillBelow(ROOT.RooFit.WARNING)
    workspace = ROOT.RooWorkspace("mapless", "mapless")
    fill_workspace(workspace, model, integrate=False)
    profile = model.profile_likelihood()
    _add_parameter_of_interest(workspace, profile)
    constraints = profile.likelihood.constraints
    names = [_constraint(workspace, constraint) for constraint in constraints]
    for category in model.categories:
        _add_category(workspace, category, model.parameter, names)
    _add_configuration(workspace, model, constraints)
    return workspace


def _add_parameter_of_interest(workspace: Any, profile: ProfileLikelihood) -> None:
    """With a range about the fitted value that is wide enough for any limit."""
    fit = profile.fit(confirmation="newton").require_convergence("fit of the model before its export")
    value, error = fit.parameters[profile.parameter], fit.errors[profile.parameter]
    if not error > 0:
        raise MaplessError(f"the fitted {profile.parameter} is at a bound; such a model cannot be exported")
    low, high = value - _YIELD_RANGE * error, value + _YIELD_RANGE * error
    workspace.factory(f"{profile.parameter}[0, {low!r}, {high!r}]")


def _constraint(workspace: Any, constraint: Constraint) -> str:
    name = constraint.parameter
    observed = f"{name}_observed[{constraint.centre!r}]"
    workspace.factory(f"RooGaussian::{name}_constraint({observed}, {name}, {constraint.width!r})")
    return f"{name}_constraint"


def _add_category(workspace: Any, category: SearchCategory, parameter: str, constraints: list[str]) -> None:
    name = category.name
    pairs = []
    for process_name, process in processes(category).items():
        scale = parameter if process_name == SIGNAL else f"{name}_{process_name}_scale"
        pairs.append(f"{_events(workspace, name, process_name, process, scale)}*{name}_{process_name}")
    if category.background is not None:
        pairs.append(f"{name}_{BACKGROUND}_norm*{name}_{BACKGROUND}")
    workspace.factory(f"SUM::{name}_sum({', '.join(pairs)})")
    workspace.factory(f"PROD::{name}_model({', '.join([f'{name}_sum', *constraints])})")


def _events(workspace: Any, category: str, name: str, process: Process, scale: str) -> str:
    """Name of the yield of a process as a function of its parameters."""
    if not workspace.arg(scale):
        workspace.factory(f"{scale}[1]")
    used = {key: effect for key, effect in process.effects.items() if yield_factors({key: effect})}
    formula = "*".join([f"{process.events!r}*{scale}", *yield_factors(used)])
    workspace.factory(f"expr::{category}_{name}_events('{formula}', {', '.join([scale, *used])})")
    return f"{category}_{name}_events"


def _add_configuration(workspace: Any, model: SearchModel, constraints: Sequence[Constraint]) -> None:
    import ROOT

    names = [category.name for category in model.categories]
    observables = ROOT.RooArgSet(*(workspace.var(f"mass_{name}") for name in names))
    # also for one category: ROOT 6.40 crashes when it writes a pdf that is not simultaneous
    pdf = _add_simultaneous(workspace, names, observables)
    observables.add(workspace.cat("channel"))
    configuration = ROOT.RooStats.ModelConfig(CONFIGURATION, workspace)
    configuration.SetPdf(pdf)
    configuration.SetObservables(observables)
    configuration.SetParametersOfInterest(model.parameter)
    configuration.SetNuisanceParameters(ROOT.RooArgSet(*(workspace.var(name) for name in effects(model))))
    centres = ROOT.RooArgSet(*(workspace.var(f"{c.parameter}_observed") for c in constraints))
    configuration.SetGlobalObservables(centres)
    workspace.Import(configuration)


def _add_simultaneous(workspace: Any, names: Sequence[str], observables: Any) -> Any:
    """The pdf of all categories; its data are added too."""
    import ROOT

    parts = ", ".join(f"{name}={name}_model" for name in names)
    workspace.factory(f"SIMUL::model(channel[{', '.join(names)}], {parts})")
    weight = ROOT.RooRealVar("weight", "events", 0.0, 1e30)
    points = {name: _points(workspace, name, weight) for name in names}
    everything = ROOT.RooArgSet(observables, ROOT.RooArgSet(weight))
    channel = workspace.cat("channel")
    data = ROOT.RooDataSet(DATA, "", everything, Index=channel, Import=points, WeightVar=weight)
    workspace.Import(data)
    return workspace.pdf("model")


def _points(workspace: Any, category: str, weight: Any) -> Any:
    """Bin centres weighted with the counts: categories may have different bins."""
    import ROOT

    mass, binned = workspace.var(f"mass_{category}"), workspace.data(f"data_{category}")
    points = ROOT.RooDataSet(f"points_{category}", "", ROOT.RooArgSet(mass, weight), WeightVar=weight)
    for place in range(binned.numEntries()):
        mass.setVal(binned.get(place).getRealValue(mass.GetName()))
        points.add(ROOT.RooArgSet(mass), binned.weight())
    return points


def _take_means_over_wide_bins(workspace: Any) -> None:
    """Give the ModelConfig a pdf that is integrated over bins where they are wide, if it is one of ours."""
    configuration, channel = workspace.obj(CONFIGURATION), workspace.cat("channel")
    if not configuration or not channel:
        return
    names = [name for name, _ in channel.states()]
    wide = [name for name in names if _has_wide_bins(workspace.var(f"mass_{name}"))]
    for name in wide:
        _add_means(workspace, name)
    if wide:
        models = {name: f"{name}_model{_MEANS}" if name in wide else f"{name}_model" for name in names}
        parts = ", ".join(f"{name}={model}" for name, model in models.items())
        workspace.factory(f"SIMUL::model{_MEANS}(channel, {parts})")
        configuration.SetPdf(workspace.pdf(f"model{_MEANS}"))


def _has_wide_bins(mass: Any) -> bool:
    binning = mass.getBinning()
    edges = [binning.binLow(place) for place in range(binning.numBins())] + [binning.highBound()]
    return is_wide(Spectrum(np.array(edges), np.zeros(len(edges) - 1)))


def _add_means(workspace: Any, name: str) -> None:
    """The model of a category with the mean over each bin in place of the densities."""
    import ROOT

    mass, total, model = workspace.var(f"mass_{name}"), workspace.pdf(f"{name}_sum"), f"{name}_model"
    pairs = []
    for density, events in zip(total.pdfList(), total.coefList(), strict=True):
        mean = f"{density.GetName()}{_MEANS}"
        import_into(workspace, ROOT.RooBinSamplingPdf(mean, "", mass, density, SAMPLING_PRECISION))
        pairs.append(f"{events.GetName()}*{mean}")
    workspace.factory(f"SUM::{name}_sum{_MEANS}({', '.join(pairs)})")
    factors = [pdf.GetName() for pdf in workspace.pdf(model).pdfList() if pdf.GetName() != f"{name}_sum"]
    workspace.factory(f"PROD::{model}{_MEANS}({', '.join([f'{name}_sum{_MEANS}', *factors])})")
