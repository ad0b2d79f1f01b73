"""Settings from YAML with overrides, and one line for what is wrong in them."""

from pathlib import Path

import pytest

from analysis.engine.settings import Settings, load_settings
from analysis.engine.units import Energy
from errors import MaplessError


class Training(Settings):
    epochs: int = 2
    learning_rate: float = 1e-3


class Search(Settings):
    mass: Energy
    training: Training = Training()
    samples: tuple[str, ...] = ()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "search.yaml").write_text("mass: 3 TeV\ntraining:\n  epochs: 5\n")
    return tmp_path / "search.yaml"


def test_overrides_come_before_the_file_and_the_file_before_defaults(file):
    found = load_settings(file, Search, ("training.learning_rate=0.1", "samples=[data, signal]"))
    assert found == Search(
        mass=3000.0, training=Training(epochs=5, learning_rate=0.1), samples=("data", "signal")
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=3", "training.epoch: unknown key; did you mean 'epochs'?"),
        ("colour=3", "colour: unknown key; valid here: mass, training, samples"),
        ("training.epochs=many", "training.epochs: .*got 'many'"),
        ("mass=3 parsec", "mass: 'parsec' is not a unit of energy; use one of MeV, GeV, TeV"),
        ("training.epochs.more=3", "epochs holds a value, not further keys"),
        ("mass", "--set mass: write it as key=value"),
        ("mass=[", "'\\[' is not a value in YAML"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(file, override, message):
    with pytest.raises(MaplessError, match=message) as found:
        load_settings(file, Search, (override,))
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not valid YAML"),
        ("- a", "must hold keys and values"),
        ("samples: [a]", "mass is missing"),
    ],
)
def test_a_file_that_holds_no_settings_is_named(file, text, message):
    file.write_text(text)
    with pytest.raises(MaplessError, match=f"{file}.*{message}"):
        load_settings(file, Search)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MaplessError, match="no file .*none.yaml: No such file"):
        load_settings(tmp_path / "none.yaml", Search)
