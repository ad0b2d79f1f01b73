"""Samples by name: those of `samples/samples.yaml` and those that a configuration adds."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from analysis.engine.settings import Name, Settings, read_values
from analysis.engine.units import Energy
from analysis.search import Sample
from errors import MaplessError
from selections.sources import objects
from selections.sources.files import expand

SHIPPED = Path(__file__).parent / "samples" / "samples.yaml"


def _known_objects(values: dict[str, Any]) -> dict[str, Any]:
    try:
        objects.parse(values)
    except MaplessError as error:
        raise ValueError(str(error).removeprefix("objects: ")) from None
    return values


class SampleSettings(Settings):
    """One sample as a YAML file describes it (`analysis.search.Sample`).

    `triggers` and `filters` replace the published ones of the `year`, empty lists ask for none (NanoAOD
    only), `objects` choose small-radius jets, leptons and photons (`selections.sources.objects`). What a
    sample does not say of these four is as the data of the search have it. `renumber_events`
    lets a file be there several times, as events of their own, for tests of speed. `branches` names the
    columns of flat n-tuples, `factors` turn their units into GeV (`selections.sources.flat`), `tree` is the
    name of their tree.
    """

    role: Literal["data", "background", "signal"]
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    mass: Annotated[Energy, Field(gt=0)] | None = None
    luminosity: Annotated[float, Field(ge=0)] = 0.0
    acceptance: Annotated[float, Field(gt=0, le=1)] = 1.0
    parameters: dict[str, float] = {}
    year: Annotated[str, BeforeValidator(str)] | None = None  # YAML reads 2018 as a number
    triggers: tuple[str, ...] | None = None
    filters: tuple[str, ...] | None = None
    objects: Annotated[dict[str, Any], AfterValidator(_known_objects)] | None = None
    tree: str | None = None
    branches: dict[str, str | tuple[str, ...]] | None = None
    factors: dict[str, float] = {}
    skip_bad_files: bool = False
    renumber_events: bool = False

    def sample(self, name: str, folder: Path) -> Sample:
        """The sample, with its patterns of files expanded; relative ones lie in a folder.

        Raises MaplessError for a file that is not there, unless bad files are skipped.
        """
        files = tuple(path for file in self.files for path in _matches(folder, file))
        lost = [path for path in files if isinstance(path, Path) and not path.exists()]
        if lost and not self.skip_bad_files:
            raise MaplessError(f"samples.{name}: {lost[0]} does not exist; check the path")
        flags: dict[str, Any] = {
            "skip_bad_files": self.skip_bad_files,
            "renumber_events": self.renumber_events,
            "tree": self.tree,
        }
        if self.branches or self.factors:
            flags |= {"branches": self.branches, "factors": self.factors}
        return Sample(
            name,
            self.role,
            files,
            self.mass,
            self.luminosity,
            self.acceptance,
            self.parameters,
            self.conditions | flags,
        )

    @property
    def conditions(self) -> dict[str, Any]:
        """What is said of year, triggers, filters and objects."""
        said = {name: getattr(self, name) for name in ("year", "triggers", "filters", "objects")}
        return {name: value for name, value in said.items() if value is not None}

    def under(self, conditions: Mapping[str, Any]) -> "SampleSettings":
        """This sample under these conditions, as far as it does not say its own."""
        return self.model_copy(update={**conditions, **self.conditions})


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


def _matches(folder: Path, file: str) -> list[Path | str]:
    """The files that a name or a pattern such as `data/*.root` means; remote ones stay as they are."""
    if "://" in file:
        return [file]
    return [Path(os.path.normpath(path)) for path in expand(folder / file)]
