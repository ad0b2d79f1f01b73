"""Samples by name: those of `samples/samples.yaml` and those that a configuration adds."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from analysis.engine.settings import Name, Settings, read_values
from analysis.engine.units import Energy
from analysis.sample import Sample, SamplePart
from analysis.sample_corrections import Collection, JetCorrectionSettings
from analysis.sample_variations import VariationSettings
from errors import MaplessError
from selections.conversion.inputs import JetDefinition
from selections.sources import objects
from selections.sources.files import expand

SHIPPED = Path(__file__).parent / "samples" / "samples.yaml"
OF_DATA = ("year", "triggers", "filters", "objects")
"""What simulation has as the data of the search have it, where it does not say its own."""

Text = Annotated[str, BeforeValidator(str)]
"""What YAML may read as a number, such as 2018."""

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]\w{0,79}$")]
"""What becomes part of the names of columns."""


def _known_objects(values: dict[str, Any]) -> dict[str, Any]:
    try:
        objects.parse(values)
    except MaplessError as error:
        raise ValueError(str(error).removeprefix("objects: ")) from None
    return values


ObjectValues = Annotated[dict[str, Any], AfterValidator(_known_objects)]
"""What chooses objects (`selections.sources.objects`)."""


def _named(source: str | tuple[str, ...]) -> str | tuple[str, ...]:
    if not source:
        raise ValueError("name at least one branch")
    return source


class JetSettings(Settings):
    """The jets to make of files that hold particles alone; `trimming_fraction` above zero trims them."""

    radius: Annotated[float, Field(gt=0, le=1.5)] = 1.0
    trimming_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.0


class PartSettings(Settings):
    """Files that were taken or simulated under the same conditions (`analysis.sample.SamplePart`).

    `triggers` and `filters` replace the published ones of the `year`, empty lists ask for none (NanoAOD
    only); triggers may be lists by ranges of runs, such as `"273158-280385": [HLT_PFHT800]`. `objects`
    choose small-radius jets, leptons and photons (`selections.sources.objects`). Files of HDF5 and numpy are
    converted first; `jets` are those of particles. `branches` names the columns
    of flat n-tuples, `factors` turn their units into GeV (`selections.sources.flat`), `tree` is the name of
    their tree. `unweighted` says that files without weights of a generator are simulation nevertheless.
    """

    files: tuple[str, ...] = ()
    luminosity: Annotated[float, Field(ge=0)] = 0.0
    year: Text | None = None
    triggers: tuple[str, ...] | dict[Text, tuple[str, ...]] | None = None
    filters: tuple[str, ...] | None = None
    objects: ObjectValues | None = None
    jets: JetSettings = JetSettings()
    tree: str | None = None
    branches: dict[str, Annotated[str | tuple[str, ...], AfterValidator(_named)]] | None = None
    factors: dict[str, Annotated[float, Field(gt=0)]] | None = None
    certified: str | None = None
    sum_of_weights: Annotated[float, Field(gt=0)] | None = None
    corrections: dict[Collection, JetCorrectionSettings] = {}
    variations: dict[Variable, VariationSettings] = {}
    skip_bad_files: bool = False
    unweighted: bool = False

    @field_validator("variations")
    @classmethod
    def _are_understood(cls, variations: dict[str, VariationSettings]) -> dict[str, VariationSettings]:
        for name, one in variations.items():
            one.made(name)
        return variations

    def said(self) -> dict[str, Any]:
        """What the YAML file says, and nothing that it leaves open."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def at(self, folder: Path) -> Self:
        """The same with paths that are relative to a folder."""
        moved: dict[str, Any] = {"files": tuple(_below(folder, file) for file in self.files)}
        if self.certified:
            moved["certified"] = _below(folder, self.certified)
        if self.corrections:
            moved["corrections"] = {name: one.at(folder) for name, one in self.corrections.items()}
        if self.variations:
            moved["variations"] = {name: one.at(folder) for name, one in self.variations.items()}
        return self.model_copy(update=moved)

    def part(self, name: str, cross_section: float | None, *, renumbered: bool) -> SamplePart:
        """The part of a sample, with its patterns of files expanded.

        Raises MaplessError for a file that is not there, unless bad files are skipped.
        """
        if not self.files:
            raise MaplessError(f"{name}: files are missing; name at least one file with events")
        files = tuple(path for file in self.files for path in _matches(file))
        lost = [path for path in files if isinstance(path, Path) and not path.exists()]
        if lost and not self.skip_bad_files:
            more = f", nor {len(lost) - 1} others" if lost[1:] else ""
            raise MaplessError(f"{name}: {lost[0]} does not exist{more}; check the path")
        if cross_section is not None and not self.luminosity:
            raise MaplessError(f"{name}: cross_section needs a luminosity (1/fb) for the weights")
        said = {key: getattr(self, key) for key in (*OF_DATA, "tree", "branches", "factors")}
        opening = {key: value for key, value in said.items() if value is not None}
        flags = {"skip_bad_files": self.skip_bad_files, "renumber_events": renumbered}
        certified = Path(self.certified) if self.certified else None
        return SamplePart(
            files,
            opening | flags,
            self.luminosity,
            certified,
            cross_section,
            self.sum_of_weights,
            tuple(one.made(collection) for collection, one in self.corrections.items()),
            JetDefinition(**self.jets.model_dump()),
            tuple(one.made(name) for name, one in self.variations.items()),
            self.unweighted,
        )


class SampleSettings(PartSettings):
    """One sample as a YAML file describes it (`analysis.sample.Sample`).

    `parts` have files of their own, such as those of each year; what a part does not say is as the sample
    says it. `renumber_events` lets a file be there several times, as events of their own, for tests of speed.
    With a `cross_section` (pb) weights of simulation add up to what is expected in the luminosity. The
    `collision_energy` and the `generator` are told in reports where the files do not say them.
    """

    role: Literal["data", "background", "signal"]
    parts: dict[Annotated[Name, BeforeValidator(str)], PartSettings] = {}
    mass: Annotated[Energy, Field(gt=0)] | None = None
    acceptance: Annotated[float, Field(gt=0, le=1)] = 1.0
    parameters: dict[str, float] = {}
    cross_section: Annotated[float, Field(gt=0)] | None = None
    collision_energy: Annotated[Energy, Field(gt=0)] | None = None
    generator: Text = ""
    renumber_events: bool = False

    @model_validator(mode="after")
    def _fits_the_role(self) -> Self:
        everywhere: list[PartSettings] = [self, *self.parts.values()]
        said = {key for one in everywhere for key in one.model_fields_set}
        of_simulation = {"cross_section", "sum_of_weights", "variations", "generator", "unweighted"}
        foreign = of_simulation if self.role == "data" else {"certified"}
        for key in sorted(foreign & said):
            raise ValueError(f"{key} is for {'simulation' if self.role == 'data' else 'data'}; leave it out")
        if "sum_of_weights" in said and not self.cross_section:
            raise ValueError("sum_of_weights needs the cross_section (pb) that belongs to it")
        return self

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        if not self.parts and not self.files:
            raise ValueError("files are missing; name at least one file with events")
        own = {"files", "luminosity", "sum_of_weights", "renumber_events"} & self.model_fields_set
        if self.parts and own:
            raise ValueError(f"a sample with parts has no {sorted(own)[0]} of its own; say it of each part")
        certified = {part.certified is not None for part in self.parts.values()}
        if self.certified is None and len(certified) > 1:
            raise ValueError("certified must be said of every part, or of none")
        if any(part.variations.keys() - self.variations.keys() for part in self.parts.values()):
            raise ValueError("variations of a part replace those of the sample, which must have all of them")
        for part in self.parts.values():
            for name, one in part.variations.items():
                if not one.shifts_as(self.variations[name], name):
                    raise ValueError(f"variations.{name} of a part must shift the same as that of the sample")
        return self

    def sample(self, name: str) -> Sample:
        """The sample, with its patterns of files expanded.

        Raises MaplessError for a file that is not there, unless bad files are skipped.
        """
        named = {f"samples.{name}.parts.{key}": self._completed(part) for key, part in self.parts.items()}
        made = [
            part.part(place, self.cross_section, renumbered=self.renumber_events)
            for place, part in (named or {f"samples.{name}": self}).items()
        ]
        return Sample(
            name,
            self.role,
            tuple(made),
            self.mass,
            self.acceptance,
            self.parameters,
            self.collision_energy,
            self.generator,
        )

    def _completed(self, part: PartSettings) -> PartSettings:
        """A part with what the sample says where it does not say its own."""
        own = {key: value for key, value in self.said().items() if key in PartSettings.model_fields}
        variations = {"variations": {**self.variations, **part.variations}}
        return part.model_copy(update=own | part.said() | variations)

    def at(self, folder: Path) -> Self:
        """The same with paths that are relative to a folder."""
        parts = {name: part.at(folder) for name, part in self.parts.items()}
        return super().at(folder).model_copy(update={"parts": parts})

    def like(self, data: "SampleSettings") -> Self:
        """With year, triggers, filters and luminosity of the data, where it does not say its own."""
        of_data = {key: value for key, value in data.said().items() if key in OF_DATA}
        if self.cross_section and not self.parts:
            of_data["luminosity"] = data.luminosity + sum(part.luminosity for part in data.parts.values())
        return self.model_copy(update=of_data | self.said())


class SampleTable(Settings):
    """All samples of one file by name."""

    samples: dict[Name, SampleSettings]


def sample_table(own: Mapping[str, SampleSettings], wanted: Mapping[str, str]) -> dict[str, Sample]:
    """The wanted samples by name; own ones go before shipped ones of the same name.

    `wanted` maps each name to the key that names it. Raises MaplessError for a name that is nowhere.
    """
    shipped = SampleTable.model_validate({"samples": read_values(SHIPPED)}).samples
    known = {**{name: sample.at(SHIPPED.parent) for name, sample in shipped.items()}, **own}
    for name, key in wanted.items():
        if name not in known:
            raise MaplessError(
                f"{key}: no sample is called {name!r}; known: {', '.join(known)}; or describe it in samples"
            )
    made: dict[str, Sample] = {}
    problems: list[str] = []
    for name in wanted:
        try:
            made[name] = known[name].sample(name)
        except MaplessError as error:
            problems.append(str(error))
    if problems:
        raise MaplessError("; ".join(problems))
    return made


def _below(folder: Path, file: str) -> str:
    return file if "://" in file else str(folder / file)


def _matches(file: str) -> list[Path | str]:
    """The files that a name or a pattern such as `data/*.root` means; remote ones stay as they are."""
    if "://" in file:
        return [file]
    return [Path(os.path.normpath(path)) for path in expand(file)]
