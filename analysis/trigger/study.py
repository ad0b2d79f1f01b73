"""Stage `study`: bits and pruning of an encoder against efficiency and logic, and the best of them."""

from dataclasses import dataclass
from pathlib import Path

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.engine.tensorflow_process import limit_tensorflow, tensorflow_reports_only_failures
from analysis.report.page import save_figures
from analysis.trigger.designs import ENCODERS
from analysis.trigger.products import MODEL
from analysis.trigger.samples import ZERO_BIAS, events_file, for_training
from errors import MaplessError
from firmware.networks.axol1tl import EncoderDesign
from firmware.performance.quantisation_study import (
    StudyEvents,
    StudySettings,
    measured,
    planned,
    scan,
    with_weight_bits,
)
from firmware.performance.rates import require_possible
from firmware.performance.study_plot import plot_study
from firmware.performance.study_points import StudyPoint, choose, pareto_front
from firmware.training.pruning import require_sparsity
from firmware.trigger_model import DESCRIPTION, TriggerModel
from selections import level1


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

    def require_possible(self, design: EncoderDesign, bunches: int) -> None:
        """Refuse what a study could not do, before anything is simulated or trained.

        Raises:
            MaplessError: impossible bits, sparsity, rate, seeds or betas, or no model to compare with.
        """
        require_possible(self.rate, bunches)
        for bits in self.bits:
            with_weight_bits(design, bits)
        for sparsity in self.sparsities:
            require_sparsity(sparsity)
        for name, numbers in {"seeds": self.seeds, "betas": self.betas}.items():
            bad = [number for number in numbers if not 0 <= number < 2**32]
            if bad or len(set(numbers)) < len(numbers):
                raise MaplessError(f"{name} {numbers} of a study must be different and from 0 up")
        if self.reference is not None and not (self.reference / DESCRIPTION).is_file():
            raise MaplessError(
                f"{self.reference} holds no trigger model to compare with; name another folder"
            )


@tensorflow_reports_only_failures()
def study(job: Job, tools: Tools) -> None:
    """Scan, choose and write `study.json`, `plots/study.{png,pdf}` and the chosen network as `model`.

    Arguments: `model` (an encoder among the designs), `schedule`, `fraction` of the zero-bias events to train
    on, `bunches` that collide, `signals` (names of samples), `options` (StudyOptions), `files` of samples.
    """
    limit_tensorflow(1)  # a seed gives the same networks, however many cores there are
    arguments, options = job.arguments, job.arguments["options"]
    settings = StudySettings(
        ENCODERS[arguments["model"]],
        arguments["schedule"],
        options.rate,
        arguments["bunches"],
        options.seeds,
    )
    events = _events(job)
    plan = planned(options.bits, options.sparsities, options.betas)
    results = list(scan(events, settings, plan, tools.progress))
    points = [point for point, _ in results]
    chosen = choose(points, options.lut_budget)
    best = chosen.best_training(options.lut_budget)
    reference = _reference(options.reference, events, settings)
    content = {
        "model": arguments["model"],
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
    write_json(job.folder / "study.json", content)
    figure = plot_study(points, chosen, rate=options.rate, lut_budget=options.lut_budget, reference=reference)
    save_figures([("study", "Efficiency against logic", figure)], job.folder / "plots")
    next(models for point, models in results if point is chosen)[best].save(job.folder / MODEL)


def _events(job: Job) -> StudyEvents:
    zero_bias = level1.read(events_file(job, ZERO_BIAS)).inputs("objects")
    learnt = for_training(len(zero_bias), job.arguments["fraction"])
    signals = {
        name: level1.read(events_file(job, name)).inputs("objects") for name in job.arguments["signals"]
    }
    return StudyEvents(zero_bias[learnt], zero_bias[~learnt], signals)


def _reference(folder: Path | None, events: StudyEvents, settings: StudySettings) -> StudyPoint | None:
    """Measure a saved model on events in its own units."""
    if folder is None:
        return None
    model = TriggerModel.load(folder)
    signals = {name: model.own_units(signal) for name, signal in events.signals.items()}
    own = StudyEvents(model.own_units(events.training), model.own_units(events.zero_bias), signals)
    return StudyPoint(model.name, (measured(model, own, settings, with_logic=True),))
