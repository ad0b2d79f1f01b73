"""C++ sources of the emulator of a trigger model, and their Makefile."""

import shutil
from pathlib import Path

from firmware.trigger_model import TriggerModel

TEMPLATES = Path(__file__).parents[1] / "cpp"
EXPORTED = ("create_model", "destroy_model", "number_of_inputs", "score_events")
# Nothing but the four functions leaves the library: two emulators in one process then share no symbol.
_FLAGS = (
    "-O3 -std=c++17 -fPIC -shared -fvisibility=hidden -fno-gnu-unique "
    "-I. -I../firmware -I../firmware/ap_types -Wl,--version-script=exported.map"
)


def write_emulator_sources(model: TriggerModel, namespace: str, types: tuple[str, str], folder: Path) -> None:
    """Write the C++ of an emulator and its Makefile; `types` name those of input and score."""
    import jinja2

    folder.mkdir()
    template = jinja2.Template((TEMPLATES / "emulator.cpp.j2").read_text(), keep_trailing_newline=True)
    source = template.render(name=model.name, namespace=namespace, types=types, **model.scaling.as_json())
    (folder / "emulator.cpp").write_text(source)
    shutil.copy(TEMPLATES / "emulator.h", folder)
    (folder / "exported.map").write_text(f"{{ global: {'; '.join(EXPORTED)}; local: *; }};\n")
    compiled = f"emulator.cpp ../firmware/{model.name}.cpp"
    (folder / "Makefile").write_text(
        f"CXX ?= g++\n\n{model.name}.so: {compiled}\n\t$(CXX) {_FLAGS} -o $@ {compiled}\n"
    )
