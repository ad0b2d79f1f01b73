"""Keys of stages: what makes another one, what cannot be part of one, and the order of stages."""

import pickle
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from analysis.engine.settings import Settings
from analysis.engine.stage import Stage, in_order, plain
from tests.analysis.engine import tasks

REPOSITORY = Path(__file__).parents[3]


class Training(Settings):
    epochs: int = 2
    weights: Path | None = None


@dataclass(frozen=True)
class Sample:
    name: str
    files: tuple[Path, ...] = ()


BASE = Stage("select", tasks.write, {"cut": 1.5, "masses": np.arange(3), "training": Training()})


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, name="train"),
        replace(BASE, task=tasks.meet),
        replace(BASE, arguments={**BASE.arguments, "cut": 1.6}),
        replace(BASE, arguments={**BASE.arguments, "masses": np.arange(4)}),
        replace(BASE, arguments={**BASE.arguments, "training": Training(epochs=3)}),
        replace(BASE, arguments={**BASE.arguments, "training": Sample("data")}),
        replace(BASE, after={"data": Stage("data", tasks.write)}),
        replace(BASE, code=("tests.analysis.engine.test_running",)),
    ],
)
def test_all_that_decides_the_products_makes_another_key(other: Stage) -> None:
    assert other.key != BASE.key
    assert replace(BASE).key == BASE.key


def test_what_comes_before_counts_at_any_distance() -> None:
    first, other = (Stage("select", tasks.write, {"cut": cut}) for cut in (1, 2))
    through, otherwise = (Stage("train", tasks.write, after={"select": one}) for one in (first, other))
    assert len({Stage("score", tasks.write, after={"train": one}).key for one in (through, otherwise)}) == 2


@pytest.mark.parametrize("place", ["file", "settings", "dataclass", "folder"])
def test_files_count_by_their_content_and_not_by_their_place(place: str, tmp_path: Path) -> None:
    def key(file: Path) -> str:
        arguments = {
            "file": file,
            "settings": Training(weights=file),
            "dataclass": {"sample": [Sample("data", (file,))]},
            "folder": file.parent,
        }
        return Stage("select", tasks.write, {"input": arguments[place]}).key

    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "events.root").write_text("some events")
    here, there = key(tmp_path / "here" / "events.root"), key(tmp_path / "there" / "events.root")
    (tmp_path / "there" / "events.root").write_text("other events")
    assert here == there != key(tmp_path / "there" / "events.root")


def test_the_files_that_a_stage_reads_are_found_at_any_depth(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("a", "b", "c"))
    arguments = {"samples": {"data": Sample("data", (first, second))}, "training": Training(weights=third)}
    assert Stage("select", tasks.write, arguments).input_files == (first, second, third)


@pytest.mark.parametrize("argument", [{1, 2}, print, object(), Sample, [lambda: None]])
def test_arguments_that_are_not_plain_are_refused(argument: object) -> None:
    with pytest.raises(TypeError, match="cannot be part of the key of a stage"):
        Stage("select", tasks.write, {"bad": argument}).key  # noqa: B018


def test_tasks_that_another_process_could_not_find_are_refused() -> None:
    with pytest.raises(TypeError, match="is not a function of a module"):
        Stage("select", lambda job, tools: None).key  # noqa: B018


def test_numbers_of_numpy_are_plain() -> None:
    assert plain({"a": np.float32(0.5), "b": np.int64(2), "c": np.bool_(True)}) == {
        "a": 0.5,
        "b": 2,
        "c": True,
    }


def test_a_stage_sent_to_another_process_has_the_same_key(tmp_path: Path) -> None:
    stage = Stage(
        "train", tasks.write, {"file": Path(__file__), "text": "a"}, {"select": Stage("s", tasks.write)}
    )
    (tmp_path / "stage").write_bytes(pickle.dumps(stage))
    script = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).key)"
    command = [sys.executable, "-c", script, str(tmp_path / "stage")]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == stage.key == pickle.loads(pickle.dumps(stage)).key


def test_stages_come_once_and_behind_what_they_need() -> None:
    select = Stage("select", tasks.write)
    train = Stage("train", tasks.write, after={"select": select})
    score = Stage("score", tasks.write, after={"train": train, "select": Stage("select", tasks.write)})
    assert [stage.name for stage in in_order([score, train])] == ["select", "train", "score"]


def test_many_ways_to_an_early_stage_take_no_time() -> None:
    stage = Stage("0", tasks.write)
    for number in range(1, 60):
        stage = Stage(str(number), tasks.write, after={"left": stage, "right": stage})
    assert len(in_order([stage])) == 60
