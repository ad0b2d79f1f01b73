"""The same search with something changed: seeds, columns, cuts, the shape of a signal, other regions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from analysis.search import Search, SignalModel
from errors import MaplessError
from selections.expressions import columns_used
from selections.steps import Column, Cut


def with_traditional(search: Search) -> Search:
    """Beside every inclusive spectrum those of the searches for each of the signals alone."""
    regions, spectra = dict(search.regions), list(search.spectra)
    for signal in search.signals:
        mass = search.samples[signal.sample].mass
        for spectrum in search.spectra:
            if not signal.traditional or not spectrum.inclusive or mass not in spectrum.masses:
                continue
            region = f"{spectrum.region}-traditional-{signal.sample}"
            regions[region] = search.regions[spectrum.region].refine(region, *signal.traditional)
            spectra.append(
                replace(
                    spectrum,
                    name=f"{spectrum.name}-traditional-{signal.sample}",
                    region=region,
                    masses=(mass,),
                    signal=SignalModel(),
                    made_for=signal.sample,
                )
            )
    return replace(search, regions=regions, spectra=tuple(spectra))


def with_own(search: Search, columns: Mapping[str, str], cuts: Mapping[str, str]) -> Search:
    """The same with further columns (expressions by name) and cuts (by title) in every region.

    Raises MaplessError for a column made of itself or of a later one, and for a title that a region has.
    """
    for place, (name, expression) in enumerate(columns.items()):
        if later := set(columns_used(expression)) & set([*columns][place:]):
            raise MaplessError(
                f"selection.columns: {name} needs {', '.join(sorted(later))}, put them before it"
            )
    made = tuple(Column(name, expression) for name, expression in columns.items())
    wanted = tuple(Cut(expression, title) for title, expression in cuts.items())
    for name, region in search.regions.items():
        if taken := [cut.title for cut in region.cuts if cut.title in cuts]:
            raise MaplessError(f"selection.cuts: region {name} has a cut '{taken[0]}' already; rename it")
    regions = {
        name: region.refine(region.name, *wanted, columns=made) for name, region in search.regions.items()
    }
    return replace(search, regions=regions, kept=(*search.kept, *columns))


def with_signal_shape(search: Search, shape: Mapping[str, Any]) -> Search:
    """The same with a shape that is given in place of simulated signals in every spectrum."""
    spectra = tuple(replace(one, signal=SignalModel(given=shape)) for one in search.spectra)
    return replace(search, spectra=spectra)


def with_seeds(search: Search, steps: int) -> Search:
    """The same with the seeds of all detectors and injections so many steps on."""
    injections = tuple(replace(one, seed=one.seed + steps) for one in search.injections)
    return replace(
        search, hunts=tuple(hunt.with_seeds(steps) for hunt in search.hunts), injections=injections
    )


def in_control_regions(search: Search) -> Search:
    """The same search of the data that hold no signal; its shape stays that of the regions of spectra.

    Raises MaplessError for a spectrum that has none.
    """
    for spectrum in search.spectra:
        if spectrum.region not in search.controls:
            raise MaplessError(
                f"closure.control: {search.name} has no control region of {spectrum.region}; leave it out"
            )
    return replace(search, injections=(), in_control=True)
