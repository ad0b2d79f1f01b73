"""What a reader must know of a sample: its origin, how much of it there is, what its weights mean."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.sample import Sample, SamplePart
from errors import MaplessError
from input_files import read_json

_COLLISION_ENERGIES = {"2015": 13e3, "2016": 13e3, "2017": 13e3, "2018": 13e3}
_COLLISION_ENERGIES |= dict.fromkeys(("2022", "2023", "2024", "2025"), 13.6e3)


def sample_facts(sample: Sample) -> dict[str, Any]:
    """Role, process, generator, √s (GeV), luminosity (1/fb), cross section (pb), files and unit of weights.

    None is what nobody has said: neither the configuration, nor the description that `simulate` writes beside
    its files, nor the year of data taking. A cross section of a description is that of what the files hold.
    """
    told = _description(sample.parts[0])
    settings = told.get("parameters") or {}
    return {
        "role": sample.role,
        "process": told.get("process"),
        "generator": sample.generator or _generator(told),
        "collision_energy": sample.collision_energy or settings.get("beam_energy") or _of_year(sample),
        "luminosity": sample.luminosity or None,
        "cross_section": sample.parts[0].cross_section or told.get("cross_section_pb"),
        "n_files": sum(len(part.files) for part in sample.parts),
        "mass": sample.mass,
        "parameters": dict(sample.parameters),
        "weights": _meaning_of_weights(sample, told),
    }


def _description(part: SamplePart) -> Mapping[str, Any]:
    """What `simulate` has written beside the first file; nothing where another program made it."""
    file = Path(part.files[0])
    try:
        told = read_json(file.with_name(f"{file.name}.json"))
    except MaplessError:
        return {}
    return told if isinstance(told, dict) and "simulation_version" in told else {}


def _generator(told: Mapping[str, Any]) -> str | None:
    version = (told.get("packages") or {}).get("pythia8mc")
    return f"Pythia {version}, detector of Mapless ({told.get('quality')})" if version else None


def _of_year(sample: Sample) -> float | None:
    years = [str(part.opening.get("year", ""))[:4] for part in sample.parts]
    found = {_COLLISION_ENERGIES.get(year) for year in years}
    return found.pop() if len(found) == 1 else None


def _meaning_of_weights(sample: Sample, told: Mapping[str, Any]) -> str:
    """What a sum of weights counts."""
    if sample.role == "data":
        return "events"
    if sample.parts[0].cross_section:
        return f"events expected in {sample.luminosity:g} / fb"
    return "pb" if "cross_section_pb" in told else "as the files hold them"
