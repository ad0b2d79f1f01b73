"""Writes a configuration of one's own to start from, with the schema that editors complete it by."""

import re
from pathlib import Path

from rich.console import Console

from analysis import searches
from analysis.engine.json_file import write_json
from errors import MaplessError

_HEAD = """\
# yaml-language-server: $schema={schema}
# From {source}: `./run_analysis.py show --config {name}.yaml` shows what it makes of it, `run` runs it.

"""

_SAMPLES = """
# Your own files. Paths are relative to this file; docs/input_files.md and docs/conditions.md have all keys.
# Take the leading # away, and name the sample of data above: data: my_data
# samples:
#   my_data:
#     role: data               # stays closed until the closure test has passed and you say --unblind
#     files: [data/*.root]     # NanoAOD, PFNano, PHYSLITE, Delphes or flat n-tuples; also root://...
#     year: 2018               # whose triggers and filters are asked for; or triggers: [...], filters: [...]
#     luminosity: 59.8         # 1/fb
#     certified: golden.json   # good luminosity blocks, as CMS publishes them
#   my_simulation:
#     role: background
#     files: [qcd/*.root]
# closure: {background: my_simulation, signal: x_to_yy_3000, seeds: 3}
# injections: {}               # nothing is added to data that are to be unblinded
"""


def write_configuration(name: str, source: str, folder: Path) -> None:
    """Write `NAME.yaml`, that of a search with its comments and samples to fill in, and `NAME.schema.json`.

    Raises MaplessError for a name that is none, an unknown search, and files that are there already.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", name):
        raise MaplessError(f"new: {name!r} is no name; take letters, digits, _ and -")
    shipped = searches.configuration(source)
    configuration, schema = folder / f"{name}.yaml", folder / f"{name}.schema.json"
    for file in (configuration, schema):
        if file.exists():
            raise MaplessError(f"{file} is there already; choose another name or remove it")
    text = shipped.read_text(encoding="utf-8")
    samples = "" if re.search(r"^samples:", text, re.MULTILINE) else _SAMPLES
    try:
        write_json(schema, searches.module(source).Settings.model_json_schema())
        head = _HEAD.format(schema=schema.name, source=source, name=name)
        configuration.write_text(head + text.rstrip() + "\n" + samples, encoding="utf-8")
    except OSError as error:
        raise MaplessError(f"{error.filename or folder}: {error.strerror}; go where you may write") from None
    Console().print(
        f"Wrote {configuration} and {schema}; next: ./run_analysis.py run --config {configuration} --dry-run",
        highlight=False,
        soft_wrap=True,
    )
