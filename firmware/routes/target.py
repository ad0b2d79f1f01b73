"""What a project is built for: the vendor's flow, the FPGA, its clock and how often logic is shared."""

import math
import re
from dataclasses import dataclass, replace
from typing import Self

from errors import MaplessError


@dataclass(frozen=True)
class Backend:
    """A vendor's flow: its default part, the program that synthesises, and that program's command line.

    `options` go to hls4ml as they are; `needs` names the vendor's program if a makefile calls it.
    """

    part: str
    synthesis: tuple[str, ...]
    options: tuple[tuple[str, bool], ...] = ()
    needs: str = ""

    @property
    def tool(self) -> str:
        """The program that must be on PATH for synthesis."""
        return self.needs or self.synthesis[0]


_WITHOUT_TEXT_WEIGHTS = (("write_weights_txt", False),)
BACKENDS = {
    # The Global Trigger boards of CMS carry the first part, its calorimeter layer-1 cards the second.
    "Vitis": Backend(
        "xc7vx690tffg1927-2",
        ("vitis-run", "--mode", "hls", "--tcl", "build_prj.tcl"),
        _WITHOUT_TEXT_WEIGHTS,
    ),
    "Vivado": Backend("xc7vx690tffg1927-2", ("vivado_hls", "-f", "build_prj.tcl"), _WITHOUT_TEXT_WEIGHTS),
    "Catapult": Backend("xcku115-flvb2104-2-i", ("catapult", "-shell", "-f", "build_prj.tcl")),
    "Quartus": Backend("Arria10", ("make",), needs="i++"),
}
XILINX = ("Vitis", "Vivado")  # with namespaces, and with the types that the emulator is written for

# Names of parts, and the family of Yosys's `synth_xilinx` that they belong to.
_FAMILIES = (
    (re.compile(r"x[caq]7"), "xc7"),
    (re.compile(r"xczu|xc[kv]u\d+p"), "xcup"),
    (re.compile(r"xc[kv]u"), "xcu"),
)


@dataclass(frozen=True)
class Target:
    """The FPGA and its pace, the same for the vendor's project and the Verilog.

    Args:
        part: FPGA; None is the usual one of the backend.
        clock_period: in ns; 6.25 is four clocks per bunch crossing of the LHC.
        reuse_factor: multiplications that share one multiplier in the vendor's project. The Verilog has no
            multipliers, so nothing of it is shared.
        initiation_interval: clocks from one event to the next in the vendor's project, at least the reuse
            factor; None takes the reuse factor. The Verilog takes an event in every clock.

    Raises:
        MaplessError: impossible numbers.
    """

    part: str | None = None
    clock_period: float = 6.25
    reuse_factor: int = 1
    initiation_interval: int | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.clock_period) and self.clock_period > 0):
            raise MaplessError(f"a clock period of {self.clock_period} ns is impossible; take 6.25 or so")
        if self.reuse_factor < 1:
            raise MaplessError(f"a reuse factor of {self.reuse_factor} is impossible; take 1 or more")
        if self.initiation_interval is not None and self.initiation_interval < self.reuse_factor:
            raise MaplessError(
                f"with a reuse factor of {self.reuse_factor} no event can follow after "
                f"{self.initiation_interval} clocks; take an initiation interval of at least that"
            )

    def complete(self, backend: str) -> Self:
        """Fill in what was left to the backend.

        Raises:
            MaplessError: an unknown backend, or one whose projects have no initiation interval.
        """
        if backend not in BACKENDS:
            raise MaplessError(f"backend {backend!r} is not supported; use one of {', '.join(BACKENDS)}")
        interval = self.initiation_interval or self.reuse_factor
        if interval > self.reuse_factor and backend not in XILINX:
            raise MaplessError(
                f"an initiation interval of its own needs backend {' or '.join(XILINX)}; leave it out"
            )
        return replace(self, part=self.part or BACKENDS[backend].part, initiation_interval=interval)


USUAL = Target()


def yosys_family(part: str) -> str:
    """Give the family of an FPGA by the name that Yosys has for it.

    Raises:
        MaplessError: not a Xilinx part of the 7 series or later.

    >>> yosys_family("xcvu13p-flga2577-2-e")
    'xcup'
    """
    for pattern, family in _FAMILIES:
        if pattern.match(part):
            return family
    raise MaplessError(f"Yosys counts no cells of {part!r}; name a Xilinx part such as xc7vx690tffg1927-2")
