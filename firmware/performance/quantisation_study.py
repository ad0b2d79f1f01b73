"""How few bits and weights an AXOL1TL encoder needs: efficiency against logic."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, product
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from errors import MaplessError
from firmware.networks.axol1tl import EncoderDesign
from firmware.networks.quantise import FixedPoint
from firmware.performance.efficiencies import efficiency
from firmware.performance.rates import NOMINAL_BUNCHES, ZeroBiasRates
from firmware.performance.study_points import StudyPoint, StudyTraining
from firmware.training.schedule import DEFAULT_SCHEDULE, EpochProgress, TrainingSchedule, learned_scaling

if TYPE_CHECKING:
    from firmware.networks.building_blocks import LayerTypes
    from firmware.trigger_model import TriggerModel

WEIGHT_INTEGER_BITS = 1
"""Weights lie in [-1, 1): inputs are scaled to order one, so more bits make finer steps."""


@dataclass(frozen=True, eq=False)
class StudyEvents:
    """Hardware integers of shape (n_events, n_inputs).

    Args:
        training: zero-bias events to train on.
        zero_bias: others, which give the rates.
        signals: by name.
    """

    training: NDArray[Any]
    zero_bias: NDArray[Any]
    signals: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class StudySettings:
    """What is equal at all points.

    Args:
        design: encoder whose weight types vary.
        schedule: of each training; `seeds` replace its seed.
        rate: total rate in kHz at which efficiencies are compared.
        bunches: colliding bunches in the machine.
        seeds: every point trains once with each.
    """

    design: EncoderDesign
    schedule: TrainingSchedule = DEFAULT_SCHEDULE
    rate: float = 1.0
    bunches: int = NOMINAL_BUNCHES
    seeds: tuple[int, ...] = (1,)


def with_weight_bits(design: EncoderDesign, bits: int) -> EncoderDesign:
    """Return the design with weights of so many bits in all layers, in [-1, 1).

    Raises:
        MaplessError: less than two bits, the sign included.
    """
    if bits < 2:  # noqa: PLR2004
        raise MaplessError(f"weights of {bits} bits are impossible; choose two or more")
    kernel = FixedPoint(bits, WEIGHT_INTEGER_BITS)

    def changed(types: "LayerTypes") -> "LayerTypes":
        return replace(types, kernel=kernel)

    return replace(
        design, hidden_types=changed(design.hidden_types), latent_types=changed(design.latent_types)
    )


def planned(
    bits: Sequence[int], sparsities: Sequence[float], betas: Sequence[float] = ()
) -> list[StudyPoint]:
    """Points before they train: floating point, bits times sparsities, then those that learn their bits.

    >>> [point.name for point in planned((4,), (0.0, 0.5), (1e-6,))]
    ['floating_point', 'bits4_sparsity0', 'bits4_sparsity50', 'hgq2_beta1e_06']
    """
    grid = [
        StudyPoint(f"bits{n}_sparsity{round(100 * sparsity)}", (), n, sparsity)
        for n, sparsity in product(bits, sparsities)
    ]
    learnt = [StudyPoint(f"hgq2_beta{beta0:.0e}".replace("-", "_"), (), beta0=beta0) for beta0 in betas]
    return [StudyPoint("floating_point", ()), *grid, *learnt]


def scan(
    events: StudyEvents,
    settings: StudySettings,
    plan: Sequence[StudyPoint],
    progress: EpochProgress | None = None,
) -> Iterator[tuple[StudyPoint, list["TriggerModel"]]]:
    """Train every point with each seed and give it with its models.

    Args:
        events: to train on and to judge by.
        settings: what all points share, beside the scaling of the inputs that is learnt once.
        plan: what varies, see `planned`.
        progress: called after each epoch, counted over all trainings.

    Raises:
        MaplessError: impossible bits or sparsity, HGQ2 is not installed, or a training failed.
    """
    epochs, counter = settings.schedule.epochs, count(1)
    n_epochs = len(plan) * len(settings.seeds) * epochs
    shared: dict[str, Any] = {
        "scaling": learned_scaling(events.training, settings.design.inputs),
        "progress": lambda done, total: progress and progress(next(counter), n_epochs),
    }
    designs = [
        settings.design if point.weight_bits is None else with_weight_bits(settings.design, point.weight_bits)
        for point in plan
    ]
    for point, design in zip(plan, designs, strict=True):
        schedules = [replace(settings.schedule, seed=seed) for seed in settings.seeds]
        models = [
            _trained(point, design, events.training, schedule=schedule, **shared) for schedule in schedules
        ]
        with_logic = point.name != "floating_point"
        trainings = [measured(model, events, settings, with_logic=with_logic) for model in models]
        seeded = zip(trainings, settings.seeds, strict=True)
        yield replace(point, trainings=tuple(replace(one, seed=seed) for one, seed in seeded)), models


def measured(
    model: "TriggerModel", events: StudyEvents, settings: StudySettings, *, with_logic: bool = False
) -> StudyTraining:
    """Efficiency of each signal at the rate of the study, and with logic the zeros and LUTs, of any model."""
    rates = ZeroBiasRates(model.score(events.zero_bias), bunches=settings.bunches)
    rate = rates.threshold(settings.rate)
    efficiencies = {
        name: efficiency(model.score(signal), rate.threshold) for name, signal in events.signals.items()
    }
    training = StudyTraining(rate, efficiencies)
    return replace(training, **_logic(model)) if with_logic else training


def _trained(
    point: StudyPoint, design: EncoderDesign, hardware: NDArray[Any], **shared: Any
) -> "TriggerModel":
    if point.beta0 is not None:
        from firmware.training.hgq2 import train_hgq2_encoder

        return train_hgq2_encoder(hardware, design, name=point.name, beta0=point.beta0, **shared)
    from firmware.training.variational import train_variational

    quantised = point.weight_bits is not None
    sparsity = point.sparsity or 0.0
    return train_variational(
        hardware, design, name=point.name, quantised=quantised, sparsity=sparsity, **shared
    )


def _logic(model: "TriggerModel") -> dict[str, Any]:
    from firmware.routes.distributed_arithmetic import trace_trigger
    from firmware.training.pruning import fraction_of_zeros

    return {"zeros": fraction_of_zeros(model.network), "luts": round(trace_trigger(model).cost)}
