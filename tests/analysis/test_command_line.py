import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(REPOSITORY / "run_analysis.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _cpu_seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_help_is_quick_and_names_every_verb() -> None:
    start = _cpu_seconds_of_children()
    result = _run("--help")
    assert result.returncode == 0
    for verb in (
        "run",
        "fit",
        "list",
        "show",
        "simulate",
        "select",
        "train",
        "scan",
        "explain",
        "report",
        "status",
        "clean",
        "doctor",
        "selftest",
    ):
        assert verb in result.stdout
    assert _cpu_seconds_of_children() - start < 1


def test_help_imports_neither_root_nor_tensorflow() -> None:
    code = "import sys, run_analysis\nsys.argv = ['run_analysis.py', '--help']\n"
    code += "try: run_analysis.main()\nexcept SystemExit: pass\n"
    code += "print([m for m in ('ROOT', 'tensorflow', 'zfit', 'pandas', 'scipy') if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    assert result.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "no-such-search"), "known: atlas-dijet, atlas-higgs-x, atlas-jet-x, cms-dijet"),
        (("run", "cms-dijet", "--set", "detectors.cwola.fold=2"), "did you mean 'folds'"),
        (("run", "cms-dijet", "--config", "absent.yaml"), "absent.yaml"),
    ],
)
def test_a_mistake_is_one_line_on_stderr_with_an_exit_code(arguments: tuple[str, ...], words: str) -> None:
    result = _run(*arguments)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback() -> None:
    result = _run("run", "no-such-search", "--debug")
    assert "Traceback" in result.stderr


def test_list_and_show_print_the_search() -> None:
    listed = _run("list").stdout
    assert all(name in listed for name in ("cms-dijet", "multijet-forest", "isolation-forest"))
    shown = _run("show", "cms-dijet").stdout
    assert "delta_eta" in shown
    assert "B3" in shown


def test_a_shell_completes_verbs_and_searches() -> None:
    for line, word, expected in (
        ("run_analysis.py stat", 1, "status"),
        ("run_analysis.py run cm", 2, "cms-dijet"),
    ):
        asked = {"COMP_WORDS": line, "COMP_CWORD": str(word), "_RUN_ANALYSIS.PY_COMPLETE": "complete_bash"}
        command = [sys.executable, str(REPOSITORY / "run_analysis.py")]
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | asked)
        assert result.stdout.split() == [expected]


def test_the_version_names_the_commit_and_the_packages_that_decide_numbers() -> None:
    told = dict(line.split(maxsplit=1) for line in _run("--version").stdout.splitlines())
    assert {"mapless", "python", "root", "numpy"} <= told.keys()
