"""Expressions of selections as functions: compiled once per machine, loaded in milliseconds afterwards.

ROOT by itself compiles the whole graph of a selection in every process, with its interpreter, which takes
seconds. Here an expression is a small function known by the hash of what it is made of. Many new ones at once
are compiled into a library, few by the interpreter; those that neither understands are left to ROOT, whose
complaints are known.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from errors import MaplessError
from selections import headers
from selections.expressions import names_used
from selections.headers import graph_functions
from selections.libraries import OPTIONS, compile_library, compiler, compiler_key
from selections.root import import_root, quiet_standard_error
from selections.steps import Column, Cut
from user_cache import cache_directory

WORTH_THE_COMPILER = 8
"""Functions from which on the compiler takes less time than the interpreter; it starts slowly."""
HEADER = "mapless/expression.h"
_NOT_OF_EXPRESSIONS = "mapless/graph.h"
_BASICS = ("ROOT/RVec.hxx", "Rtypes.h", "array", "cmath", "string", "vector")
_AT_FAULT = re.compile(r"^expression_(\w+):.*(?:error:|required from here)", re.MULTILINE)


@dataclass(frozen=True)
class Function:
    """An expression of columns, whose types are named, or those of the results of other functions."""

    expression: str
    arguments: tuple[tuple[str, "str | Function"], ...]

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """Headers that declare what it calls."""
        types = (kind for _, kind in self.arguments if isinstance(kind, str))
        code = " ".join((self.expression, *types))
        used = (name for name in headers.loaded() if name != _NOT_OF_EXPRESSIONS)
        return tuple(name for name in used if headers.may_be_used(name, code))

    @cached_property
    def key(self) -> str:
        """Hash of the expression, of types and names of columns, of the headers and of the compiler."""
        arguments = [f"{kind.key if isinstance(kind, Function) else kind} {n}" for n, kind in self.arguments]
        parts = (_environment(self.headers), self.expression, *arguments)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it takes."""
        return tuple(name for name, _ in self.arguments)

    def before(self) -> Iterator["Function"]:
        """The functions whose results it takes, with those that these take, first things first."""
        for _, kind in self.arguments:
            if isinstance(kind, Function):
                yield from kind.before()
                yield kind

    def declaration(self) -> str:
        """The function in C++; its types must be known."""
        parameters = ", ".join(f"const {_type(kind)} &{name}" for name, kind in self.arguments)
        body = self.expression if re.search(r"\breturn\b", self.expression) else f"return {self.expression}"
        return (
            f'#line 1 "expression_{self.key}"\nstatic auto f_{self.key}({parameters}) {{ {body}\n; }}\n'
            f"static_assert(!std::is_void<mapless::ExpressionOf<f_{self.key}>::Result>::value);\n"
        )

    def registration(self) -> str:
        """What makes it known when the code is loaded."""
        function = f"mapless::ExpressionOf<f_{self.key}>"
        return f'static const bool is_added_{self.key} = {function}::add("{self.key}");\n'


@cache
def _environment(used: tuple[str, ...]) -> str:
    versions = compiler_key() if compiler() else ""
    return "\0".join((versions, *OPTIONS, headers.source_of(HEADER, *used)))


def _type(kind: str | Function) -> str:
    if isinstance(kind, str):
        return kind
    if graph_functions().has_expression(kind.key):
        return str(graph_functions().expression_type(kind.key))
    return f"mapless::ExpressionOf<f_{kind.key}>::Result"


@dataclass
class _Unusable:
    """Keys of functions that somebody does not understand, in this process."""

    by_compiler: set[str] = field(default_factory=set)
    by_interpreter: set[str] = field(default_factory=set)


_unusable = _Unusable()


def functions(frame: Any, steps: Sequence[Column | Cut]) -> list[Function | None]:
    """A function for each of some steps that follow each other at a node; None where ROOT must do it."""
    uses = [names_used(step.expression) for step in steps]
    names = list(dict.fromkeys(name for used in uses for name in used))
    types = dict(zip(names, map(str, graph_functions().column_types(frame, names)), strict=True))
    made: dict[str, Function] = {}
    wanted: list[Function] = []
    for step, used in zip(steps, uses, strict=True):
        kinds = ((name, made.get(name) or types[name]) for name in used)
        wanted.append(Function(step.expression, tuple((name, kind) for name, kind in kinds if kind)))
        if isinstance(step, Column):
            made[step.name] = wanted[-1]
    _make_known(wanted)
    known = graph_functions().has_expression
    return [function if known(function.key) else None for function in wanted]


def define(frame: Any, columns: Sequence[Column], redefined: Collection[str] = ()) -> Any:
    """The node with further columns, of which those with some names are there already.

    Raises an exception of ROOT for an expression that it does not understand.
    """
    for column, function in zip(columns, functions(frame, columns), strict=True):
        frame = define_one(frame, column, function, again=column.name in redefined)
    return frame


def define_one(frame: Any, column: Column, function: Function | None, *, again: bool = False) -> Any:
    """The node with a column by its function, or as ROOT compiles it where there is none."""
    mapless = graph_functions()
    if function is not None:
        return mapless.define_compiled(frame, column.name, function.key, function.columns)
    return (mapless.redefine if again else mapless.define)(frame, column.name, column.expression)


def keep(frame: Any, cut: Cut, function: Function | None) -> Any:
    """The events that pass a cut, by its function, or as ROOT compiles it where there is none."""
    mapless = graph_functions()
    if function is not None and str(mapless.expression_type(function.key)) == "bool":
        return mapless.filter_compiled(frame, function.key, function.columns, cut.title)
    return mapless.filter(frame, cut.expression, cut.title)


def _make_known(wanted: Sequence[Function]) -> None:
    """Load those of the functions that are in the cache, and compile the others."""
    if folder := _folder():
        for function in _missing(wanted, set()):
            if _library(folder, function).exists():
                import_root().gSystem.Load(str(_library(folder, function)))
        if compiler() and len(_missing(wanted, _unusable.by_compiler)) >= WORTH_THE_COMPILER:
            _compile(_missing(wanted, _unusable.by_compiler), folder)
    _interpret(_missing(wanted, _unusable.by_interpreter))


def _missing(wanted: Sequence[Function], unusable: set[str]) -> list[Function]:
    has = graph_functions().has_expression
    unique = {function.key: function for function in wanted}
    return [function for key, function in unique.items() if key not in unusable and not has(key)]


def _folder() -> Path | None:
    """Where libraries are kept; None where there is no place, and the interpreter does the work instead."""
    try:
        return cache_directory() / "expressions"
    except MaplessError:
        return None


def _library(folder: Path, function: Function) -> Path:
    return folder / f"{function.key}.so"


def _compile(missing: Sequence[Function], folder: Path) -> None:
    """Put functions into one library, which each of them has a link to; once more without those at fault."""
    for _ in range(2):
        key = hashlib.sha256("".join(function.key for function in missing).encode()).hexdigest()[:20]
        library = folder / f"library-{key}.so"
        used = sorted({name for function in missing for name in function.headers})
        includes = "".join(f"#include <{name}>\n" for name in (*_BASICS, HEADER, *used))
        code = f"#define MAPLESS_COMPILED\n{includes}{_declarations(missing)}{_registrations(missing)}"
        complaint = compile_library(code, library, headers.include_folders(HEADER, *used))
        if complaint is None:
            if import_root().gSystem.Load(str(library)) >= 0:
                _link(missing, library)
                return
            complaint = ""
        at_fault = set(_AT_FAULT.findall(complaint))
        _unusable.by_compiler.update(at_fault or {function.key for function in missing})
        missing = [
            function
            for function in missing
            if at_fault.isdisjoint(one.key for one in (function, *function.before()))
        ]
        if not at_fault or not missing:
            return


def _link(compiled: Sequence[Function], library: Path) -> None:
    for function in compiled:
        try:
            _library(library.parent, function).symlink_to(library.name)
        except OSError:  # another process was faster
            continue


def _interpret(missing: Sequence[Function]) -> None:
    """Have ROOT's interpreter compile functions: all at once, or one by one if some are at fault.

    What fails holds no more than the function, as ROOT's own attempt would: the interpreter forgets what else
    it has made of the same code.
    """
    if not missing:
        return
    headers.load(HEADER)
    declare = import_root().gInterpreter.Declare
    known = graph_functions().has_expression
    with quiet_standard_error():
        if declare(_declarations(missing)):
            declare(_registrations(missing))
        else:
            for function in missing:
                if all(known(one.key) for one in function.before()) and declare(_declarations([function])):
                    declare(_registrations([function]))
    _unusable.by_interpreter.update(function.key for function in missing if not known(function.key))


def _declarations(functions: Sequence[Function]) -> str:
    """Functions in C++, behind those whose results they take."""
    known = graph_functions().has_expression
    several = (one for function in functions for one in (*function.before(), function))
    return "".join({one.key: one.declaration() for one in several if not known(one.key)}.values())


def _registrations(functions: Sequence[Function]) -> str:
    return "".join(function.registration() for function in functions)
