import pytest

from errors import MaplessError
from selections import headers

LOAD = """
from selections import headers
from selections.root import import_root
headers.load("mapless/fold.h")
print(import_root().mapless.fold(1, 7, 1, 5))
"""


def test_a_header_is_compiled_once_and_found_again(in_subprocess, tmp_path):
    assert in_subprocess(LOAD, MAPLESS_CACHE=str(tmp_path)).split() == ["4"]
    (library,) = tmp_path.glob("*.so")
    written = library.stat().st_mtime_ns
    assert in_subprocess(LOAD, MAPLESS_CACHE=str(tmp_path)).split() == ["4"]
    assert [p.stat().st_mtime_ns for p in tmp_path.glob("*")] == [written]


def test_without_a_compiler_the_interpreter_does_the_work(in_subprocess, tmp_path):
    assert in_subprocess(LOAD, MAPLESS_CACHE=str(tmp_path), CXX="/bin/false").split() == ["4"]
    assert not list(tmp_path.glob("*"))


def test_a_cache_that_cannot_be_written_is_no_obstacle(in_subprocess):
    assert in_subprocess(LOAD, MAPLESS_CACHE="/proc/mapless").split() == ["4"]


PROBE = """
#ifdef MAPLESS_COMPILED
#define ANSWER 1
#else
#define ANSWER 2
#endif
#include <vector>
namespace mapless {
inline int probe(const std::vector<int> &values)
{
   int sum = ANSWER;
   for (int a : values)
      for (int b : values)
         sum += a * b;
   return sum;
}
}
"""


def test_compiled_code_is_what_the_interpreter_calls(in_subprocess, tmp_path):
    """The interpreter sees a body that answers 1, the compiler one that answers 2.

    Only functions of some length are probed: short ones the interpreter rather inlines.
    """
    (tmp_path / "mapless").mkdir()
    (tmp_path / "mapless" / "probe.h").write_text(PROBE)
    code = (
        "import pathlib; from selections import headers; from selections.root import import_root\n"
        f"headers.HEADERS = pathlib.Path({str(tmp_path)!r})\n"
        'headers.load("mapless/probe.h"); print(import_root().mapless.probe([0, 0]))'
    )
    assert in_subprocess(code, MAPLESS_CACHE=str(tmp_path / "cache")).split() == ["2"]


def test_a_change_of_an_included_header_compiles_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(headers, "HEADERS", tmp_path)
    (tmp_path / "a.h").write_text('#include "b.h"\n')
    (tmp_path / "b.h").write_text("int x;\n")
    before = headers._source_with_includes("a.h")
    (tmp_path / "b.h").write_text("int y;\n")
    assert headers._source_with_includes("a.h") != before


def test_an_unknown_header_is_named_with_those_that_exist():
    with pytest.raises(MaplessError, match=r"mapless/folds\.h does not exist; there are .*mapless/fold\.h"):
        headers.load("mapless/folds.h")
