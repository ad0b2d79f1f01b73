"""Which files count as the code of a stage, in a small project of its own."""

import importlib
from importlib import metadata
from pathlib import Path

import pytest

from analysis.engine import code_key as module
from analysis.engine.code_key import code_key, source_files

FILES = {
    "room/__init__.py": "",
    "room/task.py": """
from typing import TYPE_CHECKING
from room import helper
from .neighbour import function
if TYPE_CHECKING:
    from room.types_only import Kind
HEADER = "physics/fold.h"
def task(job, tools):
    from room import lazy
    return render("page.html.j2")
""",
    "room/helper.py": "from room.deeper import number",
    "room/deeper.py": "number = 1",
    "room/neighbour.py": "function = print",
    "room/types_only.py": "Kind = int",
    "room/lazy.py": "number = 2",
    "room/unused.py": "number = 3",
    "other/__init__.py": "",
    "other/cpp/physics/fold.h": '#include "physics/hash.h"',
    "other/cpp/physics/hash.h": "#pragma once",
    "other/cpp/physics/unused.h": "#pragma once",
    "other/page.html.j2": '{% extends "frame.html.j2" %}',
    "other/frame.html.j2": "<html>",
}


def forget() -> None:
    """Forget what has been read: no file changes within a run."""
    for cached in (code_key, module._read, module._version, module._file_of, module._headers_and_templates):
        cached.cache_clear()
    importlib.invalidate_caches()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    forget()
    yield tmp_path
    forget()


def key_with_another(file: Path) -> bool:
    """Whether a change of a file changes the key."""
    before = code_key("room.task")
    file.write_text(file.read_text() + " ")
    forget()
    return code_key("room.task") != before


@pytest.mark.parametrize(("package", "counts"), [("numpy", True), ("scikit-learn", True), ("rich", False)])
def test_versions_of_imported_packages_count(project, monkeypatch, package, counts):
    (project / "room" / "deeper.py").write_text("import numpy.linalg\nfrom sklearn import tree")
    forget()
    before = code_key("room.task")
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "99" if name == package else version(name))
    forget()
    assert (code_key("room.task") != before) == counts


def test_the_version_of_python_counts(project, monkeypatch):
    before = code_key("room.task")
    monkeypatch.setattr("platform.python_version", lambda: "3.99.1")
    forget()
    assert code_key("room.task") != before


def test_the_engine_does_not_count_but_what_tasks_read_it_with():
    tasks = ("select", "train", "score", "cut", "fit", "closure")
    files = {file for task in tasks for file in source_files(f"analysis.stages.{task}")}
    engine = {file.name for file in files if file.parent == module.REPOSITORY / "analysis" / "engine"}
    assert engine == {"__init__.py", "job.py", "json_file.py", "tensorflow_process.py"}
    assert module.REPOSITORY / "analysis" / "stages" / "closure.py" in source_files("analysis.stages.closure")


UNUSED = ("room/types_only.py", "room/unused.py", "other/__init__.py", "other/cpp/physics/unused.h")


@pytest.mark.parametrize("name", [name for name in FILES if name not in UNUSED])
def test_what_a_task_runs_counts(project, name):
    assert key_with_another(project / name)


@pytest.mark.parametrize("name", UNUSED)
def test_what_it_does_not_run_does_not_count(project, name):
    assert not key_with_another(project / name)


def test_code_named_beside_the_task_counts(project):
    assert code_key("room.task", "room.unused") != code_key("room.task")


def test_a_module_outside_of_the_project_counts_itself(project, tmp_path_factory, monkeypatch):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "my_search.py").write_text("from room.deeper import number")
    monkeypatch.syspath_prepend(str(outside))
    assert source_files("my_search") >= {outside / "my_search.py", project / "room" / "deeper.py"}
    before = code_key("my_search")
    (outside / "my_search.py").write_text("from room.deeper import number as renamed")
    forget()
    assert code_key("my_search") != before


def test_stages_of_the_trigger_count_templates_and_headers_of_other_rooms():
    def names(task: str) -> set[str]:
        return {file.relative_to(module.REPOSITORY).as_posix() for file in source_files(task)}

    build, report = names("analysis.trigger.build"), names("analysis.trigger.report")
    assert {"firmware/cpp/emulator.cpp.j2", "firmware/cpp/emulator.h", "firmware/routes/rtl.py"} <= build
    assert {"analysis/report/trigger.html.j2", "analysis/report/page.html.j2"} <= report
    assert not {"analysis/trigger/configuration.py", "analysis/trigger/report.py"} & build


@pytest.mark.parametrize("stage", ["select", "train", "score", "cut"])
def test_no_change_of_a_fit_selects_trains_or_scores_anew(stage):
    rooms = {
        file.relative_to(module.REPOSITORY).parts[0] for file in source_files(f"analysis.stages.{stage}")
    }
    assert "selections" in rooms
    assert "fits" not in rooms
