"""Campaigns: many samples from one file, and mock data drawn from them; what is there is kept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from analysis.simulation.catalogue import PROCESSES
from analysis.simulation.detector import Detector
from analysis.simulation.merge import describe
from analysis.simulation.mock_data import Ingredient, draw_mock_data
from analysis.simulation.processes import Quality, create
from analysis.simulation.production import SimulationProgress, simulate
from analysis.simulation.recipe import SampleRecipe
from errors import MaplessError

SAMPLE_TABLE = "samples.yaml"
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}$")]
"""Names of samples are those of their files."""


class Described(BaseModel):
    """Base of the parts of a campaign: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CampaignSample(Described):
    """One sample: a process, its parameters, and how many selected events."""

    process: str
    events: int = Field(ge=1)
    seed: int | None = Field(default=None, ge=1)
    parameters: dict[str, Any] = {}


class MockData(Described):
    """Mock data of a luminosity in 1/fb: the samples at their own cross section, signals at one in fb.

    A signal's cross section is that of all its events, before the selection.
    """

    luminosity: float = Field(gt=0)
    samples: tuple[str, ...] = Field(min_length=1)
    signals: dict[str, Annotated[float, Field(ge=0)]] = {}
    seed: int = Field(default=1, ge=1)


class Campaign(Described):
    """Samples and mock data by name; `parameters` and `detector` are those of all samples.

    A sample without a seed takes the one of the campaign plus its place in the list, so that no two share
    random numbers; each has a run number of its own, so that no two events share run and event number. Add
    new samples at the end: those behind would be made again.
    """

    quality: Quality = "fast"
    seed: int = Field(default=1, ge=1)
    detector: Detector = Detector()
    parameters: dict[str, Any] = {}
    samples: dict[FileName, CampaignSample] = Field(min_length=1)
    mock_data: dict[FileName, MockData] = {}

    def recipes(self) -> dict[str, SampleRecipe[Any]]:
        """The recipe of each sample; MaplessError for an impossible one."""
        recipes = {}
        for place, (name, sample) in enumerate(self.samples.items()):
            try:
                parameters = {"run": place + 1, **self.parameters, **sample.parameters}
                process = create(sample.process, PROCESSES, **parameters)
            except MaplessError as problem:
                raise MaplessError(f"sample {name}: {problem}") from None
            seed = self.seed + place if sample.seed is None else sample.seed
            recipes[name] = SampleRecipe(sample.process, process, self.quality, seed, self.detector)
        _check_independent(recipes)
        return recipes

    def check_mock_data(self) -> None:
        """Raise MaplessError where mock data name a sample twice, or one that is not of the campaign."""
        for name, mock in self.mock_data.items():
            if name in self.samples:
                raise MaplessError(f"mock data {name}: a sample is called {name} too, and would be lost")
            drawn = (*mock.samples, *mock.signals)
            twice = next((one for one in drawn if drawn.count(one) > 1), None)
            if twice:
                raise MaplessError(f"mock data {name}: {twice} is there twice; name it once")
            for wanted in drawn:
                if wanted not in self.samples:
                    raise MaplessError(
                        f"mock data {name}: no sample is called {wanted!r}; there are "
                        f"{', '.join(self.samples)}"
                    )


def _check_independent(recipes: dict[str, SampleRecipe[Any]]) -> None:
    """Raise MaplessError for two samples with the same run, or with the same random numbers."""
    names: dict[object, str] = {}
    for name, recipe in recipes.items():
        other = names.setdefault(recipe.process.run, name)
        if other != name:
            raise MaplessError(f"samples {other} and {name} have the same run; leave out the parameter run")
        without_run = recipe.process.model_dump_json(exclude={"run"})
        other = names.setdefault((recipe.name, recipe.seed, without_run), name)
        if other != name:
            raise MaplessError(f"samples {other} and {name} hold the same events; give them different seeds")


def produce(
    campaign: Campaign, folder: Path, workers: int, progress: Callable[[str], SimulationProgress]
) -> dict[str, Path]:
    """Make all samples and mock data of a campaign in a folder, and `samples.yaml`, which describes them.

    A file whose description says that it is what is wanted is kept; an interrupted sample goes on. Returns
    the files by name. `progress(name)` gives the progress of a sample.

    Raises MaplessError for an impossible campaign, before anything is simulated, and as `simulate`.
    """
    recipes = campaign.recipes()
    campaign.check_mock_data()
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.root" for name in (*recipes, *campaign.mock_data)}
    for name, recipe in recipes.items():
        n_events = campaign.samples[name].events
        if not _is_there(files[name], recipe.as_dict() | {"n_events": n_events}):
            simulate(
                recipe.name,
                n_events,
                output=files[name],
                seed=recipe.seed,
                workers=workers,
                quality=recipe.quality,
                detector=recipe.detector,
                progress=progress(name),
                **recipe.process.model_dump(),
            )
    descriptions = {name: _description(files[name]) for name in recipes}
    for place, (name, mock) in enumerate(campaign.mock_data.items()):
        _draw(mock, len(recipes) + place + 1, files, descriptions, files[name])
    table = {name: _as_sample(name, told, recipes[name]) for name, told in descriptions.items()}
    mocks = {
        name: {"role": "background", "files": [f"{name}.root"], "luminosity": mock.luminosity}
        for name, mock in campaign.mock_data.items()
    }
    partial = folder / f"{SAMPLE_TABLE}.partial"
    partial.write_text(yaml.safe_dump({"samples": table | mocks}, sort_keys=False), encoding="utf-8")
    partial.replace(folder / SAMPLE_TABLE)
    return files


def _draw(
    mock: MockData, run: int, files: dict[str, Path], descriptions: dict[str, Any], output: Path
) -> None:
    """Draw mock data, unless they are there."""
    drawn_from = {name: descriptions[name] for name in (*mock.samples, *mock.signals)}
    wanted = mock.model_dump(mode="json") | {"run": run, "drawn_from": drawn_from}
    if _is_there(output, wanted):
        return
    cross_sections = {name: descriptions[name]["cross_section_pb"] for name in mock.samples}
    cross_sections |= {
        name: total / 1000 * _acceptance(descriptions[name]) for name, total in mock.signals.items()
    }
    ingredients = {
        name: Ingredient(files[name], descriptions[name]["n_events"], cross_section)
        for name, cross_section in cross_sections.items()
    }
    n_events = draw_mock_data(ingredients, 1000 * mock.luminosity, mock.seed, run, output)
    describe(output, wanted | {"n_events": n_events})


def _as_sample(name: str, told: dict[str, Any], recipe: SampleRecipe[Any]) -> dict[str, Any]:
    """A sample as configurations describe it: luminosity in 1/fb, mass in GeV."""
    files = [f"{name}.root"]
    if recipe.process.truth_label <= 0:
        luminosity = told["equivalent_luminosity_per_pb"] / 1000
        return {"role": "background", "files": files, "luminosity": float(f"{luminosity:.6g}")}
    sample = {"role": "signal", "files": files, "acceptance": float(f"{_acceptance(told):.4g}")}
    parameters = told["parameters"]
    masses = {key: value for key, value in parameters.items() if key.endswith("_mass")}
    if "resonance_mass" in masses:
        sample["mass"] = masses.pop("resonance_mass")
    return sample | {"parameters": masses}


def _acceptance(told: dict[str, Any]) -> float:
    """Fraction of all events that are selected."""
    return float(told["n_selected"]) / float(told["n_generated"])


def _description(file: Path) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(file.with_name(f"{file.name}.json").read_text(encoding="utf-8"))
    return described


def _is_there(file: Path, wanted: dict[str, Any]) -> bool:
    """Whether a file exists whose description holds all that is wanted."""
    if not file.is_file() or not file.with_name(f"{file.name}.json").is_file():
        return False
    told = _description(file)
    return all(told.get(key) == value for key, value in json.loads(json.dumps(wanted)).items())
