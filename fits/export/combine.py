"""Search models as datacard and workspace of CMS Combine (arXiv:2404.06614).

    text2workspace.py datacard.txt -o model.root
    combine -M AsymptoticLimits model.root --rMax 20 --strictBounds
    combine -M Significance model.root

The signal strength r of Combine counts in units of our parameter of interest that the first line of the card
names, chosen such that limits lie near one. The workspace needs no library. Without `--strictBounds` Combine
v10.6 with ROOT 6.40 narrows the range of r and then ends without a limit and without an error.

With 4 GeV bins results agree with ours to 0.5 %. Bins as wide as the mass resolution are integrated over by
RooBinSamplingPdf, which is slower; where their widths are equal, expected results agree to about 1 %. Where
they differ, that Combine multiplies its Asimov data by the width once too often: observed limits and
significances are right, expected ones are not, and the card says so.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from errors import MaplessError
from fits.export.roofit import (
    BACKGROUND,
    SIGNAL,
    effects,
    fill_workspace,
    processes,
    yield_factors,
)
from fits.likelihood.binned import Constraint
from fits.likelihood.signal_term import Effect
from fits.search_model import Process, SearchCategory, SearchModel

DATACARD, WORKSPACE = "datacard.txt", "workspace.root"


def write_combine(model: SearchModel, folder: Path) -> None:
    """Write `datacard.txt` and `workspace.root` into an existing folder, beside and renamed.

    Log-normal uncertainties become `lnN` lines, all others act inside of the workspace (`param`, `flatParam`,
    `rateParam`). Raises MaplessError if the model cannot be expressed in RooFit (see `fits.export.roofit`),
    or cannot be fitted.
    """
    import ROOT

    ROOT.RooMsgService.instance().setGlobalKillBelow(ROOT.RooFit.WARNING)
    unit = _unit(model)
    workspace = ROOT.RooWorkspace("mapless", "mapless")
    fill_workspace(workspace, model)
    inside = _inside(model)
    for category in model.categories:
        for name, process in processes(category).items():
            _add_normalisation(workspace, f"{category.name}_{name}", process, inside)
    beside = folder / f".{os.getpid()}.{WORKSPACE}"
    workspace.writeToFile(str(beside))
    beside.replace(folder / WORKSPACE)
    text = folder / f".{os.getpid()}.{DATACARD}"
    text.write_text(datacard(model, unit, inside))
    text.replace(folder / DATACARD)


def datacard(model: SearchModel, unit: float, inside: Mapping[str, Effect]) -> str:
    """The text that Combine reads, for r in units of `unit` and nuisances that act `inside` the workspace."""
    columns = [(category, name) for category in model.categories for name in _columns(category)]
    shapes = [(category, name) for category in model.categories for name in (*_columns(category), "data_obs")]
    lines = [
        f"# r = 1 is {model.parameter} = {unit:g}",
        *_usage(model),
        f"imax {len(model.categories)}\njmax *\nkmax *\n---",
        *(_shapes(category, name) for category, name in shapes),
        "---",
        _row("bin", [category.name for category in model.categories]),
        _row("observation", ["-1"] * len(model.categories)),
        "---",
        _row("bin", [category.name for category, _ in columns]),
        _row("process", [name for _, name in columns]),
        # The signal is process 0, all else has a number above.
        _row("process", [str(_columns(category).index(name)) for category, name in columns]),
        _row("rate", [_rate(category, name, unit) for category, name in columns]),
        "---",
        *_log_normals(model, columns, inside),
        *_parameters(model, inside),
    ]
    return "\n".join(lines) + "\n"


def _usage(model: SearchModel) -> list[str]:
    """Comments that say how to run Combine, and what not to believe."""
    observed = _has_unequal_bins(model)
    lines = [
        "# text2workspace.py datacard.txt -o model.root",
        f"# combine -M AsymptoticLimits model.root --rMax 20 --strictBounds{' --run observed' * observed}",
        "# combine -M Significance model.root",
        "# no library is needed; without --strictBounds, Combine v10.6 with ROOT 6.40 ends without a limit",
    ]
    if observed:
        lines += [
            "# bins of unequal width: observed results only. That Combine multiplies Asimov data by the bin",
            "# width once too often: expected limits and -t -1 come out wrong, by 10 % and more",
        ]
    return lines


def _has_unequal_bins(model: SearchModel) -> bool:
    widths = (category.spectrum.widths for category in model.categories)
    return any(not np.allclose(each, each[0], rtol=1e-6) for each in widths)


def _unit(model: SearchModel) -> float:
    """Twice the error of the parameter of interest, rounded: about its limit."""
    profile = model.profile_likelihood()
    fit = profile.fit(confirmation="newton").require_convergence("fit of the model before its export")
    error = fit.errors[model.parameter]
    if not error > 0:
        raise MaplessError(f"the fitted {model.parameter} is at a bound; such a model cannot be exported")
    return float(f"{2 * error:.1g}")


def _inside(model: SearchModel) -> dict[str, Effect]:
    """Nuisances that are not simply log-normal with a unit Gaussian."""
    constrained = {constraint.parameter for constraint in model.constraints}
    return {
        name: effect
        for name, effect in effects(model).items()
        if name in constrained or name in model.ranges or effect.rate or _moves_shapes(model, name)
    }


def _moves_shapes(model: SearchModel, name: str) -> bool:
    everything = [process for category in model.categories for process in processes(category).values()]
    found = [process.effects[name] for process in everything if name in process.effects]
    return any(effect.mean or effect.width for effect in found)


def _add_normalisation(workspace: object, name: str, process: Process, inside: Mapping[str, Effect]) -> None:
    """`<pdf>_norm`, which Combine multiplies the rate with."""
    used = {key: effect for key, effect in process.effects.items() if key in inside}
    factors = {key: effect for key, effect in used.items() if yield_factors({key: effect})}
    if factors:
        formula = "*".join(yield_factors(factors))
        workspace.factory(f"expr::{name}_norm('{formula}', {', '.join(factors)})")  # type: ignore[attr-defined]


def _columns(category: SearchCategory) -> list[str]:
    return [*processes(category), *([BACKGROUND] if category.background is not None else [])]


def _shapes(category: SearchCategory, name: str) -> str:
    key = f"data_{category.name}" if name == "data_obs" else f"{category.name}_{name}"
    return f"shapes {name} {category.name} {WORKSPACE} mapless:{key}"


def _rate(category: SearchCategory, name: str, unit: float) -> str:
    if name == BACKGROUND:
        return "1"
    events = processes(category)[name].events
    return f"{events * unit if name == SIGNAL else events:.10g}"


def _log_normals(
    model: SearchModel, columns: list[tuple[SearchCategory, str]], inside: Mapping[str, Effect]
) -> Iterator[str]:
    for nuisance in effects(model):
        if nuisance not in inside:
            cells = [_kappa(category, name, nuisance) for category, name in columns]
            yield _row(nuisance, ["lnN", *cells])


def _kappa(category: SearchCategory, name: str, nuisance: str) -> str:
    process = processes(category).get(name)
    effect = process.effects.get(nuisance) if process else None
    return "-" if effect is None else "/".join(f"{factor:.10g}" for factor in np.ravel(effect.kappa))


def _parameters(model: SearchModel, inside: Mapping[str, Effect]) -> Iterator[str]:
    constraints = {constraint.parameter: constraint for constraint in model.constraints}
    for name in inside:
        free = name in model.ranges and name not in constraints
        constraint = constraints.get(name, Constraint(name))
        centre = f"{constraint.centre:.10g} {constraint.width:.10g}"
        yield f"{name} flatParam" if free or inside[name].rate else f"{name} param {centre}"
    for category in model.categories:
        if category.background is not None:
            shapes = range(1, len(category.background.parameters))
            yield from (f"{category.name}_shape{place} flatParam" for place in shapes)
            yield f"{category.name}_{BACKGROUND}_norm flatParam"


def _row(name: str, cells: list[str]) -> str:
    return " ".join(f"{cell:<20}" for cell in (name, *cells)).rstrip()
