"""The `convert` verb: files of other formats into ours, and back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress, TextColumn

from analysis.engine.output_folder import require_writable
from analysis.engine.settings import read_values
from analysis.engine.validation import one_line
from analysis.simulation import external
from errors import MaplessError
from input_files import check_file
from selections.conversion.convert import from_root, to_root
from selections.conversion.inputs import JetDefinition
from selections.conversion.named_arrays import ColumnNames


def convert_files(
    files: Sequence[Path],
    output: Path,
    columns: Path | None,
    radius: float,
    trimming_fraction: float,
    first_run: int = 1,
    target: Literal["case", "lhco"] = "case",
) -> None:
    """Convert by the name of the output: `.root` is ours, `.h5` that of `target` and `.npy` CATHODE's.

    Files of HepMC and Les Houches events go through our detector.
    """
    console = Console()
    _check_output(output)
    for file in files:
        check_file(file)
    if output.suffix in (".h5", ".npy"):
        if len(files) > 1:
            raise MaplessError(f"{output} is made of one file, not of {len(files)}")
        n_events = from_root(files[0], output, target if output.suffix == ".h5" else "cathode")
        console.print(f"{output}: {n_events:,} events")
        return
    if output.suffix != ".root":
        raise MaplessError(f"{output}: name it .root, .h5 (as CASE) or .npy (as CATHODE)")
    kinds = {external.recognise(file) for file in files}
    if len(kinds) > 1:
        raise MaplessError(
            f"files of different formats: {', '.join(map(str, files))}; convert them one by one"
        )
    names = None if columns is None else _names(columns)
    with Progress(
        TextColumn("{task.description} {task.completed:,} events"),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("converted", total=None)

        def progress(done: int) -> None:
            bar.update(task, completed=done)

        if kinds != {None}:
            n_events = external.convert(files, output, first_run=first_run, progress=progress)
        else:
            jets = JetDefinition(radius, trimming_fraction)
            n_events = to_root(files, output, jets=jets, names=names, first_run=first_run, progress=progress)
    console.print(f"{output}: {n_events:,} events, {output.stat().st_size / 1e6:.1f} MB")


def _check_output(output: Path) -> None:
    if output.is_dir():
        raise MaplessError(f"--output {output} is a folder; name the file to write")
    if output.exists():
        raise MaplessError(f"{output} is there already and would be lost; remove it or name another file")
    if not output.parent.is_dir():
        raise MaplessError(f"--output {output}: there is no folder {output.parent}; make it first")
    require_writable(output.parent)


def _names(path: Path) -> ColumnNames:
    try:
        return ColumnNames.model_validate(read_values(path))
    except ValidationError as problem:
        raise MaplessError(f"{path}: {one_line(problem, ColumnNames)}") from None
