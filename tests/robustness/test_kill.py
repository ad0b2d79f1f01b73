"""Whatever ends a run, the next one ends with the results of a run that nothing disturbed."""

import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from tests.analysis.engine.tasks import wait_for

REPOSITORY = Path(__file__).parents[2]
VERBS = {"select": ("select",), "train": ("train",), "scan": ("shape", "score", "cut", "fit", "global")}
VERBS["report"] = ("report",)
FEW = "--max-events=12000"
SETTINGS = (
    "--set=detectors.cwola.options={restarts: 2, iterations: 20}",
    "--set=detectors.cwola.cut_options={kept: 0.05}",
    "--set=injections.x_to_yy_3000.n_events=200",
    "--set=masses.step=400 GeV",
    "--set=global_significance.toys=20",
    "--set=own_windows={W: {low: 2725, high: 3331, masses: [2600, 3000, 3400], kept: 0.05}}",
    "--set=windows=[W]",
)
ONE_LINE = "mapless: stopped; what was finished is kept, run the same again to go on\n"


def _hear_interrupts() -> None:
    """A shell has them ignored in what it runs in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def running(output: Path, verb: str, *more: str, **options: Any):
    """A run at work, whose process ends with the test."""
    command = [sys.executable, str(REPOSITORY / "run_analysis.py"), verb, f"--output={output}", *SETTINGS]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    options.setdefault("preexec_fn", _hear_interrupts)
    with subprocess.Popen([*command, *more], **pipes, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


def finish(output: Path, verb: str, *more: str, **options: Any) -> tuple[int, str, float]:
    """Exit code, complaint and seconds of a run."""
    start = time.monotonic()
    with running(output, verb, *more, **options) as process:
        _, complaint = process.communicate()
    return process.returncode, complaint, time.monotonic() - start


def run(output: Path, verb: str, *more: str) -> float:
    """Seconds of a run that goes well."""
    code, complaint, seconds = finish(output, verb, *more)
    assert (code, complaint) == (0, "")
    return seconds


def content(file: Path) -> Any:
    """What a product says, without when and where it was written."""
    if file.suffix == ".root":
        events = uproot.open(file)["Scores" if file.name == "scores.root" else "Events"]
        return {name: values.tolist() for name, values in events.arrays(library="np").items()}
    if file.suffix == ".npz":
        return {name: values.tolist() for name, values in np.load(file).items()}
    return json.loads(file.read_text())


def results(output: Path) -> dict[str, Any]:
    """All numbers below an output."""
    places = [file for file in output.rglob("*") if file.suffix in (".root", ".npz", ".json")]
    kept = [file for file in places if file.name not in ("manifest.json", ".published.json")]
    names = {str(file.relative_to(output)): file for file in kept}
    return {name: content(file) for name, file in names.items() if "masks" not in name}


def halves(output: Path) -> list[Path]:
    return [file for file in output.rglob("*") if re.search(r"\.partial|^\.(events|scores)", file.name)]


def in_event_loop(output: Path) -> list[Path]:
    return list(output.glob("stages/*.partial-*/.*.partial*.root"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[Path, dict[str, float]]:
    """The output of a run that nothing disturbed, and the seconds of each of its verbs."""
    output = tmp_path_factory.mktemp("undisturbed") / "output"
    return output, {verb: run(output, verb, FEW) for verb in VERBS}


def prepared(undisturbed: Path, verb: str, output: Path) -> Path:
    """A copy of the output as it was before a verb."""
    shutil.copytree(undisturbed, output)
    later = list(VERBS)[list(VERBS).index(verb) :]
    for one in later:
        for kind in VERBS[one]:
            for stage in output.glob(f"stages/{kind}-*"):
                shutil.rmtree(stage)
    return output


@pytest.mark.robustness
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("attempt", range(10))
def test_a_run_ended_at_any_moment_is_made_good_by_the_next(undisturbed, verb, number, attempt, tmp_path):
    whole, seconds = undisturbed
    output = prepared(whole, verb, tmp_path / "output")
    moment = random.Random(f"{verb} {attempt}").uniform(0.1, 1) * seconds[verb]
    with running(output, verb, FEW, *(["--fresh"] if attempt % 2 else [])) as process:
        time.sleep(moment)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=60)
    if number == signal.SIGTERM and process.returncode:
        assert (process.returncode, complaint) == (143, ONE_LINE)
        assert not halves(output)
    run(output, "report", FEW)
    assert not halves(output)
    assert results(output) == results(whole)


def test_a_signal_ends_an_event_loop_at_once(tmp_path):
    with running(tmp_path / "output", "select") as process:
        wait_for(lambda: in_event_loop(tmp_path / "output"), patience=400)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    took = time.monotonic() - start
    assert (process.returncode, complaint) == (130, ONE_LINE)
    assert not halves(tmp_path)
    assert took < 2 + os.getloadavg()[0]


def test_a_run_killed_while_it_selects_is_made_good_by_the_next(tmp_path):
    output = tmp_path / "output"
    with running(output, "select", FEW) as process:
        wait_for(lambda: in_event_loop(output), patience=400)
        process.kill()
    run(output, "select", FEW)
    assert not halves(output)
    undisturbed = tmp_path / "undisturbed"
    run(undisturbed, "select", FEW)
    assert results(output) == results(undisturbed)


@pytest.mark.robustness
@pytest.mark.parametrize("verb", VERBS)
def test_a_limit_on_the_size_of_files_is_one_line(undisturbed, verb, tmp_path):
    whole, _ = undisturbed
    output = prepared(whole, verb, tmp_path / "output")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    code, complaint, _ = finish(output, verb, FEW, preexec_fn=limit)
    assert code not in (0, 130, 143)
    assert complaint.count("\n") == 1
    run(output, "report", FEW)
    assert not halves(output)
    assert results(output) == results(whole)


@pytest.mark.robustness
def test_a_full_disk_is_one_line(undisturbed, tmp_path):
    whole, _ = undisturbed
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        code, complaint, _ = finish(disk / "output", "report", FEW)
        assert code not in (0, 130, 143)
        assert complaint.count("\n") == 1
        subprocess.run(["mount", "-o", "remount,size=100m", str(disk)], check=True)
        run(disk / "output", "report", FEW)
        assert not halves(disk)
        assert results(disk / "output") == results(whole)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
