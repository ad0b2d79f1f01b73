"""The quantisation study: `./run_analysis.py trigger study`, from samples to the network within a budget."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from analysis.engine.tensorflow_messages import tensorflow_reports_only_failures
from analysis.report.page import save_figures
from analysis.run import publish, run_stages, training_bar
from analysis.stages import Stage, write_json
from analysis.trigger.configuration import ZERO_BIAS, TriggerConfiguration, load_trigger_configuration
from analysis.trigger.designs import ENCODERS
from analysis.trigger.pipeline import TriggerPipeline
from analysis.trigger.train import for_training, schedule_of
from errors import MaplessError
from firmware.performance.quantisation_study import StudyEvents, StudySettings, measured, planned, scan
from firmware.performance.study_points import StudyPoint, choose, pareto_front
from firmware.training import hgq2
from firmware.training.schedule import EpochProgress
from firmware.trigger_model import TriggerModel
from selections import level1

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class StudyOptions:
    """What to scan, the rate (kHz) of the comparison, the budget of LUTs, and a model to compare with.

    Every point trains once with each of the `seeds`. `betas`, weights of one bit operation in the loss, add
    points that learn their bits, which needs the extra hgq2.
    """

    bits: tuple[int, ...]
    sparsities: tuple[float, ...]
    rate: float = 1.0
    lut_budget: float | None = None
    reference: Path | None = None
    seeds: tuple[int, ...] = (1,)
    betas: tuple[float, ...] = ()


def numbers(option: str, text: str, kind: Callable[[str], Number]) -> list[Number]:
    """Read numbers between commas.

    Raises:
        MaplessError: something else stands there.

    >>> numbers("--sparsity", "0,0.25", float)
    [0.0, 0.25]
    """
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise MaplessError(f"{option} {text!r} is no list of numbers; write one like 4,5,6") from None


def run_study(
    config: Path | None, overrides: Sequence[str], options: StudyOptions, output: Path, *, workers: int = 2
) -> None:
    """Simulate what is missing, scan, print the table, write `study/` with numbers, plot and model."""
    console = Console()
    configuration = load_trigger_configuration(config, tuple(overrides))
    with training_bar(console) as progress:
        pipeline = TriggerPipeline(configuration, output, workers, progress)
        stage = study_stage(pipeline, options)
        run_stages([*pipeline.samples.values(), stage], output, console, fresh=False)
    publish(stage.folder(output), output / "study")
    print_study(json.loads((output / "study" / "study.json").read_text()), console)
    console.print(f"Results: [bold]{output / 'study'}[/]   the chosen network: study/model")


def study_stage(pipeline: TriggerPipeline, options: StudyOptions) -> Stage:
    """From samples to `study.json`, `plots/study.{png,pdf}` and `model`.

    Raises:
        MaplessError: the model of the configuration is not an encoder with the sum of squares as its score,
            or bits shall be learnt without the extra hgq2.
    """
    configuration = pipeline.configuration
    if options.betas:
        hgq2.require_extra()
    if configuration.model not in ENCODERS:
        raise MaplessError(
            f"there is no quantisation study of {configuration.model}; choose one of {', '.join(ENCODERS)}"
        )

    def run(folder: Path) -> None:
        with tensorflow_reports_only_failures():
            write_study(configuration, pipeline.files, options, folder, pipeline.progress)

    reference = sorted(options.reference.iterdir()) if options.reference else []
    return Stage(
        "study",
        run,
        {"configuration": configuration.model_dump(mode="json"), "options": asdict(options)},
        inputs=(*configuration.sample.files.values(), *reference),
        sources=("firmware", "analysis/trigger"),
        after=tuple(pipeline.samples.values()),
    )


def write_study(
    configuration: TriggerConfiguration,
    files: Mapping[str, Path],
    options: StudyOptions,
    folder: Path,
    progress: EpochProgress | None = None,
) -> None:
    """Scan, choose and write numbers, plot and the chosen model into `folder`."""
    from firmware.performance.study_plot import plot_study

    settings = StudySettings(
        ENCODERS[configuration.model],
        schedule_of(configuration.training),
        options.rate,
        configuration.rates.bunches,
        options.seeds,
    )
    events = _events(configuration, files)
    plan = planned(options.bits, options.sparsities, options.betas)
    results = list(scan(events, settings, plan, progress))
    points = [point for point, _ in results]
    chosen = choose(points, options.lut_budget)
    best = chosen.best_training(options.lut_budget)
    reference = _reference(options.reference, events, settings)
    content = {
        "model": configuration.model,
        "rate": options.rate,
        "seeds": options.seeds,
        "n_zero_bias": len(events.zero_bias),
        "lut_budget": options.lut_budget,
        "points": [point.as_json() for point in points],
        "reference": reference and reference.as_json(),
        "chosen": chosen.name,
        "chosen_seed": options.seeds[best],
        "front": [point.name for point in pareto_front(points)],
    }
    write_json(folder / "study.json", content)
    figure = plot_study(points, chosen, rate=options.rate, lut_budget=options.lut_budget, reference=reference)
    save_figures([("study", "Efficiency against logic", figure)], folder / "plots")
    next(models for point, models in results if point is chosen)[best].save(folder / "model")


def print_study(content: Mapping[str, Any], console: Console) -> None:
    """Print one row per network, LUTs and mean efficiencies over the seeds, and which network is chosen."""
    signals = list(content["points"][0]["efficiencies"])
    headings = [name.removeprefix("level1_").replace("_", "\n") for name in signals]
    title = f"{content['model']}: efficiencies in % at {content['rate']:g} kHz"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    several = len(content["seeds"]) > 1
    for heading in ("bits", "pruned", "LUTs", *headings, "mean", *["±"] * several):
        table.add_column(heading, justify="right")
    for point in filter(None, [*content["points"], content["reference"]]):
        style = "bold green" if point["name"] == content["chosen"] else ""
        found = (f"{100 * point['efficiencies'][name]:.1f}" for name in signals)
        mean, spread = (f"{100 * point[name]:.1f}" for name in ("mean_efficiency", "efficiency_spread"))
        table.add_row(*_network_cells(point), *found, mean, *[spread] * several, style=style)
    console.print(table)
    if several:
        console.print(f"means over seeds {content['seeds']}; ± is the standard deviation of one training")
    _print_choice(content, console)


def _print_choice(content: Mapping[str, Any], console: Console) -> None:
    chosen = next(point for point in content["points"] if point["name"] == content["chosen"])
    training = next(one for one in chosen["trainings"] if one["seed"] == content["chosen_seed"])
    console.print(
        f"Chosen: {chosen['name']}, seed {training['seed']}, "
        f"{training['luts']:,} LUTs; an estimate without place-and-route, by alkaid"
    )
    if training["rate"]["warning"]:
        console.print(f"[yellow]At {content['rate']:g} kHz {training['rate']['warning']}[/]")


def _network_cells(point: Mapping[str, Any]) -> tuple[str, str, str]:
    """Bits, sparsity and LUTs; beta where bits were learnt, the name where neither has a meaning."""
    luts = "" if point["luts"] is None else f"{point['luts']:,.0f}"
    if point["beta0"] is not None:
        return f"{point['beta0']:.0e}", "HGQ2", luts
    if point["weight_bits"] is None:
        return point["name"].replace("_", " "), "", luts
    return str(point["weight_bits"]), f"{point['sparsity']:.0%}", luts


def _events(configuration: TriggerConfiguration, files: Mapping[str, Path]) -> StudyEvents:
    zero_bias = level1.read(files[ZERO_BIAS]).inputs("objects")
    learnt = for_training(len(zero_bias), configuration.training.fraction)
    signals = {name: level1.read(files[name]).inputs("objects") for name in configuration.sample.signals}
    return StudyEvents(zero_bias[learnt], zero_bias[~learnt], signals)


def _reference(folder: Path | None, events: StudyEvents, settings: StudySettings) -> StudyPoint | None:
    """Measure a saved model on events in its own units."""
    if folder is None:
        return None
    model = TriggerModel.load(folder)
    signals = {name: model.own_units(signal) for name, signal in events.signals.items()}
    own = StudyEvents(model.own_units(events.training), model.own_units(events.zero_bias), signals)
    return StudyPoint(model.name, (measured(model, own, settings, with_logic=True),))
