"""What running stages keeps, redoes, leaves behind and tells, in one process and in several."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.engine.checksums import checksum
from analysis.engine.engines import Local
from analysis.engine.job import Tools
from analysis.engine.json_file import read_json
from analysis.engine.manifest import read_manifest
from analysis.engine.running import run_stage, run_stages
from analysis.engine.stage import Stage, in_order
from errors import MaplessError
from tests.analysis.engine import tasks

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def calls(tmp_path):
    """File with a mark for each call of a task."""
    return tmp_path / "calls"


def product(stage: Stage, output: Path) -> str:
    return (stage.folder(output) / "product.txt").read_text()


def test_a_finished_stage_is_kept(tmp_path, calls):
    stage = Stage("select", tasks.write, {"text": "42", "calls": str(calls)})
    assert run_stage(stage, tmp_path) == run_stage(stage, tmp_path) == stage.folder(tmp_path)
    assert product(stage, tmp_path) == "42"
    assert calls.read_text() == "x"


def test_fresh_redoes_it(tmp_path, calls):
    stage = Stage("select", tasks.write, {"text": "42", "calls": str(calls)})
    for _ in range(2):
        run_stages([stage], tmp_path, Tools(), fresh=True)
    assert calls.read_text() == "xx"


@pytest.mark.parametrize("workers", [1, 2])
def test_stages_find_what_earlier_ones_left_and_tell_how_long_they_took(tmp_path, workers):
    first = Stage("first", tasks.write, {"text": "a"})
    second = Stage("second", tasks.write, {"text": "b"}, {"before": first})
    last = Stage("last", tasks.write, {"text": "c"}, {"one": first, "two": second})
    run_stage(first, tmp_path)
    told = {}
    run_stages(
        in_order([last]),
        tmp_path,
        Tools(),
        engine=Local(workers),
        report=lambda stage, seconds: told.update({stage.name: seconds}),
    )
    assert product(last, tmp_path) == "aabc"
    assert list(told) == ["first", "second", "last"]
    assert told["first"] is None
    assert told["second"] >= 0


def test_a_batch_runs_in_one_call_without_what_is_done(tmp_path, calls):
    arguments = [{"text": text, "calls": str(calls)} for text in "abc"]
    stages = [Stage(one["text"], tasks.write_batch, one, batch="loop") for one in arguments]
    run_stages(stages[:1], tmp_path, Tools())
    told = []
    run_stages(
        stages, tmp_path, Tools(), report=lambda stage, seconds: told.append((stage.name, seconds is None))
    )
    assert calls.read_text() == "xx"
    assert [product(stage, tmp_path) for stage in stages] == ["a", "b", "c"]
    assert told == [("a", True), ("b", False), ("c", False)]


def test_stages_of_one_name_in_a_batch_run_apart(tmp_path, calls):
    """As the signal region of data and the control region that the closure test puts in its place."""
    arguments = [{"text": text, "calls": str(calls)} for text in "ab"]
    stages = [Stage("select", tasks.write_batch, one, batch="loop") for one in arguments]
    run_stages(stages, tmp_path, Tools())
    assert calls.read_text() == "xx"
    assert [product(stage, tmp_path) for stage in stages] == ["a", "b"]


def test_a_batch_that_fails_leaves_nothing(tmp_path):
    stages = [Stage(text, tasks.write_half_of_a_batch, {"text": text}, batch="loop") for text in "ab"]
    with pytest.raises(MaplessError, match="the second file is lost"):
        run_stages(stages, tmp_path, Tools())
    assert not list((tmp_path / "stages").iterdir())


def test_an_interruption_leaves_nothing_but_what_was_done(tmp_path):
    done, stage = Stage("done", tasks.write, {"text": "a"}), Stage("train", tasks.be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_stages([done, stage], tmp_path, Tools())
    assert list((tmp_path / "stages").iterdir()) == [done.folder(tmp_path)]


def test_the_manifest_says_where_a_result_comes_from(tmp_path):
    file = tmp_path / "events.root"
    file.write_text("some events")
    first = Stage("select", tasks.write, {"text": "a"})
    stage = Stage("train", tasks.write, {"text": "b", "events": file}, {"select": first})
    run_stages([first, stage], tmp_path, Tools())
    manifest = read_manifest(stage.folder(tmp_path))
    assert (manifest["stage"], manifest["key"]) == ("train", stage.key)
    assert manifest["arguments"] == {"text": "b", "events": checksum(file)}
    assert manifest["inputs"] == {str(file): checksum(file)}
    assert manifest["after"] == {"select": first.key}
    assert manifest["products"] == {"product.txt": checksum(stage.folder(tmp_path) / "product.txt")}
    assert manifest["versions"]["numpy"]
    assert manifest["seconds"] >= 0
    assert 0.01 < manifest["peak_memory_gb"] < 100
    assert {"platform", "command"} <= set(manifest)


def test_independent_stages_run_side_by_side_and_share_the_threads(tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    arguments = [{"text": text, "place": str(place), "together": 2} for text in "ab"]
    stages = [Stage(one["text"], tasks.meet, one) for one in arguments]
    run_stages(stages, tmp_path, Tools(threads=4), engine=Local(2))
    written = [(stage.folder(tmp_path) / "process.txt").read_text().split() for stage in stages]
    processes, threads = zip(*written, strict=True)
    assert len({*processes, str(os.getpid())}) == 3
    assert threads == ("2", "2")


def test_several_processes_give_the_same_products_as_one(tmp_path):
    first = [Stage(text, tasks.write_batch, {"text": text}, batch="loop") for text in "ab"]
    last = Stage("last", tasks.write, {"text": "c"}, {stage.name: stage for stage in first})
    manifests = []
    for workers in (1, 2):
        output = tmp_path / str(workers)
        run_stages([*first, last], output, Tools(), engine=Local(workers))
        manifests.append([read_manifest(stage.folder(output)) for stage in (*first, last)])
    alike = [[(one["key"], one["products"]) for one in several] for several in manifests]
    assert alike[0] == alike[1]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (tasks.fail_beside_another, "^events.root lacks m_jj; leave it out$"),
        (tasks.die_beside_another, "a process died, perhaps for want of memory"),
    ],
)
def test_an_error_in_one_process_stops_the_others_and_arrives_as_it_is(tmp_path, task, message):
    at_work = str(tmp_path / "at_work")
    stages = [
        Stage("slow", tasks.dawdle, {"at_work": at_work}),
        Stage("bad", task, {"other": at_work}),
        Stage("never", tasks.write, {"text": "a"}),
    ]
    start = time.monotonic()
    with pytest.raises(MaplessError, match=message):
        run_stages(stages, tmp_path, Tools(), engine=Local(2))
    assert time.monotonic() - start < tasks.PATIENCE / 2
    assert not list((tmp_path / "stages").iterdir())
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_is_one_line_and_ends_all_processes(tmp_path, workers):
    script = f"""
import signal
import sys
from pathlib import Path
from analysis.commands.supervision import supervised
from analysis.engine.output_folder import claimed
from analysis.engine.engines import Local
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import Stage
from tests.analysis.engine import tasks

def work():
    done = Stage("done", tasks.write, {{"text": "a"}})
    slow = Stage("slow", tasks.dawdle, {{"at_work": {str(tmp_path / "at_work")!r}}}, {{"done": done}})
    output = Path({str(tmp_path / "output")!r})
    with claimed(output):
        run_stages([done, slow], output, Tools(), engine=Local({workers}))

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    sys.exit(supervised(work))
"""
    (tmp_path / "script.py").write_text(script)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, str(tmp_path / "script.py")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, process_group=0) as process:
        tasks.wait_for(lambda: (tmp_path / "at_work").exists() and (tmp_path / "at_work").read_text())
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, complaint = process.communicate(timeout=tasks.PATIENCE / 2)
    assert process.returncode == 130
    assert complaint.decode() == "mapless: stopped; what was finished is kept, run the same again to go on\n"
    (left,) = (tmp_path / "output" / "stages").iterdir()
    assert left.name.startswith("done-")
    assert read_json(left / "manifest.json")["stage"] == "done"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "at_work").read_text()), 0)


def edit(product):
    product.write_text("43")


def edit_unseen(product):
    state = product.stat()
    product.write_text("43")
    os.utime(product, ns=(state.st_atime_ns, state.st_mtime_ns))


def lose(product):
    product.unlink()


def gut(product):
    product.unlink()
    (product.parent / "manifest.json").write_text('{"stage"')


@pytest.mark.parametrize("change", [edit, lose, gut])
def test_products_that_are_not_what_was_written_are_made_anew(tmp_path, calls, change):
    stage = Stage("select", tasks.write, {"text": "42", "calls": str(calls)})
    change(run_stage(stage, tmp_path) / "product.txt")
    assert not stage.is_done(tmp_path)
    run_stage(stage, tmp_path)
    assert product(stage, tmp_path) == "42"
    assert calls.read_text() == "xx"
    assert stage.is_done(tmp_path, thorough=True)


def test_a_thorough_look_sees_what_size_and_time_do_not_tell(tmp_path):
    stage = Stage("select", tasks.write, {"text": "42"})
    edit_unseen(run_stage(stage, tmp_path) / "product.txt")
    assert stage.is_done(tmp_path)
    assert not stage.is_done(tmp_path, thorough=True)


def test_products_that_were_copied_elsewhere_are_kept(tmp_path):
    stage = Stage("select", tasks.write, {"text": "42"})
    run_stage(stage, tmp_path / "here")
    for file in shutil.copytree(tmp_path / "here", tmp_path / "there").rglob("*"):
        os.utime(file, (1, 1))
    assert stage.is_done(tmp_path / "there")


def test_a_redone_stage_is_whole_when_the_old_one_cannot_be_removed(tmp_path, monkeypatch):
    stage = Stage("select", tasks.write, {"text": "42"})
    run_stage(stage, tmp_path)

    def be_killed(folder, **_):
        if folder.name.endswith("-old"):
            raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", be_killed)
    with pytest.raises(KeyboardInterrupt):
        run_stage(stage, tmp_path, fresh=True)
    assert stage.is_done(tmp_path, thorough=True)


def test_a_full_disk_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="No space left on device"):
        run_stage(Stage("train", tasks.fill_the_disk), tmp_path)
    assert not list((tmp_path / "stages").iterdir())
