"""The trigger score offline: as a column of an RDataFrame, or of many events at once, bit for bit."""

import ctypes
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firmware.folders import complete_folder
from firmware.routes.compiler import run_tool
from firmware.routes.integer_code import NAMESPACE, integer_header
from firmware.trigger_model import TriggerModel

_BATCH = """#include "score.h"
#include <span>

// Returns the number of events scored: fewer than n where the inputs of the next one overflow.
extern "C" std::int64_t score_events(const std::int32_t *hardware, std::int64_t n, double *scores)
{{
    constexpr std::size_t n_inputs = {namespace}::n_inputs;
    std::int64_t event = 0;
    try {{
        for (; event < n; ++event)
            scores[event] = {namespace}::score(std::span(hardware + event * n_inputs, n_inputs));
    }} catch (const std::overflow_error &) {{
    }}
    return event;
}}
"""


def define_score(frame: Any, model: TriggerModel, *, inputs: str, column: str = "anomaly_score") -> Any:
    """Add the trigger score to an RDataFrame.

    Args:
        frame: node of the graph.
        model: to score with.
        inputs: column of level-1 hardware integers, one vector of the model's inputs per event, momenta in
            0.5 GeV as `mapless/level1_objects.h` makes them of NanoAOD; they need no conversion for a model
            that takes coarser momenta.
        column: name of the new column.

    Returns:
        the node with the new column; its values equal `model.score(model.own_units(inputs))` exactly. An
        event whose inputs are too many, too few or overflow ends the event loop with an error.
    """
    function, own_units = declare_score(model), inputs
    if model.momentum_shift:
        own_units = f"mapless::coarser_momenta({inputs}, {model.momentum_shift})"
    return frame.Define(column, f"{function}({own_units})")


def declare_score(model: TriggerModel) -> str:
    """Declare the score of inputs in the model's own units to ROOT, give the name of its C++ function."""
    import ROOT

    digest = hashlib.sha256(integer_header(model, model.name).encode()).hexdigest()[:8]
    name = f"{model.name}_{digest}"
    ROOT.gInterpreter.Declare(f"#pragma cling optimize(3)\n{integer_header(model, name)}")
    return f"{NAMESPACE}::{name}::score"


@dataclass(frozen=True)
class CompiledScore:
    """The score in a shared library of integer arithmetic, the fastest way to score many events exactly.

    `model` is what it computes, `library` the file that `compile` made.
    """

    model: TriggerModel
    library: Path

    @classmethod
    def compile(cls, model: TriggerModel, folder: Path) -> Self:
        """Write the C++ of a model to a folder and compile it.

        Raises:
            MaplessError: a layer without integer arithmetic, or no C++ compiler.
        """
        with complete_folder(folder) as partial:
            (partial / "score.h").write_text(integer_header(model, model.name))
            (partial / "score.cpp").write_text(_BATCH.format(namespace=f"{NAMESPACE}::{model.name}"))
        command = ["g++", "-std=c++20", "-O3", "-march=native", "-shared", "-fPIC"]
        run_tool([*command, "score.cpp", "-o", "libscore.so"], folder, what="compiling the trigger score")
        return cls(model, folder / "libscore.so")

    def score(self, hardware: ArrayLike) -> NDArray[np.float64]:
        """Score hardware integers in the model's own units, (n_events, *input_shape); shape (n_events,).

        Raises:
            MaplessError: not integers, a wrong number of objects, or an overflow.
        """
        hardware = self.model.checked(hardware)
        flat = np.ascontiguousarray(hardware.reshape(len(hardware), -1), dtype=np.int32)
        scores = np.empty(len(flat))
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (flat, scores)]
        if self._function(pointers[0], ctypes.c_int64(len(flat)), pointers[1]) < len(flat):
            self.model.scaled(hardware)  # says which
        return scores

    @cached_property
    def _function(self) -> Any:
        function = ctypes.CDLL(str(self.library)).score_events
        function.restype = ctypes.c_int64
        return function
