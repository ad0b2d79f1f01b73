"""C++ sources of the emulator of a trigger model, and their Makefile."""

import shutil
from pathlib import Path
from typing import Any

from firmware.routes.integer_code import integer_header
from firmware.routes.level1_interface import interface_of, means_layer, result_types
from firmware.trigger_model import TriggerModel

TEMPLATES = Path(__file__).parents[1] / "cpp"
INPUT_SCALING = "firmware/input_scaling.h"
EXPORTED = ("create_model", "destroy_model", "number_of_inputs", "score_events")


def write_emulator_sources(
    model: TriggerModel, library: str, namespace: str, types: tuple[str, str], folder: Path
) -> None:
    """Write the emulator to `folder/emulator`, and the input scaling beside the HLS top in `folder/firmware`.

    Args:
        model: what is emulated.
        library: name of the shared library, without `.so`.
        namespace, types: of the C++ that hls4ml wrote; `types` name those of input and score.
        folder: of the project.
    """
    interface, means, scaling = interface_of(model), means_layer(model), model.scaling
    known = {
        "name": model.name,
        "library": library,
        "namespace": namespace,
        "input_type": types[0],
        "score_type": types[1],
        "caller": interface.caller,
        "inputs": interface.inputs,
        "results": result_types(model),
        "means": means,
        "n_inputs": len(scaling.offset),
        "level1": interface.inputs[0],
        "level1_fraction": interface.fraction_bits,
        "momentum_shift": model.momentum_shift,
        "momentum_step": f"{model.momentum_step:g}",
        **scaling.as_json(),
        "offset": (scaling.offset * 2**scaling.fraction_bits).astype(int).tolist(),
    }
    emulator = folder / "emulator"
    emulator.mkdir()
    (folder / INPUT_SCALING).write_text(_rendered("input_scaling.h.j2", known))
    (emulator / "emulator.cpp").write_text(_rendered("emulator.cpp.j2", known))
    (emulator / "Makefile").write_text(_rendered("emulator.mk.j2", known))
    (emulator / "exported.map").write_text(f"{{ global: {'; '.join(EXPORTED)}; local: *; }};\n")
    shutil.copy(TEMPLATES / "emulator.h", emulator)
    if means:
        (emulator / "means.h").write_text(integer_header(model, "means", layer=means))


def _rendered(template: str, known: dict[str, Any]) -> str:
    import jinja2

    text = (TEMPLATES / template).read_text()
    return jinja2.Template(text, keep_trailing_newline=True, trim_blocks=True).render(**known)
