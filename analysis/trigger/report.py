"""Stage `report`: rates, efficiencies, resources and the comparison of routes, as numbers and one page."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine import provenance
from analysis.engine.job import Job, Tools
from analysis.engine.json_file import read_json, write_json
from analysis.engine.manifest import read_manifest
from analysis.engine.tensorflow_process import tensorflow_reports_only_failures
from analysis.report.page import render, save_figures
from analysis.trigger.baselines import baselines
from analysis.trigger.configuration import TriggerConfiguration
from analysis.trigger.designs import DESIGNS
from analysis.trigger.products import FIRMWARE, MODEL
from analysis.trigger.samples import OUTLIER_FRACTION, ZERO_BIAS, events_file, for_training
from firmware.performance.efficiencies import efficiencies_at_rate, efficiency, pileup_profile
from firmware.performance.plots import (
    plot_efficiencies,
    plot_efficiency_against_rate,
    plot_pileup_dependence,
    plot_rate_against_threshold,
)
from firmware.performance.rates import ZeroBiasRates, any_of
from firmware.routes.level1_interface import interface_of
from firmware.trigger_model import TriggerModel
from selections import level1
from selections.level1 import Level1Events

Scores = NDArray[np.float64]

COMPARISON_RATE = 10.0  # kHz: the tail of a sample of default size is not thin there
TITLES = {
    "level1_ttbar": r"$t\bar{t}$",
    "level1_h_to_4b": r"$h\to aa\to 4b$",
    "level1_h_to_4tau": r"$h\to aa\to 4\tau$",
    "level1_a_to_4l": r"$A\to 4\ell$",
    "level1_leptoquark": r"$LQ\to b\tau$",
    "level1_charged_higgs": r"$H^+\to\tau\nu$",
}


@tensorflow_reports_only_failures()
def write_trigger_report(job: Job, tools: Tools) -> None:
    """Write `report.html`, `results.json` and `plots/*.{png,pdf}`.

    Arguments: `configuration` (TriggerConfiguration), `files` of samples. Rates are those of zero-bias events
    that the training did not see.
    """
    configuration: TriggerConfiguration = job.arguments["configuration"]
    model = TriggerModel.load(job.after["train"] / MODEL)
    zero_bias = level1.read(events_file(job, ZERO_BIAS))
    zero_bias = zero_bias.select(~for_training(len(zero_bias), configuration.training.fraction))
    kind = DESIGNS[configuration.model].inputs

    def score(events: Level1Events) -> Scores:
        return model.score(model.own_units(events.inputs(kind)))

    events = {name: _held_out_signal(name, job) for name in configuration.sample.signals}
    signals = {name: score(signal) for name, signal in events.items()}
    rates = ZeroBiasRates(score(zero_bias), zero_bias.weight, bunches=configuration.rates.bunches)
    simple = _baseline_scores(zero_bias, events, configuration)
    menu = any_of(zero_bias.other_bits) if zero_bias.other_bits else np.zeros(len(zero_bias), bool)
    results = {
        "model": model.name,
        "n_zero_bias": len(zero_bias),
        "crossing_rate": rates.base_rate,
        "working_points": [
            working_point(rates, menu, signals, target, menu_scale=interface_of(model).menu_scale)
            | {"baselines": {name: _kept(*found, target) for name, found in simple.items()}}
            for target in configuration.rates.targets
        ],
        "firmware": read_json(job.after["build"] / FIRMWARE) | {"folder": str(job.after["build"])},
    }
    figures = _figures(configuration, zero_bias, rates, menu, signals) + [_comparison(rates, signals, simple)]
    plots = save_figures(figures, job.folder / "plots")
    write_json(job.folder / "results.json", results)
    page = render(
        "trigger.html.j2",
        configuration=configuration,
        results=results,
        plots=plots,
        manifests=[read_manifest(stage) for stage in job.after.values()],
        environment=provenance.environment(),
    )
    (job.folder / "report.html").write_text(page)


def working_point(
    rates: ZeroBiasRates,
    menu: NDArray[np.bool_],
    signals: Mapping[str, Scores],
    target: float,
    *,
    menu_scale: int,
) -> dict[str, Any]:
    """Threshold for a rate (kHz), the rates that it achieves and the efficiency of each signal.

    `menu_threshold` is the threshold in the units of the level-1 menu, `menu_scale` times the score.
    """
    kept = _kept(rates, signals, target)
    threshold = kept["rate"]["threshold"]
    pure = rates.at(threshold, others=menu)
    in_menu = {"menu_threshold": threshold * menu_scale}
    return {"asked": target, "pure_rate": asdict(pure)} | in_menu | kept


def _held_out_signal(name: str, job: Job) -> Level1Events:
    """Give the events of a signal that no training saw: all of them, but for outliers."""
    events = level1.read(events_file(job, name))
    if name not in job.arguments["configuration"].training.outliers:
        return events
    return events.select(~for_training(len(events), OUTLIER_FRACTION))


def _baseline_scores(
    zero_bias: Level1Events, events: Mapping[str, Level1Events], configuration: TriggerConfiguration
) -> dict[str, tuple[ZeroBiasRates, dict[str, Scores]]]:
    """Rates and signal values of each quantity that all samples have."""
    bunches = configuration.rates.bunches
    of_signals = {name: baselines(found) for name, found in events.items()}
    return {
        quantity: (
            ZeroBiasRates(values, zero_bias.weight, bunches=bunches),
            {name: found[quantity] for name, found in of_signals.items()},
        )
        for quantity, values in baselines(zero_bias).items()
        if all(quantity in found for found in of_signals.values())
    }


def _kept(rates: ZeroBiasRates, signals: Mapping[str, Scores], target: float) -> dict[str, Any]:
    rate = rates.threshold(target)
    efficiencies = {name: asdict(efficiency(scores, rate.threshold)) for name, scores in signals.items()}
    return {"rate": asdict(rate), "efficiencies": efficiencies}


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


def _comparison(
    rates: ZeroBiasRates,
    signals: Mapping[str, Scores],
    simple: Mapping[str, tuple[ZeroBiasRates, dict[str, Scores]]],
) -> tuple[str, str, Any]:
    titled = {"anomaly score": (rates, signals), **simple}
    found = {
        name: {
            TITLES.get(signal, signal): kept
            for signal, kept in efficiencies_at_rate(zero_bias, scores, COMPARISON_RATE).items()
        }
        for name, (zero_bias, scores) in titled.items()
    }
    title = f"The score against thresholds on simple quantities at {COMPARISON_RATE:g} kHz"
    return "baselines", title, plot_efficiencies(found, COMPARISON_RATE)
