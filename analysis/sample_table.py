"""Samples by name: those of `samples/samples.yaml` and those that a configuration adds."""

import glob
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from analysis.engine.settings import Name, Settings, read_values
from analysis.engine.units import Energy
from analysis.search import Sample
from errors import MaplessError

SHIPPED = Path(__file__).parent / "samples" / "samples.yaml"


class SampleSettings(Settings):
    """One sample as a YAML file describes it (`analysis.search.Sample`).

    `triggers` and `filters` replace the published ones of the `year` (NanoAOD only).
    """

    role: Literal["data", "background", "signal"]
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    mass: Annotated[Energy, Field(gt=0)] | None = None
    luminosity: Annotated[float, Field(ge=0)] = 0.0
    acceptance: Annotated[float, Field(gt=0, le=1)] = 1.0
    parameters: dict[str, float] = {}
    year: Annotated[str, BeforeValidator(str)] = "2018"  # YAML reads 2018 as a number
    triggers: tuple[str, ...] | None = None
    filters: tuple[str, ...] | None = None
    skip_bad_files: bool = False

    def sample(self, name: str, folder: Path) -> Sample:
        """The sample, with its patterns of files expanded; relative ones lie in a folder."""
        opening = {"year": self.year, "triggers": self.triggers, "filters": self.filters}
        return Sample(
            name,
            self.role,
            tuple(dict.fromkeys(path for file in self.files for path in _matches(folder / file))),
            self.mass,
            self.luminosity,
            self.acceptance,
            self.parameters,
            opening | {"skip_bad_files": self.skip_bad_files},
        )


class SampleTable(Settings):
    """All samples of one file by name."""

    samples: dict[Name, SampleSettings]


def sample_table(own: Mapping[str, SampleSettings], wanted: Mapping[str, str]) -> dict[str, Sample]:
    """The wanted samples by name; own ones go before shipped ones of the same name.

    `wanted` maps each name to the key that names it. Raises MaplessError for a name that is nowhere.
    """
    shipped = SampleTable.model_validate({"samples": read_values(SHIPPED)}).samples
    known = {**shipped, **own}
    for name, key in wanted.items():
        if name not in known:
            raise MaplessError(
                f"{key}: no sample is called {name!r}; known: {', '.join(known)}; or describe it in samples"
            )
    return {name: known[name].sample(name, SHIPPED.parent) for name in wanted}


def _matches(file: Path) -> list[Path]:
    """Expand a pattern such as `data/*.root`; a plain name stays as it is."""
    if not glob.has_magic(str(file)):
        return [Path(os.path.normpath(file))]
    found = sorted(glob.glob(str(file), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise MaplessError(f"no file matches {file}; check the pattern")
    return [Path(name) for name in found]
