"""Cases in which all processes are histograms, as in searches with simulated backgrounds."""

from pathlib import Path
from typing import Any

import numpy as np

from fits.backgrounds import Dijet, expected_counts
from fits.signals import DoubleCrystalBall

EDGES = np.arange(2000.0, 5001.0, 100.0)
PEAK = DoubleCrystalBall(2970, 95, 1.19, 3.1, 1.77, 9.0)
LUMINOSITY = {"luminosity": {"kappa": 1.016}}
EFFECTS = {
    "signal": {**LUMINOSITY, "efficiency": {"kappa": 1.1}},
    "multijet": {"multijet_yield": {"kappa": [0.9, 1.06]}},
    "diboson": {**LUMINOSITY, "diboson_yield": {"kappa": 1.2}},
}
# Processes that a nuisance deforms; the templates of -1 and +1 standard deviations are in toys.npz.
SHAPES = {"tilt": ["multijet"], "mass_scale": ["signal", "diboson"]}

# Per case: injected strength, scale of each category, and what differs.
CASES: dict[str, tuple[float, list[float], dict]] = {
    "templates": (0, [1.0], {}),
    "templates_free": (0.8, [1.0], {"rates": {"multijet": [0, 5]}}),
    "templates_three_categories_signal": (0.5, [1.0, 0.4, 0.1], {}),
    "template_shapes": (0, [1.0], {"shapes": SHAPES, "simulated": 2e4}),
    "template_shapes_signal": (0.8, [1.0], {"shapes": SHAPES, "simulated": 5e3}),
}


def toys(name: str) -> tuple[dict, dict]:
    """Description of a case, and its templates and counts by category."""
    injected, scales, other = CASES[name]
    rng = np.random.default_rng(7)
    arrays = {"edges": EDGES}
    for i, scale in enumerate(scales):
        templates = _templates(scale, other.get("shapes", {}))
        simulated = other.get("simulated")
        if simulated:
            events, total = templates["multijet"], templates["multijet"].sum()
            arrays[f"category{i}/errors"] = np.sqrt(events * total / simulated).round(4)
        expected = injected * templates["signal"] + templates["multijet"] + templates["diboson"]
        arrays |= {f"category{i}/{key}": template for key, template in templates.items()}
        arrays[f"category{i}"] = rng.poisson(expected)
    case = {
        "bins": "templates",
        "signal_events": {f"category{i}": -1 for i in range(len(scales))},
        "process_effects": EFFECTS,
        "rates": other.get("rates", {}),
        "shapes": other.get("shapes", {}),
        "asimov_strength": 0.8,
        "largest_strength": 4,
    }
    return case, arrays


def _templates(scale: float, shapes: dict) -> dict[str, np.ndarray]:
    falling = expected_counts(Dijet(3), [0, 10.657, 3.551, -0.3282], EDGES)
    falling *= 4000 * scale / falling.sum()
    diboson = PEAK.varied(2500, 200).bin_fractions(EDGES) * 150 * scale
    templates = {
        "signal": 80 * scale * PEAK.bin_fractions(EDGES),
        "multijet": falling,
        "diboson": diboson,
    }
    centres = 0.5 * (EDGES[1:] + EDGES[:-1]) / 3000 - 1
    for nuisance, processes in shapes.items():
        for process in processes:
            # Asymmetric, and the yield changes too.
            moved = templates[process] * (1 + 0.25 * centres + 0.02), templates[process] * (1 - 0.2 * centres)
            if nuisance == "mass_scale":
                moved = _moved(process, scale, 1.02), _moved(process, scale, 0.985)
            for side, template in zip(("Up", "Down"), moved, strict=True):
                templates[f"{process}_{nuisance}{side}"] = template
    return {key: template.round(4) for key, template in templates.items()}


def _moved(process: str, scale: float, factor: float) -> np.ndarray:
    mean, sigma, events = {"signal": (2970, 95, 80), "diboson": (2500, 200, 150)}[process]
    return events * scale * PEAK.varied(mean * factor, sigma).bin_fractions(EDGES)


def write_templates(case: dict, arrays: dict, folder: Path) -> str:
    """templates.root and datacard.txt in the folder; returns the text of the latter."""
    import uproot

    with uproot.recreate(folder / "templates.root") as file:
        for category in case["signal_events"]:
            file[f"{category}/data_obs"] = _histogram(arrays[category], np.zeros(len(EDGES) - 1))
            for key, array in arrays.items():
                if key.startswith(f"{category}/") and not key.endswith("/errors"):
                    errors = arrays.get(f"{category}/errors") if key == f"{category}/multijet" else None
                    file[key] = _histogram(array, np.zeros_like(array) if errors is None else errors)
    (folder / "datacard.txt").write_text(datacard(case))
    return datacard(case)


def _histogram(contents: np.ndarray, errors: np.ndarray) -> Any:
    import hist

    histogram = hist.Hist(hist.axis.Variable(EDGES), storage=hist.storage.Weight())
    histogram.view().value, histogram.view().variance = contents, errors**2
    return histogram


def datacard(case: dict) -> str:
    """The text that Combine reads."""
    categories, processes = list(case["signal_events"]), list(case["process_effects"])
    pairs = [(category, process) for category in categories for process in processes]
    effects = case["process_effects"]
    rows = [
        ["bin", *categories],
        ["observation", *["-1"] * len(categories)],
        ["bin", *(category for category, _ in pairs)],
        ["process", *(process for _, process in pairs)],
        ["process", *(str(processes.index(process)) for _, process in pairs)],
        ["rate", *["-1"] * len(pairs)],
    ]
    for nuisance in dict.fromkeys(key for effect in effects.values() for key in effect):
        kappas = [effects[process].get(nuisance, {}).get("kappa") for _, process in pairs]
        cells = ["-" if kappa is None else "/".join(map(str, np.ravel(kappa))) for kappa in kappas]
        rows.append([nuisance, "lnN", *cells])
    for nuisance, deformed in case["shapes"].items():
        rows.append([nuisance, "shape", *("1" if process in deformed else "-" for _, process in pairs)])
    for process, (low, high) in case["rates"].items():
        rows += [[f"{process}_{c}", "rateParam", c, process, "1", f"[{low},{high}]"] for c in categories]
    if case["shapes"]:
        rows += [[category, "autoMCStats", "0"] for category in categories]
    head = "shapes * * templates.root $CHANNEL/$PROCESS $CHANNEL/$PROCESS_$SYSTEMATIC"
    return "\n".join(["imax *", "jmax *", "kmax *", head, *(" ".join(row) for row in rows)]) + "\n"
