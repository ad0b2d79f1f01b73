"""Firmware of a saved trigger model in one step: hls4ml project, emulator, Verilog, comparison, resources."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.routes.project import Project, write_project
from firmware.routes.resources import Resources, estimate, synthesise
from firmware.routes.rtl import RtlProject, write_rtl
from firmware.routes.target import BACKENDS, USUAL, Target, yosys_family
from firmware.trigger_model import TriggerModel
from firmware.verify import Verification, verify


@dataclass(frozen=True, eq=False)
class Build:
    """What a build made: the hls4ml project, the Verilog, its size, and the proof that all agree.

    `resources` are alkaid's estimate, and then Yosys's if that was wanted.
    """

    project: Project
    rtl: RtlProject
    resources: tuple[Resources, ...]
    verification: Verification


def build(
    model: TriggerModel,
    hardware: ArrayLike,
    folder: Path,
    *,
    backend: str = "Vitis",
    target: Target = USUAL,
    version: str | None = None,
    yosys: bool = False,
) -> Build:
    """Write `folder/hls4ml` and `folder/rtl`, compile them and require equal scores in every event.

    Args:
        model: what becomes firmware.
        hardware: held-out events, integers of shape (n_events, *input_shape).
        folder: where both projects go; each is replaced as a whole.
        backend, target, version: see `write_project`; the target is that of the Verilog too.
        yosys: whether Yosys counts cells of the Verilog (seconds to minutes).

    Raises:
        MaplessError: a layer without firmware, a missing compiler, or scores that differ.
    """
    target = target.complete(backend)
    if yosys:
        yosys_family(str(target.part))  # refuses parts that it does not know, before the work
    project = write_project(
        model, folder / "hls4ml", hardware, backend=backend, target=target, version=version
    )
    rtl = write_rtl(model, folder / "rtl", target=target)
    verification = verify(project, rtl, hardware)
    resources = (estimate(rtl), synthesise(rtl)) if yosys else (estimate(rtl),)
    return Build(project, rtl, resources, verification)


def read_events(file: Path) -> NDArray[np.int64]:
    """Read hardware integers (n_events, ...) from a `.npy` file.

    Raises:
        MaplessError: no such file, or no array of integers in it.
    """
    try:
        events = np.load(file)
    except (OSError, ValueError):
        raise MaplessError(f"{file} holds no events; save hardware integers with numpy.save") from None
    if not isinstance(events, np.ndarray) or events.dtype.kind not in "iu":
        raise MaplessError(f"{file} holds no integers; trigger inputs are hardware integers")
    return events.astype(np.int64)


def _report(made: Build) -> None:
    for agreement in made.verification.agreements:
        print(f"{agreement.first} = {agreement.second} in {agreement.fraction:.2%} of events")
    for resources in made.resources:
        print(f"resources: {resources}")
    print(f"project: {made.project.folder}\nVerilog: {made.rtl.folder}")
    if made.project.synthesis_is_installed:
        made.project.synthesise()
        print("synthesis: done; its reports lie in the project")
    else:
        print(f"synthesis: left out, {BACKENDS[made.project.backend].tool} is not installed here")


def main(arguments: list[str] | None = None) -> int:
    """Build from the command line; an error is one line on stderr and exit code 1."""
    parser = argparse.ArgumentParser(prog="firmware/build.sh", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a saved trigger model")
    parser.add_argument("events", type=Path, help=".npy file of hardware integers, one event per row")
    parser.add_argument("output", type=Path, help="folder to write")
    parser.add_argument("--backend", default="Vitis", help=", ".join(BACKENDS))
    parser.add_argument("--part", help="FPGA")
    parser.add_argument("--clock-period", type=float, default=6.25, help="in ns")
    parser.add_argument("--reuse-factor", type=int, default=1, help="multiplications per multiplier")
    parser.add_argument("--initiation-interval", type=int, help="clocks from one event to the next")
    parser.add_argument("--version", help="of the emulator, by default that in the model's name")
    parser.add_argument("--yosys", action="store_true", help="count cells with Yosys")
    chosen = parser.parse_args(arguments)
    try:
        target = Target(chosen.part, chosen.clock_period, chosen.reuse_factor, chosen.initiation_interval)
        model, events = TriggerModel.load(chosen.model), read_events(chosen.events)
        _report(
            build(
                model,
                events,
                chosen.output,
                backend=chosen.backend,
                target=target,
                version=chosen.version,
                yosys=chosen.yosys,
            )
        )
    except MaplessError as error:
        print(f"mapless: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
