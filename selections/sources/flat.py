"""Flat n-tuples of any kind, whose branches their user names: `jet_pt: fatjet_pt`, with factors for units."""

from collections.abc import Mapping, Sequence, Set
from functools import partial

from errors import MaplessError
from selections.expressions import suggestion
from selections.sources import objects, simulation
from selections.sources.formats import Format, Options, Translation
from selections.steps import Column

Branches = Mapping[str, str | Sequence[str]]

_EVENT = ("run", "luminosity_block", "event")
_DEFAULTS = {"run": "1u", "luminosity_block": "1u"}
_LISTS = {
    name
    for name in (*simulation.EXPECTED, *objects.COLUMNS)
    if name not in _EVENT and not name.startswith("missing_")
}
_COLLECTIONS = ("jet", "constituent", "small_jet", "muon", "electron", "photon")
_INTEGERS = ("jet_n_constituents", "jet_tight_id", "constituent_jet", "electron_charge", "muon_charge")


def described(branches: Branches, factors: Mapping[str, float]) -> Format:
    """The format of files whose branches have these names, by canonical column.

    A list of branches, one for each jet or the like, makes a column of several; single values may be of any
    name. `factors` turn units into GeV. Raises MaplessError for a factor of a column that is not named.
    """
    for name in factors:
        if name not in branches:
            raise MaplessError(f"factors: branches names no {name}{suggestion(name, branches)}")
    if "event" not in branches:
        raise MaplessError(
            "branches: name the branch of the event number under event; folds and scores need it"
        )
    of_jets = [source for name, source in branches.items() if name in _LISTS]
    lists = [source for source in of_jets if isinstance(source, str)]
    lists += [source[0] for source in of_jets if len(source) == 1]
    translate = partial(_translate, branches, factors)
    return Format("flat", bool, translate, (), lists=lists, canonical_collections=_COLLECTIONS)


def _translate(
    branches: Branches,
    factors: Mapping[str, float],
    everywhere: Set[str],
    somewhere: Set[str],  # noqa: ARG001
    options: Options,
) -> Translation:
    if options.triggers or options.filters:
        raise MaplessError("triggers, filters: name branches passes_trigger and passes_filters instead")
    for name, source in branches.items():
        for one in _as_list(source):
            if one not in everywhere:
                raise MaplessError(f"branches.{name}: the files have no {one}{suggestion(one, everywhere)}")
    # A branch that has the name of another column is read before that column takes its place.
    elsewhere = {one for name, source in branches.items() for one in _as_list(source) if one != name}
    stored = {one: f"mapless_stored_{one}" for one in sorted(elsewhere & branches.keys())}
    definitions = [Column(name, f"({one})") for one, name in stored.items()]
    definitions += [
        Column(name, _expression(name, [stored.get(one, one) for one in _as_list(source)], factors.get(name)))
        for name, source in branches.items()
    ]
    constants = {**_DEFAULTS, **simulation.CONSTANTS}
    if "jet_pt" in branches:
        constants["jet_tight_id"] = "ROOT::RVecI(jet_pt.size(), 1)"
    definitions += [Column(name, value) for name, value in constants.items() if name not in branches]
    made = {column.name for column in definitions}
    expected = (*simulation.EXPECTED, *objects.COLUMNS)
    lacks = {name: "branches does not name it" for name in expected if name not in made}
    notes = {name: value for name, value in simulation.REASONS.items() if name not in branches}
    return Translation(tuple(definitions), lacks, notes)


def _expression(name: str, names: Sequence[str], factor: float | None) -> str:
    of_several = name in _LISTS
    if not of_several and len(names) > 1:
        raise MaplessError(f"branches.{name}: an event has one value, not {len(names)}")
    kind = "ROOT::RVecI" if name in _INTEGERS else "ROOT::RVecF"
    number = "int" if name in _INTEGERS else "float"
    if len(names) > 1:
        joined = f"{kind}{{{', '.join(f'static_cast<{number}>({one})' for one in names)}}}"
        return joined if factor is None else f"{kind}({joined} * {float(factor)!r})"
    value = names[0] if factor is None else f"{names[0]} * {float(factor)!r}"
    if of_several:
        return f"{kind}({value})"
    if name in ("passes_trigger", "passes_filters"):
        return f"static_cast<bool>({value})"
    if name == "event":
        return f"static_cast<ULong64_t>({value})"
    return f"static_cast<unsigned>({value})" if name in _EVENT else f"static_cast<float>({value})"


def _as_list(source: str | Sequence[str]) -> Sequence[str]:
    return [source] if isinstance(source, str) else source
