"""Detectors and cuts as data: a name with options, which becomes an object only where it is used."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from inspect import signature
from typing import Any, get_type_hints

from errors import MaplessError

_CLASS = re.compile(r"[\w.]+:\w+")


@dataclass(frozen=True)
class Made:
    """What a class is made of: its name in a registry or "package.module:Class", and JSON-able arguments.

    `options` must be arguments of the class; `offered` are given to it only if it has them, so that a search
    can offer its inputs to any detector; one with an argument `offered` gets all of them, to pass them on.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    offered: Mapping[str, Any] = field(default_factory=dict)


def place(name: str, registry: Mapping[str, str]) -> str:
    """The "module:Class" of a registered name, or the name itself where it is one.

    Raises MaplessError for a name that is neither.
    """
    if name in registry:
        return registry[name]
    if name.count(":") == 1 and all(name.split(":")):
        return name
    raise MaplessError(
        f"nothing is called '{name}'; choose one of {', '.join(sorted(registry))}, or name a class of your "
        "own as package.module:Class"
    )


def modules(made: Made, registry: Mapping[str, str]) -> tuple[str, ...]:
    """The module of the class and those of all that its options name: their code decides what comes out."""
    texts = _texts(made.options)
    named = [made.name, *(text for text in texts if text in registry or _CLASS.fullmatch(text))]
    return tuple(dict.fromkeys(place(name, registry).split(":")[0] for name in named))


def _texts(value: Any) -> Iterator[str]:
    """All texts in nested options."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def find_class(name: str, registry: Mapping[str, str]) -> type[Any]:
    """The class of a registered name or of "module:Class"; MaplessError if there is none."""
    module, kind = place(name, registry).split(":")
    try:
        found = getattr(import_module(module), kind)
    except ModuleNotFoundError as error:
        if error.name and not (module == error.name or module.startswith(f"{error.name}.")):
            raise  # the module is there, but something that it imports is not
        raise MaplessError(
            f"there is no module {module} for '{name}'; is its folder on PYTHONPATH?"
        ) from None
    except AttributeError:
        raise MaplessError(f"module {module} has no class {kind}") from None
    if not isinstance(found, type):
        raise MaplessError(f"{kind} of module {module} is no class")
    return found


def arguments(made: Made, registry: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the arguments that the class takes; MaplessError if there is no such class."""
    return tuple(signature(find_class(made.name, registry)).parameters)


def with_what_it_takes(made: Made, registry: Mapping[str, str]) -> Made:
    """The same without what is offered in vain: it says no more than what the object will be."""
    known = arguments(made, registry)
    if "offered" in known:
        return made
    return replace(made, offered={name: one for name, one in made.offered.items() if name in known})


def make(made: Made, registry: Mapping[str, str], **offered: Any) -> Any:
    """Make the object; `offered` adds to what is given only where the class has such an argument.

    Raises MaplessError for an option that the class does not have or whose value is of another type.
    """
    kind, known = find_class(made.name, registry), arguments(made, registry)
    for option in made.options:
        if option not in known:
            raise MaplessError(f"{made.name} has no setting '{option}'; it has {', '.join(known)}")
    all_offered = {**made.offered, **offered}
    usable = {name: value for name, value in {**all_offered, "offered": all_offered}.items() if name in known}
    given = {**usable, **_checked_options(kind, made)}
    needed = [one.name for one in signature(kind).parameters.values() if one.default is one.empty]
    missing = [name for name in needed if given.get(name) is None]
    if missing:
        raise MaplessError(
            f"{made.name} needs the setting '{missing[0]}', which this search does not give it"
        )
    return kind(**given)


def _checked_options(kind: type[Any], made: Made) -> dict[str, Any]:
    """The options, each of the type that the class says; those without a type are taken as they are."""
    from pydantic import ConfigDict, TypeAdapter, ValidationError
    from pydantic.errors import PydanticUserError

    try:  # of the arguments: fields that are none may have types that are imported for type checkers only
        types = get_type_hints(kind.__init__, include_extras=True)
    except NameError:
        types = {}
    checked = dict(made.options)
    for name in types.keys() & checked.keys():
        try:
            adapter: TypeAdapter[Any] = TypeAdapter(
                types[name], config=ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False)
            )
            checked[name] = adapter.validate_python(checked[name])
        except PydanticUserError:  # a dataclass, which brings its own
            continue
        except ValidationError as error:
            first = error.errors()[0]
            raise MaplessError(
                f"{made.name}: option {name}: {first['msg']} (got {first['input']!r:.80})"
            ) from None
    return checked
