"""Compiled expressions: the same to the last bit whoever compiles them, and compiled once on a machine."""

from dataclasses import replace

import numpy as np
import pytest

from selections import compiled, headers
from selections.compiled import Function
from selections.dijet import dijet, dijet_columns, jet_energy_scale
from selections.graph import Selection, book
from selections.root import import_root
from selections.sources import open_events
from selections.steps import Column, Cut

NEVER = 10**6
MANY = tuple(Column(f"y{n}", f"std::sqrt(x + {n}) * weight") for n in range(compiled.WORTH_THE_COMPILER))


@pytest.fixture
def new_cache(tmp_path, monkeypatch):
    """A machine on which nothing has been compiled yet, but for the headers."""
    monkeypatch.setattr(compiled, "cache_directory", lambda: tmp_path)
    return tmp_path / "expressions"


@pytest.fixture
def numbers():
    """A frame of x = 0 to 99 with weights."""
    root = import_root()
    frame = root.RDataFrame(100).Define("x", "static_cast<int>(rdfentry_)")
    return root.RDF.AsRNode(frame.Define("weight", "x % 2 == 0 ? 2.f : -1.f"))


def by_root_alone(frame, steps):
    """No function for any step, so that RDataFrame compiles each."""
    return [None] * len(steps)


def bits(selected, names):
    """Columns as bytes, and the cutflow."""
    arrays = selected.frame.AsNumpy(list(names))
    return {name: np.ascontiguousarray(array).tobytes() for name, array in arrays.items()}, selected.cutflow()


@pytest.mark.parametrize("worth_the_compiler", [1, NEVER])
def test_a_selection_is_the_same_to_the_last_bit_as_root_compiles_it(
    data, new_cache, monkeypatch, worth_the_compiler
):
    monkeypatch.setattr(compiled, "WORTH_THE_COMPILER", worth_the_compiler)
    # another number in every case: what is known by now would not be compiled again
    selection = dijet(mjj_min=300.25 + min(worth_the_compiler, 2), jet_pt_min=199.5)
    file, names = data / "pfnano_simulation.root", dijet_columns()
    ours = bits(selection(open_events(file)), names)
    with monkeypatch.context() as patch:
        patch.setattr(compiled, "functions", by_root_alone)
        roots = bits(selection(open_events(file)), names)
    assert ours == roots
    assert 0 < ours[1].events[-1] < ours[1].events[0]
    assert new_cache.exists() == (worth_the_compiler == 1)


def test_shifted_branches_are_the_same_as_root_compiles_them(data, monkeypatch):
    regions = {"signal": dijet(mjj_min=500, features=(), variations=[jet_energy_scale(0.05)])}
    shifts, names = ("nominal", "jet_energy_scale:up"), ["mjj", "jet1_pt"]
    found = []
    for patched in (False, True):
        with monkeypatch.context() as patch:
            if patched:
                patch.setattr(compiled, "functions", by_root_alone)
            booked = book(open_events(data / "pfnano_simulation.root"), regions, shifts)
            found.append([bits(booked["signal", shift], names) for shift in shifts])
    assert found[0] == found[1]
    assert found[0][0] != found[0][1]


def test_many_functions_are_compiled_once_and_found_again(numbers, new_cache, in_subprocess):
    steps = [replace(column, expression=f"{column.expression} + 0.125") for column in MANY]
    functions = compiled.functions(numbers, steps)
    assert None not in functions
    libraries = {path.resolve() for path in new_cache.glob("*.so")}
    assert len(libraries) == 1
    assert len(list(new_cache.glob("*.so"))) == len(MANY) + 1
    code = f"""
from selections import compiled
from selections.root import import_root
from selections.steps import Column
from pathlib import Path
compiled.cache_directory = lambda: Path({str(new_cache.parent)!r})
def refused(*arguments):
    raise AssertionError
compiled._compile = refused
root = import_root()
frame = root.RDataFrame(100).Define("x", "static_cast<int>(rdfentry_)")
frame = root.RDF.AsRNode(frame.Define("weight", "x % 2 == 0 ? 2.f : -1.f"))
steps = [Column(f"y{{n}}", f"std::sqrt(x + {{n}}) * weight + 0.125") for n in range({len(MANY)})]
print(*(function.key for function in compiled.functions(frame, steps)))
"""
    assert in_subprocess(code).split() == [function.key for function in functions]


def test_what_only_the_interpreter_knows_leaves_the_others_to_the_compiler(numbers, new_cache):
    import_root().gInterpreter.Declare("int known_here(int x) { return 3 * x; }")
    own = Column("own", "known_here(x) + 0.5")
    steps = [*(replace(column, expression=f"{column.expression} + 0.25") for column in MANY), own]
    selected = Selection("mixed", steps, [Cut("own > 30", "own")])(numbers)
    assert selected.cutflow().events == (100, 90)
    assert len(list(new_cache.glob("*.so"))) == len(MANY) + 1  # those and their library; the cut needs `own`


def test_a_function_is_known_by_types_columns_and_headers(tmp_path, monkeypatch):
    function = Function("mapless::half(x)", (("x", "float"),))
    others = [
        Function("mapless::half(x)", (("x", "double"),)),
        Function("mapless::half(y)", (("y", "float"),)),
        Function("mapless::half(x)", (("x", function),)),
    ]
    assert len({one.key for one in (function, *others)}) == 4
    header = tmp_path / "half.h"
    monkeypatch.setattr(headers, "HEADERS", tmp_path)
    (tmp_path / "mapless").mkdir()
    (tmp_path / "mapless" / "expression.h").write_text("")
    monkeypatch.setattr(headers, "loaded", lambda: ("half.h",))
    keys = set()
    for text in ("float half(float x);", "double half(float x);"):
        header.write_text(text)
        compiled._environment.cache_clear()
        headers.may_be_used.cache_clear()
        keys.add(Function("mapless::half(x)", (("x", "float"),)).key)
    compiled._environment.cache_clear()
    headers.may_be_used.cache_clear()
    assert len(keys) == 2
