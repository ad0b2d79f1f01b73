"""The models of the comparison as RooFit workspaces and datacards, written by hand rather than exported."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from fits.backgrounds import Dijet, expected_counts

# The dijet function without its normalisation, of x, by number of parameters.
DIJET = {2: "pow(1-x,@0)/pow(x,@1)", 3: "pow(1-x,@0)/pow(x,@1+@2*log(x))"}


def write_workspace(case: dict, arrays: dict, folder: Path) -> str:
    """workspace.root and datacard.txt in the folder; returns the text of the latter."""
    import ROOT

    ROOT.gSystem.Load("libHiggsAnalysisCombinedLimit")
    edges, workspace = arrays["edges"], ROOT.RooWorkspace("w", "w")
    mass = ROOT.RooRealVar("mass", "mass", edges[0], edges[-1])
    mass.setBinning(ROOT.RooBinning(len(edges) - 1, edges))
    workspace.Import(mass)
    for nuisance in ("mass_scale", "mass_resolution"):
        centre, error = constraint(case, nuisance)
        workspace.factory(f"{nuisance}[{centre}, {centre - 7 * error}, {centre + 7 * error}]")
    for category in case["signal_events"]:
        _add_data(workspace, category, arrays)
        for name, process in peaks(case).items():
            _add_peak(workspace, f"{name}_{category}", process, case["bins"], edges)
        _add_background(workspace, category, case, arrays)
    workspace.writeToFile(str(folder / "workspace.root"))
    (folder / "datacard.txt").write_text(datacard(case))
    return datacard(case)


def _add_data(workspace: Any, category: str, arrays: dict) -> None:
    import ROOT

    histogram = _histogram(arrays["edges"])
    for i, count in enumerate(arrays[category], start=1):
        histogram.SetBinContent(i, count)
    mass = ROOT.RooArgList(workspace.var("mass"))
    workspace.Import(ROOT.RooDataHist(f"data_{category}", "", mass, histogram))


def peaks(case: dict) -> dict[str, dict]:
    """Shape, events by category and effects of the signal, and of processes of known yield, by name."""
    signal = {"shape": case["signal"], "events": case["signal_events"], "effects": case["effects"]}
    return {"signal": signal, **case.get("others", {})}


def constraint(case: dict, nuisance: str) -> list[float]:
    """Centre and width of the Gaussian knowledge of a nuisance parameter."""
    return case.get("constraints", {}).get(nuisance, [0, 1])


def _add_peak(workspace: Any, name: str, process: dict, bins: str, edges: np.ndarray) -> None:
    shape, effects = process["shape"], process["effects"]
    scale, resolution = effects["mass_scale"]["mean"], effects["mass_resolution"]["width"]
    workspace.factory(f"expr::{name}_mean('{shape['mean']}*(1+{scale}*@0)', mass_scale)")
    workspace.factory(f"expr::{name}_width('{shape['sigma']}*(1+{resolution}*@0)', mass_resolution)")
    tails = ", ".join(str(shape[key]) for key in ("alpha_low", "n_low", "alpha_high", "n_high"))
    density = name if bins == "centres" else f"{name}_density"
    workspace.factory(f"RooCrystalBall::{density}(mass, {name}_mean, {name}_width, {tails})")
    if density != name:
        _add_binned(workspace, name, edges, _signal_integrals(workspace, density, edges))


def _add_background(workspace: Any, category: str, case: dict, arrays: dict) -> None:
    name, truth, edges, counts = (
        f"background_{category}",
        case["background_truth"],
        arrays["edges"],
        arrays[category],
    )
    coordinates = coordinate_names(category, case)
    for coordinate in coordinates:
        workspace.factory(f"{coordinate}[0, -20, 20]")
    parameters = [f"{category}_p{i}" for i in range(1, len(truth) + 1)]
    for parameter, value, row in zip(parameters, truth, decorrelated(edges, counts, truth), strict=True):
        sums = "".join(f"+({step:.12g})*@{i}" for i, step in enumerate(row))
        workspace.factory(f"expr::{parameter}('{value}{sums}', {', '.join(coordinates)})")
    if case["bins"] == "centres":
        formula = DIJET[len(truth)].replace("x", "(mass/13000)")
        for i, parameter in enumerate(parameters):
            formula = formula.replace(f"@{i}", parameter)
        workspace.factory(f"EXPR::{name}('{formula}', mass, {', '.join(parameters)})")
    else:
        _add_binned(workspace, name, edges, _background_integrals(workspace, name, parameters, edges))
    total = int(counts.sum())
    workspace.factory(f"{name}_norm[{total}, {0.5 * total}, {1.5 * total}]")


def _add_binned(workspace: Any, name: str, edges: np.ndarray, integrals: Any) -> None:
    import ROOT

    binned = ROOT.RooParametricHist(name, name, workspace.var("mass"), integrals, _histogram(edges))
    workspace.Import(binned, ROOT.RooFit.RecycleConflictNodes())


def _histogram(edges: np.ndarray) -> Any:
    import ROOT

    ROOT.TH1.AddDirectory(False)
    return ROOT.TH1D("", "", len(edges) - 1, edges)


def _signal_integrals(workspace: Any, density: str, edges: np.ndarray) -> Any:
    """Integral of the signal over each bin."""
    import ROOT

    mass, integrals = workspace.var("mass"), ROOT.RooArgList()
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        mass.setRange(f"bin{i}", low, high)
        integral = workspace.pdf(density).createIntegral(ROOT.RooArgSet(mass), f"bin{i}")
        ROOT.SetOwnership(integral, False)
        integrals.add(integral)
    return integrals


def _background_integrals(workspace: Any, name: str, parameters: list[str], edges: np.ndarray) -> Any:
    """Integral of the dijet function over each bin, by six points of Gauss and Legendre."""
    import ROOT

    integrals = ROOT.RooArgList()
    nodes, weights = np.polynomial.legendre.leggauss(6)
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        points = zip((low + high + (high - low) * nodes) / 2, (high - low) / 2 * weights, strict=True)
        shape = DIJET[len(parameters)]
        parts = "+".join(
            f"{weight:.15g}*{shape.replace('x', f'{point / 13000:.15g}')}" for point, weight in points
        )
        integrals.add(workspace.factory(f"expr::{name}_bin{i}('{parts}', {', '.join(parameters)})"))
    return integrals


def decorrelated(edges: np.ndarray, counts: np.ndarray, truth: list[float]) -> np.ndarray:
    """Matrix (n, n) from coordinates with unit errors and no correlations to shape parameters p1, p2, ...

    One range then holds every fit: the smallest of three categories wants p1 = 41, not the true 10.7.
    """
    expected = expected_counts(Dijet(len(truth)), [0.0, *truth], edges)
    expected *= counts.sum() / expected.sum()
    design = Dijet(len(truth)).design(0.5 * (edges[1:] + edges[:-1]))[:, 1:]
    design -= expected @ design / expected.sum()
    return np.linalg.inv(np.linalg.qr(np.sqrt(expected)[:, None] * design)[1])


def coordinate_names(category: str, case: dict) -> list[str]:
    """Free parameters of the shape of a background."""
    return [f"{category}_u{i}" for i in range(1, len(case["background_truth"]) + 1)]


def datacard(case: dict) -> str:
    """The text that Combine reads."""
    categories, processes = list(case["signal_events"]), peaks(case)
    names = [*processes, "background"]
    pairs = [(category, name) for category in categories for name in names]
    files = [
        f"shapes {name} {category} workspace.root w:{'data' if name == 'data_obs' else name}_{category}"
        for category in categories
        for name in (*names, "data_obs")
    ]
    rates = [str(processes[p]["events"][c]) if p in processes else "1" for c, p in pairs]
    rows = [
        ["bin", *categories],
        ["observation", *["-1"] * len(categories)],
        ["bin", *(category for category, _ in pairs)],
        ["process", *(name for _, name in pairs)],
        ["process", *(str(names.index(name)) for _, name in pairs)],
        ["rate", *rates],
        *nuisance_rows(case, pairs),
    ]
    for category in categories:
        free = (*coordinate_names(category, case), f"background_{category}_norm")
        rows += [[name, "flatParam"] for name in free]
    return "\n".join(["imax *", "jmax *", "kmax *", *files, *(" ".join(row) for row in rows)]) + "\n"


def nuisance_rows(case: dict, pairs: list[tuple[str, str]]) -> list[list[str]]:
    """Lines of nuisance parameters, for columns (category, process)."""
    processes = peaks(case)
    every = {key: effect for process in processes.values() for key, effect in process["effects"].items()}
    rows = [
        _log_normal(name, [processes.get(process, {"effects": {}}) for _, process in pairs])
        if "kappa" in effect
        else [name, "param", *map(str, constraint(case, name))]
        for name, effect in every.items()
    ]
    for name, (low, high) in case.get("rates", {}).items():
        rows += [[f"{name}_scale", "rateParam", c, p, "1", f"[{low},{high}]"] for c, p in pairs if p == name]
    return rows


def _log_normal(nuisance: str, columns: list[dict]) -> list[str]:
    effects = (process["effects"].get(nuisance, {}) for process in columns)
    return [
        nuisance,
        "lnN",
        *("/".join(str(v) for v in np.ravel(e["kappa"])) if "kappa" in e else "-" for e in effects),
    ]
