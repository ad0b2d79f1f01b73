"""The report stage: rates, efficiencies, resources and the comparison of routes, as numbers and one page."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import provenance
from analysis.report.page import render, save_figures
from analysis.stages import read_manifest, write_json
from analysis.trigger.build import FIRMWARE, MODEL
from analysis.trigger.configuration import ZERO_BIAS, TriggerConfiguration
from analysis.trigger.designs import DESIGNS
from analysis.trigger.train import for_training
from firmware.performance.efficiencies import efficiency, pileup_profile
from firmware.performance.plots import (
    plot_efficiency_against_rate,
    plot_pileup_dependence,
    plot_rate_against_threshold,
)
from firmware.performance.rates import ZeroBiasRates, any_of
from firmware.trigger_model import TriggerModel
from selections import level1
from selections.level1 import Level1Events

Scores = NDArray[np.float64]

TITLES = {
    "level1_ttbar": r"$t\bar{t}$",
    "level1_h_to_4b": r"$h\to aa\to 4b$",
    "level1_h_to_4tau": r"$h\to aa\to 4\tau$",
    "level1_a_to_4l": r"$A\to 4\ell$",
    "level1_leptoquark": r"$LQ\to b\tau$",
    "level1_charged_higgs": r"$H^+\to\tau\nu$",
}


def write_trigger_report(
    configuration: TriggerConfiguration, files: Mapping[str, Path], folders: Mapping[str, Path], folder: Path
) -> None:
    """Write `report.html`, `results.json` and `plots/*.{png,pdf}` into `folder`.

    `files` maps samples to their events, `folders` finished stages to their products. Rates are those of
    zero-bias events that the training did not see.
    """
    model = TriggerModel.load(folders["train"] / MODEL)
    zero_bias = level1.read(files[ZERO_BIAS])
    zero_bias = zero_bias.select(~for_training(len(zero_bias), configuration.training.fraction))
    kind = DESIGNS[configuration.model].inputs

    def score(events: Level1Events) -> Scores:
        return model.score(model.own_units(events.inputs(kind)))

    signals = {name: score(level1.read(files[name])) for name in configuration.sample.signals}
    rates = ZeroBiasRates(score(zero_bias), zero_bias.weight, bunches=configuration.rates.bunches)
    menu = any_of(zero_bias.other_bits) if zero_bias.other_bits else np.zeros(len(zero_bias), bool)
    results = {
        "model": model.name,
        "n_zero_bias": len(zero_bias),
        "crossing_rate": rates.base_rate,
        "working_points": [
            working_point(rates, menu, signals, target) for target in configuration.rates.targets
        ],
        "firmware": json.loads((folders["build"] / FIRMWARE).read_text()) | {"folder": str(folders["build"])},
    }
    plots = save_figures(_figures(configuration, zero_bias, rates, menu, signals), folder / "plots")
    write_json(folder / "results.json", results)
    page = render(
        "trigger.html.j2",
        configuration=configuration,
        results=results,
        plots=plots,
        manifests=[read_manifest(stage) for stage in folders.values()],
        environment=provenance.environment(),
    )
    (folder / "report.html").write_text(page)


def working_point(
    rates: ZeroBiasRates, menu: NDArray[np.bool_], signals: Mapping[str, Scores], target: float
) -> dict[str, Any]:
    """Threshold for a rate (kHz), the rates that it achieves and the efficiency of each signal."""
    rate = rates.threshold(target)
    return {
        "asked": target,
        "rate": asdict(rate),
        "pure_rate": asdict(rates.at(rate.threshold, others=menu)),
        "efficiencies": {
            name: asdict(efficiency(scores, rate.threshold)) for name, scores in signals.items()
        },
    }


def _figures(
    configuration: TriggerConfiguration,
    zero_bias: Level1Events,
    rates: ZeroBiasRates,
    menu: NDArray[np.bool_],
    signals: Mapping[str, Scores],
) -> list[tuple[str, str, Any]]:
    targets = configuration.rates.targets
    points = {f"{target:g} kHz": rates.threshold(target) for target in targets}
    loosest = rates.threshold(max(targets))
    titled = {TITLES.get(name, name): scores for name, scores in signals.items()}
    return [
        (
            "rates",
            "Rate against threshold; the pure rate counts crossings that the menu does not take",
            plot_rate_against_threshold(rates, working_points=points, others=menu),
        ),
        (
            "efficiencies",
            "Efficiency of each signal against the rate",
            plot_efficiency_against_rate(rates, titled, working_points=targets),
        ),
        (
            "pileup",
            f"Stability against pile-up; threshold for {loosest.rate:.0f} kHz",
            plot_pileup_dependence(pileup_profile(rates.scores, zero_bias.n_pileup, loosest.threshold)),
        ),
    ]
