"""How few bits and weights an AXOL1TL encoder needs: efficiency against logic, and the best in a budget."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from firmware.networks.axol1tl import EncoderDesign
from firmware.networks.quantise import FixedPoint
from firmware.performance.efficiencies import Efficiency, efficiency
from firmware.performance.rates import NOMINAL_BUNCHES, Rate, ZeroBiasRates
from firmware.training.schedule import DEFAULT_SCHEDULE, Progress, Schedule

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
        schedule: of each training.
        rate: total rate in kHz at which efficiencies are compared.
        bunches: colliding bunches in the machine.
    """

    design: EncoderDesign
    schedule: Schedule = DEFAULT_SCHEDULE
    rate: float = 1.0
    bunches: int = NOMINAL_BUNCHES


@dataclass(frozen=True)
class StudyPoint:
    """One network of a study; `dataclasses.asdict` gives what JSON can hold.

    Args:
        name: of the model.
        rate: that it achieves, with the threshold.
        efficiencies: of each signal at this threshold.
        weight_bits, sparsity: what was asked for; None where that has no meaning.
        zeros: fraction of its weights that are zero; None in floating point.
        luts: alkaid's estimate without place-and-route; None in floating point.
    """

    name: str
    rate: Rate
    efficiencies: Mapping[str, Efficiency]
    weight_bits: int | None = None
    sparsity: float | None = None
    zeros: float | None = None
    luts: int | None = None

    @property
    def mean_efficiency(self) -> float:
        """Mean over the signals."""
        return float(np.mean([found.value for found in self.efficiencies.values()]))


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


def scan(
    events: StudyEvents,
    settings: StudySettings,
    bits: Sequence[int],
    sparsities: Sequence[float],
    progress: Progress | None = None,
) -> Iterator[tuple[StudyPoint, "TriggerModel"]]:
    """Train every combination of weight bits and sparsity and give each point with its model.

    Args:
        events: to train on and to judge by.
        settings: what all points share.
        bits, sparsities: what varies; the first point is the network in floating point, as a reference.
        progress: called after each epoch, counted over all trainings.

    Raises:
        MaplessError: impossible bits or sparsity, or a training that failed.
    """
    designs = {n: with_weight_bits(settings.design, n) for n in bits}
    epochs, n_trainings = settings.schedule.epochs, 1 + len(bits) * len(sparsities)

    def trained(number: int, name: str, design: EncoderDesign, **options: Any) -> "TriggerModel":
        from firmware.training.variational import train_variational

        def told(done: int, _: int) -> None:
            if progress is not None:
                progress(number * epochs + done, n_trainings * epochs)

        shared: dict[str, Any] = {"schedule": settings.schedule, "progress": told}
        return train_variational(events.training, design, name=name, **shared, **options)

    reference = trained(0, "floating_point", settings.design, quantised=False)
    yield measured(reference, events, settings), reference
    for number, (n, sparsity) in enumerate(product(bits, sparsities), start=1):
        name = f"bits{n}_sparsity{round(100 * sparsity)}"
        model = trained(number, name, designs[n], sparsity=sparsity, scaling=reference.scaling)
        point = measured(model, events, settings, with_logic=True)
        yield replace(point, weight_bits=n, sparsity=sparsity), model


def measured(
    model: "TriggerModel", events: StudyEvents, settings: StudySettings, *, with_logic: bool = False
) -> StudyPoint:
    """Efficiency of each signal at the rate of the study, and with logic the zeros and LUTs, of any model."""
    rates = ZeroBiasRates(model.score(events.zero_bias), bunches=settings.bunches)
    rate = rates.threshold(settings.rate)
    efficiencies = {
        name: efficiency(model.score(signal), rate.threshold) for name, signal in events.signals.items()
    }
    point = StudyPoint(model.name, rate, efficiencies)
    return replace(point, **_logic(model)) if with_logic else point


def choose(points: Sequence[StudyPoint], lut_budget: float | None = None) -> StudyPoint:
    """Pick the best mean efficiency within a budget of LUTs; among equals the one with fewer LUTs.

    The best of many points is a little flattered by statistics: judge it anew on other events.

    Raises:
        MaplessError: no point has so few LUTs.
    """
    budget = float("inf") if lut_budget is None else lut_budget
    built = [point for point in points if point.luts is not None]
    affordable = [point for point in built if point.luts is not None and point.luts <= budget]
    if not affordable:
        least = min((point.luts or 0 for point in built), default=0)
        raise MaplessError(
            f"no point of the study fits into {budget:,.0f} LUTs, the smallest takes {least:,}; "
            "raise the budget, or try fewer bits and more sparsity"
        )
    return max(affordable, key=lambda point: (point.mean_efficiency, -(point.luts or 0)))


def pareto_front(points: Sequence[StudyPoint]) -> list[StudyPoint]:
    """Points that no other one beats with as few LUTs or fewer, from small to large."""
    built = [point for point in points if point.luts is not None]
    ordered = sorted(built, key=lambda point: (point.luts or 0, -point.mean_efficiency))
    front: list[StudyPoint] = []
    for point in ordered:
        if not front or point.mean_efficiency > front[-1].mean_efficiency:
            front.append(point)
    return front


def _logic(model: "TriggerModel") -> dict[str, Any]:
    from firmware.routes.distributed_arithmetic import trace_trigger
    from firmware.training.pruning import fraction_of_zeros

    return {"zeros": fraction_of_zeros(model.network), "luts": round(trace_trigger(model).cost)}
