"""Complete hls4ml projects of trigger models: sources, testbench with real vectors, simulation, synthesis."""

import contextlib
import ctypes
import io
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.folders import complete_folder
from firmware.networks.supported_layers import check_network
from firmware.routes.compiler import run_tool
from firmware.routes.emulator_sources import write_emulator_sources
from firmware.routes.level1_interface import library_name, version_of
from firmware.routes.project_record import describe, model_checksum, read_record, target_of, write_record
from firmware.routes.target import BACKENDS, USUAL, XILINX, Target
from firmware.trigger_model import TriggerModel

N_TEST_VECTORS = 100


@dataclass(frozen=True, eq=False)
class Project:
    """An hls4ml project on disk.

    `model` is what it computes and `version` its version, `folder` holds everything a vendor's tool needs,
    `target` is complete, `namespace` is that of the C++ (None where hls4ml has none: Catapult and Quartus).
    """

    model: TriggerModel
    version: str
    folder: Path
    backend: str
    target: Target
    namespace: str | None

    def simulate(self, hardware: ArrayLike) -> NDArray[np.float64]:
        """Score hardware integers (n_events, *input_shape) by the compiled C++ of the project (C simulation).

        Raises:
            MaplessError: no compiler, or inputs that the model does not take.
        """
        inputs = self.model.scaled(hardware).astype(np.float32).reshape(len(np.asarray(hardware)), -1)
        inputs = np.ascontiguousarray(inputs)
        scores = np.empty(len(inputs), dtype=np.float32)
        function, pointer = self._top_function, ctypes.POINTER(ctypes.c_float)
        for event, score in zip(inputs, scores.reshape(-1, 1), strict=True):
            function(event.ctypes.data_as(pointer), score.ctypes.data_as(pointer))
        return scores.astype(np.float64)

    def synthesise(self) -> str:
        """Run the vendor's synthesis in the folder and give what it printed.

        Raises:
            MaplessError: the vendor's tool is not installed, or fails.
        """
        command = BACKENDS[self.backend].synthesis
        if not self.synthesis_is_installed:
            raise MaplessError(
                f"{BACKENDS[self.backend].tool!r} is not installed, so nothing was synthesised; "
                f"the project is complete: copy {self.folder} to a machine that has it and run "
                f"'{' '.join(command)}'"
            )
        return run_tool(command, self.folder, what=f"synthesis of {self.model.name!r}")

    @property
    def synthesis_is_installed(self) -> bool:
        """Whether the vendor's tool is on PATH."""
        return shutil.which(BACKENDS[self.backend].tool) is not None

    @cached_property
    def _top_function(self) -> Callable[..., None]:
        what = f"C simulation of {self.model.name!r}"
        run_tool(["bash", "build_lib.sh"], self.folder, what=what, needs=["g++"])
        library = max((self.folder / "firmware").glob("*.so"), key=lambda file: file.stat().st_mtime)
        function = getattr(ctypes.CDLL(str(library)), f"{self.model.name}_float")
        function.restype = None
        return function


def write_project(
    model: TriggerModel,
    folder: Path,
    hardware: ArrayLike,
    *,
    backend: str = "Vitis",
    target: Target = USUAL,
    namespace: str | None = None,
    version: str | None = None,
) -> Project:
    """Write a complete hls4ml project of a model, with all types bit-exact.

    Args:
        model: what becomes firmware.
        folder: made anew, complete or not at all.
        hardware: events (n_events, *input_shape) for the testbench; the first 100 become its vectors.
        backend: Vitis, Vivado, Catapult or Quartus.
        target: FPGA, clock and sharing of logic.
        namespace: of the C++, so that several models live in one program; by default `hls4ml_NAME`.
        version: under which the level-1 software finds the emulator; by default that in the model's name.

    Raises:
        MaplessError: unknown backend, a layer without firmware, weights without a type, no events, a version
            from which the software reads what the model lacks.
    """
    target = target.complete(backend)
    check_network(model.network)
    namespace = (namespace or f"hls4ml_{model.name}") if backend in XILINX else None
    if namespace and not namespace.isidentifier():
        raise MaplessError(f"{namespace!r} is no C++ namespace; use letters, digits and underscores")
    version = version or version_of(model.name)
    library = library_name(model, version)
    project = Project(model, version, Path(folder).absolute(), backend, target, namespace)
    with complete_folder(project.folder) as partial:
        types = _write_sources(project, partial)
        _write_test_vectors(model, partial / "tb_data", np.asarray(hardware)[:N_TEST_VECTORS])
        write_record(partial, describe(model, version, backend, target, namespace))
        model.save(partial / "trigger_model")
        if namespace:
            write_emulator_sources(model, library, namespace, types, partial)
    return project


def _write_sources(project: Project, folder: Path) -> tuple[str, str]:
    """Let hls4ml write its project; gives the C++ names of the types of input and score."""
    network, target = project.model.network, project.target
    options: dict[str, Any] = dict(BACKENDS[project.backend].options)
    if project.namespace:
        options["namespace"] = project.namespace
    with _without_chatter():
        import hls4ml

        from firmware.routes.qkeras_handlers import layer_types

        config = hls4ml.utils.config_from_keras_model(
            network,
            granularity="name",
            backend=project.backend,
            default_reuse_factor=target.reuse_factor,
        )
        if target.initiation_interval != 1:  # else what hls4ml finds best
            config["Model"] |= {"PipelineStyle": "pipeline", "PipelineInterval": target.initiation_interval}
        for name, hls_type in layer_types(network).items():
            config["LayerName"][name]["Precision"]["result"] = hls_type
        graph = hls4ml.converters.convert_from_keras_model(
            network,
            hls_config=config,
            backend=project.backend,
            part=target.part,
            clock_period=target.clock_period,
            output_dir=str(folder),
            project_name=project.model.name,
            bit_exact=True,
            **options,
        )
        graph.write()
    _name_final_folder(folder, project.folder)
    return graph.get_input_variables()[0].type.name, graph.get_output_variables()[0].type.name


def _name_final_folder(partial: Path, final: Path) -> None:
    """Let files name the folder they will lie in, and the network that is saved together with its scaling."""
    (partial / "keras_model.keras").unlink(missing_ok=True)
    for file in [*partial.glob("*.yml"), *partial.glob("*_bridge.cpp")]:
        text = file.read_text().replace(str(partial), str(final))
        file.write_text(text.replace("keras_model.keras", "trigger_model/network.keras"))


def _write_test_vectors(model: TriggerModel, folder: Path, hardware: NDArray[Any]) -> None:
    """Write what the testbench reads: one event per line, exact decimal numbers."""
    if not len(hardware):
        raise MaplessError(f"no events for the testbench of {model.name!r}; give at least one")
    folder.mkdir(exist_ok=True)
    scaled, scores = model.scaled(hardware).reshape(len(hardware), -1), model.score(hardware)
    np.savetxt(folder / "hardware_integers.dat", hardware.reshape(len(hardware), -1), fmt="%d")
    np.savetxt(folder / "tb_input_features.dat", scaled, fmt="%.17g")
    np.savetxt(folder / "tb_output_predictions.dat", scores, fmt="%.17g")


def load_project(folder: Path) -> Project:
    """Open a project that `write_project` wrote.

    Raises:
        MaplessError: the folder holds no project, or not the model that it was made of.
    """
    folder = Path(folder).absolute()
    content = read_record(folder)
    model = TriggerModel.load(folder / "trigger_model")
    if model_checksum(model) != content["checksum"]:
        raise MaplessError(f"{folder / 'trigger_model'} is not what the project was made of; build it anew")
    return Project(
        model, content["version"], folder, content["backend"], target_of(content), content["namespace"]
    )


@contextlib.contextmanager
def _without_chatter() -> Any:
    """Keep the progress lines of hls4ml from the terminal; errors still come through."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
