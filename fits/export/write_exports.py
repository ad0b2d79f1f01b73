"""Results of a search for a resonance in the formats that other tools read."""

from pathlib import Path

from fits.resonance_categories import search_model
from fits.resonance_results import ResonanceResults
from fits.search_model import SearchModel


def write_exports(results: ResonanceResults, folder: Path) -> None:
    """Write what the settings of a search name as `exports` into an existing folder.

    `hepdata/` has tables of everything; `combine/` and `model.hs3.json` hold the model at the mass of the
    largest excess. Raises MaplessError where a fit that they need failed.
    """
    settings = results.settings
    if "hepdata" in settings.exports:
        from fits.export.hepdata import write_hepdata

        (folder / "hepdata").mkdir()
        energy = settings.background.collision_energy
        write_hepdata(folder / "hepdata", results.scan, results.limits, collision_energy=energy)
    if "combine" in settings.exports:
        from fits.export.combine import write_combine

        (folder / "combine").mkdir()
        write_combine(_model(results), folder / "combine")
    if "hs3" in settings.exports:
        from fits.export.hs3 import write_hs3

        write_hs3(_model(results), folder / "model.hs3.json")


def _model(results: ResonanceResults) -> SearchModel:
    mass = results.scan.most_significant.mass
    return search_model(results.categories, results.signal, results.settings.uncertainties, mass)
