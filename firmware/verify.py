"""One gate for all routes of a trigger model: every event must get the same score from each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.routes.emulator import Emulator, build_emulator
from firmware.routes.project import Project
from firmware.routes.project_record import record_verification
from firmware.routes.rtl import RtlProject

Route = Callable[[ArrayLike], NDArray[np.float64]]


@dataclass(frozen=True)
class Agreement:
    """Fraction of events in which two routes give the same score; `first_difference` is None at 100 %."""

    first: str
    second: str
    fraction: float
    first_difference: int | None


@dataclass(frozen=True, eq=False)
class Verification:
    """Scores (n_events,) by route, compared pair by pair."""

    scores: Mapping[str, NDArray[np.float64]]

    @property
    def agreements(self) -> list[Agreement]:
        """One entry per pair of routes."""
        return [self._compare(first, second) for first, second in combinations(self.scores, 2)]

    def require_exact(self) -> None:
        """Fail unless all routes agree in every event.

        Raises:
            MaplessError: names the worst pair, its fraction and the first event that differs.
        """
        worst = min(self.agreements, key=lambda agreement: agreement.fraction)
        event = worst.first_difference
        if event is not None:
            first, second = (self.scores[route][event] for route in (worst.first, worst.second))
            raise MaplessError(
                f"{worst.first} and {worst.second} agree in {worst.fraction:.4%} of events; the first that "
                f"differs is event {event}: {first} against {second}"
            )

    def _compare(self, first: str, second: str) -> Agreement:
        differs = self.scores[first] != self.scores[second]
        where = int(np.argmax(differs)) if differs.any() else None
        return Agreement(first, second, float(1 - differs.mean()), where)


def compare_routes(routes: Mapping[str, Route], hardware: ArrayLike) -> Verification:
    """Score events by each route and compare; `routes` maps names to functions of hardware integers.

    Raises:
        MaplessError: there is no event, or less than two routes.
    """
    n_events = len(np.asarray(hardware))
    if n_events == 0 or len(routes) < 2:  # noqa: PLR2004
        raise MaplessError(
            f"nothing to verify with {n_events} events and {len(routes)} routes; give events and two routes"
        )
    return Verification({name: route(hardware) for name, route in routes.items()})


def firmware_routes(project: Project, rtl: RtlProject) -> dict[str, Route]:
    """Give all routes of a model: QKeras, C simulation, emulator (Xilinx only) and RTL simulation."""
    routes: dict[str, Route] = {"QKeras": project.model.score, "C simulation": project.simulate}
    if project.namespace:
        routes["emulator"] = Emulator(build_emulator(project)).score
    return {**routes, "RTL simulation": rtl.simulate}


def compare_project(project: Project, rtl: RtlProject, hardware: ArrayLike) -> Verification:
    """Score events by all routes of a model, and write into `project.json` whether they agree.

    Args:
        project, rtl: of the same model.
        hardware: held-out events, integers of shape (n_events, *input_shape).

    Raises:
        MaplessError: a tool is missing, or inputs that the model does not take.
    """
    verification = compare_routes(firmware_routes(project, rtl), hardware)
    record_verification(
        project.folder,
        rtl.folder,
        passed=all(agreement.first_difference is None for agreement in verification.agreements),
        n_events=len(np.asarray(hardware)),
        routes=verification.scores,
    )
    return verification


def verify(project: Project, rtl: RtlProject, hardware: ArrayLike) -> Verification:
    """Require that all routes of a model give the same score in every event; arguments as `compare_project`.

    Raises:
        MaplessError: two routes differ, or a tool is missing.
    """
    verification = compare_project(project, rtl, hardware)
    verification.require_exact()
    return verification
