"""Small-radius jets, electrons, muons, photons and missing momentum: what is chosen of what a format has.

Each kind keeps its objects above a transverse momentum, identified and isolated, that are apart from those of
the kinds before it, hardest first: muons, electrons, photons, jets.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import MaplessError
from selections.expressions import columns_used, suggestion
from selections.sources.formats import Translation
from selections.steps import Column

WorkingPoint = Literal["none", "loose", "medium", "tight"]
Positive = Annotated[float, Field(ge=0)]


class ObjectSettings(BaseModel):
    """Which objects of a kind are kept; `distance` (delta R) to kept ones of the kinds before, 0 for any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pt_min: Positive = 20.0  # GeV
    eta_max: Positive = 2.5
    identification: WorkingPoint = "medium"
    isolation: WorkingPoint = "none"
    distance: Positive = 0.4


class MuonSettings(ObjectSettings):
    """Muons."""

    eta_max: Positive = 2.4
    isolation: WorkingPoint = "tight"
    distance: Positive = 0.0


class ElectronSettings(ObjectSettings):
    """Electrons."""

    isolation: WorkingPoint = "tight"
    distance: Positive = 0.1


class SmallJetSettings(ObjectSettings):
    """Small-radius jets."""

    pt_min: Positive = 30.0
    identification: WorkingPoint = "tight"


class Objects(BaseModel):
    """Which objects beside large-radius jets a search gets where it asks for them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    muon: MuonSettings = MuonSettings()
    electron: ElectronSettings = ElectronSettings()
    photon: ObjectSettings = ObjectSettings()
    small_jet: SmallJetSettings = SmallJetSettings()
    missing_momentum: Literal["puppi", "particle-flow"] = "puppi"


def parse(values: Mapping[str, Any]) -> Objects:
    """Settings from plain data; MaplessError names the key that is wrong."""
    try:
        return Objects.model_validate(values)
    except ValidationError as problem:
        first = problem.errors()[0]
        place, wrong = ".".join(map(str, first["loc"])), first["msg"]
        if first["type"] == "extra_forbidden":
            known = Objects.model_fields if len(first["loc"]) == 1 else ObjectSettings.model_fields
            hint = suggestion(str(first["loc"][-1]), known) or f"; known are {', '.join(known)}"
            wrong = f"unknown key{hint}"
        raise MaplessError(f"objects: {place}: {wrong}") from None


@dataclass(frozen=True)
class ObjectSource:
    """Where a format has objects of a kind: ways to make each property, the best first.

    `identification` and `isolation` are by working point; a mask for each object.
    """

    title: str
    properties: Mapping[str, Sequence[str]]
    identification: Mapping[str, Sequence[str]] = field(default_factory=dict)
    isolation: Mapping[str, Sequence[str]] = field(default_factory=dict)


PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "muon": ("pt", "eta", "phi", "charge"),
    "electron": ("pt", "eta", "phi", "charge"),
    "photon": ("pt", "eta", "phi"),
    "small_jet": ("pt", "eta", "phi", "mass", "b_tag"),
    "missing": ("pt", "phi"),
}
COLUMNS = tuple(f"{kind}_{name}" for kind, names in PROPERTIES.items() for name in names)
"""All canonical columns of objects beside large-radius jets."""

EVERY_SMALL_JET, BALANCING = "every_small_jet", "balancing_small_jets"
"""What begins the names of all small jets, and the indices of those that the missing momentum balances."""
_KINEMATICS = ("pt", "eta", "phi")
_VARIED = (*_KINEMATICS, "mass")


def translate_objects(
    sources: Mapping[str, ObjectSource],
    missing: Mapping[str, Mapping[str, Sequence[str]]],
    objects: Objects,
    columns: Set[str],
) -> Translation:
    """Columns of all kinds as far as the columns of a format allow, made where a search asks for them.

    `missing` are the ways to the missing momentum by its kind and then by property.
    """
    made = Translation()
    before: dict[str, str] = {}
    for kind, source in sources.items():
        if not all(_first(source.properties[name], columns) for name in _KINEMATICS):
            made += _lacking(kind, f"no {source.title} in the files")
            continue
        settings = getattr(objects, kind)
        masks = dict(_quality(kind, source, settings, columns))
        nearby = before.values() if settings.distance else ()
        before[kind] = next(
            filter(None, (*(reason for mask, reason in masks.values() if not mask), *nearby)), ""
        )
        if before[kind]:
            made += _lacking(kind, before[kind])
        else:
            others = tuple(before)[:-1] if settings.distance else ()
            made += _of_kind(kind, source, settings, [mask for mask, _ in masks.values()], others, columns)
    return made + _missing(missing, objects.missing_momentum, columns)


def _lacking(kind: str, reason: str) -> Translation:
    return Translation(lacks={f"{kind}_{name}": reason for name in PROPERTIES[kind]})


def _of_kind(
    kind: str,
    source: ObjectSource,
    settings: ObjectSettings,
    masks: Sequence[str],
    others: Sequence[str],
    columns: Set[str],
) -> Translation:
    """The columns of a kind: what passes, less what is near to others, by property."""
    names = PROPERTIES[kind]
    ways = {name: _first(source.properties.get(name, ()), columns) for name in names}
    steps: list[Column] = []
    if kind == "small_jet":
        steps = [Column(f"{EVERY_SMALL_JET}_{name}", ways[name]) for name in _VARIED if ways[name]]
        ways |= {name: f"{EVERY_SMALL_JET}_{name}" for name in _VARIED if ways[name]}
        # those that the missing momentum of CMS is corrected with (arXiv:1903.06078)
        every = f"ROOT::RVecI({ways['pt']}.size(), 1)"
        soft = f"mapless::passing_jets({ways['pt']}, {ways['eta']}, {every}, 15.f, 5.2f)"
        steps += _apart("soft_small_jets", soft, ways, others, settings.distance)
        steps.append(Column(BALANCING, steps[-1].name))
    mask = " && ".join(masks) or f"ROOT::RVecI({ways['pt']}.size(), 1)"
    passing = f"{ways['pt']}, {ways['eta']}, {mask}, {settings.pt_min}f, {settings.eta_max}f"
    title = _title(source, settings, others)
    passing = f"mapless::passing_jets({passing})"
    steps += _apart(f"passing_{kind}s", passing, ways, others, settings.distance, title)
    chosen = {name: f"mapless::at_indices({way}, {steps[-1].name})" for name, way in ways.items() if way}
    steps += [
        Column(f"{kind}_{name}", expression, "GeV" if name in ("pt", "mass") else "")
        for name, expression in chosen.items()
    ]
    lacks = {
        f"{kind}_{name}": f"no {name} of {source.title} in the files" for name in names if not ways[name]
    }
    meanings = {f"{kind}_b_tag": ways["b_tag"]} if ways.get("b_tag") else {}
    return Translation(lacks=lacks, meanings=meanings, offered=tuple(steps))


def _apart(
    name: str,
    indices: str,
    ways: Mapping[str, str],
    others: Sequence[str],
    distance: float,
    title: str = "",
) -> list[Column]:
    """Indices of objects, less what is near to others; the last column holds what is left."""
    steps = [Column(name, indices, title=title)]
    for other in others:
        directions = f"{ways['eta']}, {ways['phi']}, {other}_eta, {other}_phi"
        apart = f"mapless::apart({steps[-1].name}, {directions}, {distance}f)"
        steps.append(Column(f"{name}_apart_from_{other}s", apart))
    return steps


def _quality(
    kind: str, source: ObjectSource, settings: ObjectSettings, columns: Set[str]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """For identification and isolation, if they are asked for, a mask; or nothing, and why there is none."""
    for what, points in (("identification", source.identification), ("isolation", source.isolation)):
        wanted = getattr(settings, what)
        if wanted == "none":
            continue
        there = [point for point, ways in points.items() if _first(ways, columns)]
        reason = (
            f"the files have no {wanted} {what} of {source.title}; set objects.{kind}.{what} to "
            f"{' or '.join(['none', *there])}"
        )
        yield what, (_first(points.get(wanted, ()), columns), reason)


def _missing(ways: Mapping[str, Mapping[str, Sequence[str]]], kind: str, columns: Set[str]) -> Translation:
    offered, lacks = [], {}
    there = [other for other, names in ways.items() if _first(names["pt"], columns)]
    for name in PROPERTIES["missing"]:
        way = _first(ways.get(kind, {}).get(name, ()), columns)
        if way:
            unit = "GeV" if name == "pt" else ""
            offered.append(Column(f"missing_{name}", way, unit, f"missing transverse momentum: {way}"))
        else:
            instead = f"; set objects.missing_momentum to {' or '.join(there)}" if there else ""
            lacks[f"missing_{name}"] = f"no missing momentum of kind {kind} in the files{instead}"
    return Translation(lacks=lacks, offered=tuple(offered))


def _first(ways: Sequence[str], columns: Set[str]) -> str:
    """The first expression all of whose columns are there, or nothing."""
    return next((way for way in ways if columns >= set(columns_used(way))), "")


def _title(source: ObjectSource, settings: ObjectSettings, others: Sequence[str]) -> str:
    parts = [f"{source.title} with pt > {settings.pt_min:g} GeV, |eta| < {settings.eta_max:g}"]
    for what in ("identification", "isolation"):
        parts += [f"{getattr(settings, what)} {what}"] if getattr(settings, what) != "none" else []
    parts += [f"{settings.distance:g} apart from every {', '.join(others)}"] if others else []
    return ", ".join(parts)
