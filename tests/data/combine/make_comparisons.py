#!/usr/bin/env python3
"""Write toys.npz and comparisons.json: toy spectra, and what CMS Combine says about them; see the README."""

import argparse
import json
import os
import resource
import subprocess
from pathlib import Path

import numpy as np
import templates
import uproot
from workspaces import write_workspace

from fits.backgrounds import Dijet, expected_counts
from fits.signals import DoubleCrystalBall
from fits.spectrum import four_gev_edges

HERE = Path(__file__).parent
FINE, COARSE = four_gev_edges(1352, 8000), np.arange(1400.0, 8001.0, 100.0)
TRUTH = {2: [12.0, 5.0], 3: [10.657, 3.551, -0.3282]}
SIGNAL = DoubleCrystalBall(2970, 95, 1.19, 3.1, 1.77, 9.0, mass=3000)
JETS = {"mass_scale": {"mean": 0.01}, "mass_resolution": {"width": 0.035}}
SYMMETRIC = {"luminosity": {"kappa": 1.016}, "efficiency": {"kappa": 1.1}} | JETS
ASYMMETRIC = {"luminosity": {"kappa": 1.016}, "efficiency": {"kappa": [0.8, 1.15]}} | JETS

# A resonance that is known, below that of the search: what stays of W and Z bosons, say.
KNOWN_EFFECTS = {"luminosity": {"kappa": 1.016}, "known_yield": {"kappa": 1.2}} | JETS
KNOWN = {"known": (2600, 2.0, KNOWN_EFFECTS)}  # mass, events per signal event, effects

# Per case: mass in GeV, then background events and signal events at strength one of each category, then the
# injected strength, the strength of the Asimov data, the largest strength, and what differs from the others.
ONE, THREE = [(2e5, 500)], [(1.5e5, 250), (3e4, 150), (4e3, 100)]
CASES = {
    "one_category": (3000, ONE, 0, 0.5, 3, {}),
    "one_category_deficit": (3000, ONE, 0, 0.5, 3, {"seed": 8}),
    "one_category_signal": (3000, ONE, 0.6, 0.6, 4, {}),
    "one_category_asymmetric": (3000, ONE, 0.6, 0.6, 4, {"effects": ASYMMETRIC}),
    "three_categories": (3000, THREE, 0, 0.3, 2, {}),
    "three_categories_signal": (3000, THREE, 0.3, 0.3, 2, {}),
    "tail": (5000, [(2e5, 20)], 0, 1.0, 6, {}),
    "few_events": (3000, [(1e3, 20)], 0, 1.5, 12, {"n_parameters": 2}),
    "few_events_coarse": (3000, [(1e3, 20)], 1.0, 1.5, 12, {"n_parameters": 2, "edges": COARSE}),
    "known_background": (3000, ONE, 0, 0.5, 3, {"others": KNOWN}),
    "known_background_signal": (3000, ONE, 0.6, 0.6, 4, {"others": KNOWN, "seed": 5}),
    "known_background_free": (
        3000,
        ONE,
        0.6,
        0.6,
        4,
        {
            "others": {"known": (2600, 2.0, JETS)},
            "rates": {"known": [0, 5]},
            "constraints": {"mass_scale": [0.5, 0.8]},
        },
    ),
    "three_categories_known_background": (3000, THREE, 0, 0.3, 2, {"others": KNOWN, "seed": 3}),
    "three_categories_known_background_signal": (3000, THREE, 0.3, 0.3, 2, {"others": KNOWN}),
}


def toys(name: str) -> tuple[dict, dict]:
    """Description of a case, and its counts by category."""
    mass, categories, injected, asimov, largest, other = CASES[name]
    n_parameters, edges = other.get("n_parameters", 3), other.get("edges", FINE)
    shape = SIGNAL.scaled_to(mass)
    rng = np.random.default_rng(other.get("seed", 1))
    falling = expected_counts(Dijet(n_parameters), [0, *TRUTH[n_parameters]], edges)
    signals = {f"category{i}": signal for i, (_, signal) in enumerate(categories)}
    others = {
        key: described(SIGNAL.scaled_to(mass), {c: ratio * signal for c, signal in signals.items()}, effects)
        for key, (mass, ratio, effects) in other.get("others", {}).items()
    }
    counts = {}
    for category, (background, signal) in zip(signals, categories, strict=True):
        expected = background * falling / falling.sum() + injected * signal * normalised(shape, edges)
        for process in others.values():
            peak = DoubleCrystalBall(**process["shape"])
            expected += process["events"][category] * normalised(peak, edges)
        counts[category] = rng.poisson(expected)
    case = {
        "bins": "integrated" if edges is COARSE else "centres",
        "background_truth": TRUTH[n_parameters],
        "signal": described(shape, {}, {})["shape"],
        "signal_events": signals,
        "effects": other.get("effects", SYMMETRIC),
        "asimov_strength": asimov,
        "largest_strength": largest,
    }
    if others:
        case |= {key: other.get(key, {}) for key in ("rates", "constraints")} | {"others": others}
    return case, {"edges": edges} | counts


def normalised(shape: DoubleCrystalBall, edges: np.ndarray) -> np.ndarray:
    """Probabilities (n_bins,) for events inside the edges."""
    fractions = shape.bin_fractions(edges)
    return fractions / fractions.sum()


def described(shape: DoubleCrystalBall, events: dict, effects: dict) -> dict:
    """A process as it is stored."""
    names = ("mean", "sigma", "alpha_low", "n_low", "alpha_high", "n_high")
    return {"shape": {name: getattr(shape, name) for name in names}, "events": events, "effects": effects}


def commands(case: dict) -> dict[str, str]:
    """What is run, by the name of its result."""
    low, high = -0.5 * case["largest_strength"], case["largest_strength"]
    asimov = case["asimov_strength"]
    tight = "--cminDefaultMinimizerStrategy 1 --cminDefaultMinimizerTolerance 0.001 -L settings_cxx.so"
    return {
        "limit": f"combine -M AsymptoticLimits workspace_r.root --rMin 0 --rMax {high} {tight} "
        "--rAbsAcc 1e-4 --rRelAcc 1e-3",
        "significance": f"combine -M Significance workspace_r.root --rMin 0 --rMax {high} {tight}",
        "asimov_significance": f"combine -M Significance workspace_r.root --rMin 0 --rMax {high} -t -1 "
        f"--expectSignal {asimov} --toysFrequentist {tight}",
        "fit": f"combine -M MultiDimFit workspace_r.root --algo singles --rMin {low} --rMax {high} {tight}",
        "scan": f"combine -M MultiDimFit workspace_r.root --algo grid --points 6 --alignEdges 1 --rMin 0 "
        f"--rMax {high / 2} {tight}",
        "goodness": "combine -M GoodnessOfFit workspace_r.root --algo saturated --fixedSignalStrength 0 "
        + tight,
    }


def run(command: str, folder: Path) -> float:
    """Run a command in a folder; seconds of processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    log = (folder / "log.txt").open("a")
    subprocess.run(command, shell=True, check=True, cwd=folder, stdout=log, stderr=log)  # noqa: S602
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def read(folder: Path, branches: list[str]) -> dict[str, list[float]]:
    """Columns of the tree that the last command wrote."""
    newest = max(folder.glob("higgsCombine*.root"), key=os.path.getmtime)
    with uproot.open(newest) as file:
        return {name: file["limit"][name].array(library="np").tolist() for name in branches}


def numbers(case: dict, folder: Path) -> tuple[dict, dict]:
    """Results of Combine, and seconds of processor time of each command."""
    results, seconds = {}, {}
    seconds["workspace"] = run("text2workspace.py datacard.txt -o workspace_r.root", folder)
    for name, command in commands(case).items():
        seconds[name] = run(command, folder)
        columns = read(folder, ["r", "deltaNLL"] if name in ("fit", "scan") else ["limit"])
        results[name] = columns
    return results, seconds


def tidy(results: dict) -> dict:
    """The names that the test uses."""
    *expected, observed = results["limit"]["limit"]
    best, low, high = results["fit"]["r"]
    scan = sorted(zip(results["scan"]["r"][1:], results["scan"]["deltaNLL"][1:], strict=True))
    return {
        "observed_limit": observed,
        "expected_limits": expected,
        "significance": results["significance"]["limit"][0],
        "asimov_significance": results["asimov_significance"]["limit"][0],
        "strength": best,
        "strength_interval": [low, high],
        "scan": [[strength, 2 * difference] for strength, difference in scan],
        "saturated": results["goodness"]["limit"][0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where workspaces and logs go")
    parser.add_argument("--cases", nargs="*", default=[*CASES, *templates.CASES])
    parser.add_argument("--version", default="", help="of Combine, for the record")
    arguments = parser.parse_args()
    target = HERE / "comparisons.json"
    record = json.loads(target.read_text()) if target.exists() else {"combine": "", "cases": {}}
    record["combine"] = arguments.version or record["combine"]
    counts = {}
    for name in (*CASES, *templates.CASES):
        made, write = (
            (toys, write_workspace) if name in CASES else (templates.toys, templates.write_templates)
        )
        case, arrays = made(name)
        counts |= {f"{name}/{key}": array for key, array in arrays.items()}
        if name not in arguments.cases:
            continue
        folder = arguments.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "settings_cxx.so").unlink(missing_ok=True)
        (folder / "settings_cxx.so").symlink_to(arguments.folder.resolve() / "settings_cxx.so")
        case["datacard"] = write(case, arrays, folder)
        results, seconds = numbers(case, folder)
        case |= {"commands": commands(case), "results": tidy(results), "processor_seconds": seconds}
        record["cases"][name] = case
        target.write_text(json.dumps(record, indent=1) + "\n")
        print(name, json.dumps(case["results"]), flush=True)
    np.savez_compressed(HERE / "toys.npz", **counts)


if __name__ == "__main__":
    main()
