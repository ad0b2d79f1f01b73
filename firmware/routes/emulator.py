"""Emulators of trigger firmware: shared libraries as the CMS Level-1 software loads them."""

import ctypes
import weakref
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.integer_scaling import integers
from firmware.routes.compiler import run_tool
from firmware.routes.emulator_sources import EXPORTED
from firmware.routes.level1_interface import library_name
from firmware.routes.project import Project


def build_emulator(project: Project) -> Path:
    """Compile the emulator of a Vitis or Vivado project and give the shared library.

    Raises:
        MaplessError: another backend, or no compiler.
    """
    folder = project.folder / "emulator"
    if not folder.is_dir():
        raise MaplessError(
            f"no emulator comes with {project.backend} projects; build with backend Vitis or Vivado"
        )
    run_tool(["make", "-j2"], folder, what=f"emulator of {project.model.name!r}", needs=["g++"])
    return folder / f"{library_name(project.model, project.version)}.so"


class Emulator:
    """An emulator in memory: the library is loaded and its model made once, not per event.

    Raises:
        MaplessError: the file is no emulator.
    """

    def __init__(self, library: Path) -> None:
        if not Path(library).is_file():
            raise MaplessError(f"no emulator {library}; build the project first")
        self._library = ctypes.CDLL(str(Path(library).absolute()))
        missing = [name for name in EXPORTED if not hasattr(self._library, name)]
        if missing:
            raise MaplessError(f"{library} is no trigger emulator: it lacks {', '.join(missing)}")
        self._library.create_model.restype = ctypes.c_void_p
        self._library.number_of_inputs.restype = ctypes.c_size_t
        self._library.score_events.restype = ctypes.c_size_t
        self.n_inputs = int(self._library.number_of_inputs())
        self._model = ctypes.c_void_p(self._library.create_model())
        weakref.finalize(self, self._library.destroy_model, self._model)

    def score(self, hardware: ArrayLike) -> NDArray[np.float64]:
        """Score hardware integers of shape (n_events, ...) with `n_inputs` integers per event; (n_events,).

        Each event goes the way of the level-1 software: prepare_input with its type, predict, read_result.

        Raises:
            MaplessError: no integers, another number of inputs, or one beyond what level 1 hands over.
        """
        events = integers("level-1 inputs", hardware)
        if events[:1].size != self.n_inputs:
            raise MaplessError(
                f"the emulator wants {self.n_inputs} integers per event, not {events[:1].size}"
            )
        flat = np.ascontiguousarray(events.reshape(len(events), -1))
        scores = np.empty(len(flat))
        n_scored = self._library.score_events(
            self._model,
            flat.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_size_t(len(flat)),
            scores.ctypes.data_as(ctypes.c_void_p),
        )
        if n_scored < len(flat):
            raise MaplessError(
                f"event {n_scored}: a hardware integer overflows the type in which level 1 hands it over"
            )
        return scores
