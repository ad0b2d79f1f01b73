"""Events of other generators give the jets of our own simulation, and one line where they are damaged."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from analysis.simulation.chunks import select
from analysis.simulation.detector import Detector
from analysis.simulation.external import External, convert, count_events
from analysis.simulation.generator import generated_batch
from errors import MaplessError
from tests.analysis.hepmc_files import generated, write_hepmc

N_EVENTS = 40


@pytest.fixture(scope="module")
def record() -> Any:
    """Pythia's record of some events with two fat jets."""
    return generated(["HardQCD:all = on", "PhaseSpace:pTHatMin = 600"], N_EVENTS, seed=5)


@pytest.fixture(scope="module")
def hepmc(record: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hepmc(tmp_path_factory.mktemp("hepmc") / "events.hepmc", record)


def test_final_states_give_the_jets_of_our_own_simulation(record: Any, hepmc: Path, tmp_path: Path) -> None:
    zipped = tmp_path / "events.hepmc.gz"
    zipped.write_bytes(gzip.compress(hepmc.read_bytes()))
    n_selected = convert([zipped], tmp_path / "events.root", seed=3)
    found = uproot.open(tmp_path / "events.root")["Events"].arrays()
    assert len(found) == n_selected > N_EVENTS / 2
    counts = ak.to_numpy(ak.num(record.prt.id))
    pdg_id, status = (ak.to_numpy(ak.flatten(column)) for column in (record.prt.id, record.prt.status))
    momentum = [ak.to_numpy(ak.flatten(record.prt.p[name])) for name in ("px", "py", "pz", "e")]
    nothing = np.zeros(N_EVENTS)
    batch = generated_batch(counts, pdg_id, status > 0, np.abs(status) == 23, momentum, nothing, nothing)
    selected, ours = select(batch, External(file=""), Detector(), None, np.random.default_rng([3, 1]))
    assert found["event"].to_list() == selected.tolist()
    assert found["weight"].to_list() == (1 + selected % 3).tolist()
    for name in ("pt", "mass", "softdrop_mass", "tau2", "n_constituents"):  # within the bits of the file
        assert ak.to_numpy(ak.flatten(found[f"jet_{name}"])) == pytest.approx(
            ours[f"jet_{name}"], rel=5e-3
        ), name
    described = json.loads((tmp_path / "events.root.json").read_text())
    assert (described["n_read"], described["sum_of_weights"]) == (
        N_EVENTS,
        sum(1 + n % 3 for n in range(N_EVENTS)),
    )


def write_les_houches(path: Path, n_events: int) -> Path:
    """d dbar -> u ubar at rest, 1.6 TeV, as a generator of hard processes writes it."""
    rng = np.random.default_rng(2)
    lines = ['<LesHouchesEvents version="1.0">', "<init>", "2212 2212 6500 6500 0 0 0 0 3 1", "2.5 0.1 1 1"]
    lines += ["</init>"]
    for _ in range(n_events):
        cosine, phi = rng.uniform(-0.5, 0.5), rng.uniform(-np.pi, np.pi)
        sine = np.sqrt(1 - cosine**2)
        out = 800 * np.array([sine * np.cos(phi), sine * np.sin(phi), cosine])
        lines += ["<event>", "4 1 1 800 0.0078 0.1"]
        lines += ["1 -1 0 0 501 0 0 0 800 800 0 0 9", "-1 -1 0 0 0 501 0 0 -800 800 0 0 9"]
        for code, sign, colours in ((2, 1, "502 0"), (-2, -1, "0 502")):
            px, py, pz = sign * out
            lines.append(f"{code} 1 1 2 {colours} {px} {py} {pz} 800 0 0 9")
        lines.append("</event>")
    path.write_text("\n".join([*lines, "</LesHouchesEvents>"]) + "\n")
    return path


def test_hard_processes_are_showered_into_jets_of_their_energy(tmp_path: Path) -> None:
    path = write_les_houches(tmp_path / "hard.lhe", 30)
    parameters: dict[str, Any] = {"label": 0, "mjj_min": 500}
    n_selected = convert([path], tmp_path / "hard.root", quality="tiny", **parameters)
    found = uproot.open(tmp_path / "hard.root")["Events"].arrays()
    assert len(found) == n_selected > 20
    assert set(found["truth_label"]) == {0}
    assert np.median(found["jet_pt"][:, 0]) == pytest.approx(740, rel=0.1)
    assert "constituent_pt" in found.fields
    described = json.loads((tmp_path / "hard.root.json").read_text())
    assert (described["n_read"], described["cross_section_pb"]) == (30, 2.5)


@pytest.mark.parametrize("suffix", ["lhe", "lhe.gz", "hepmc", "hepmc.gz"])
@pytest.mark.parametrize("what", ["half", "words", "empty"])
def test_files_that_break_off_end_in_one_line(
    hepmc: Path, tmp_path: Path, suffix: str, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source = write_les_houches(tmp_path / "hard.lhe", 5) if "lhe" in suffix else hepmc
    content = {"half": source.read_bytes()[: source.stat().st_size // 2], "words": b"no events", "empty": b""}
    whole = gzip.compress(content[what]) if suffix.endswith("gz") else content[what]
    path = tmp_path / f"broken.{suffix}"
    path.write_bytes(whole)
    with pytest.raises(MaplessError, match=r"broken\S* has no .* it is not complete") as error:
        convert([path], tmp_path / "x.root")
    assert "\n" not in str(error.value)
    assert capfd.readouterr().err == ""
    assert not list(tmp_path.glob("x.root*"))


def test_an_event_that_cannot_be_read_is_counted(hepmc: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.hepmc"
    text = hepmc.read_text()
    place = text.index("\nE 20 ")
    path.write_text(text[:place] + text[place:].replace("\nP 5 -", "\nP 4 -", 1))
    with pytest.raises(MaplessError, match=r"only 20 of 40 events can be read"):
        convert([path], tmp_path / "x.root")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\nP 5 -", "\nP x -", r"line \d\S* cannot be read as HepMC: P x -"),
        ("\nP 5 -", "\nP5 -", r"line \d\S* cannot be read as HepMC: P5 -"),
        ("\nW 1.", "\nW 1x.", r"line \d\S* cannot be read as HepMC: W 1x\."),
        ("\nP 5 -", "\n\nA 5 flow1 x\nP 5 -", None),
        (r"\nW 2\S*", "", r"this event has 0 lines of weights, those before have 1"),
        (r"\[1,2\]", "[1,999999]", r"V -1 0 \[1,999999\]: no such particle is above"),
        (r"\nP 5 -[^\n]*", "", r"this event states [\d,]+ particles, but [\d,]+ follow"),
    ],
)
def test_a_word_or_line_that_hepmc_would_pass_over_is_told(
    hepmc: Path, tmp_path: Path, old: str, new: str, message: str | None
) -> None:
    path = tmp_path / "words.hepmc"
    path.write_text(re.sub(old, new, hepmc.read_text(), count=1))
    if message is None:
        assert count_events(path, "hepmc") == N_EVENTS
        return
    with pytest.raises(MaplessError, match=message):
        count_events(path, "hepmc")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r"\nW 2\S*", "\nW nan", "events have 0 and 1 weights; some are NaN"),
        (
            r"(\nP \S+ \S+ \S+) \S+ (.* 1\n)",
            r"\1 nan \2",
            "momentum of the events 1 to 40 is NaN or infinite",
        ),
    ],
)
def test_a_weight_or_momentum_that_is_no_number_is_told(
    hepmc: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "numbers.hepmc"
    path.write_text(re.sub(old, new, hepmc.read_text(), count=1))
    with pytest.raises(MaplessError, match=message):
        convert([path], tmp_path / "x.root")


def test_an_impossible_number_of_particles_is_one_line(tmp_path: Path) -> None:
    path = write_les_houches(tmp_path / "hard.lhe", 2)
    path.write_text(path.read_text().replace("4 1 1 800", "-1 1 1 800", 1))
    with pytest.raises(MaplessError, match=r"hard.lhe cannot be read as Les Houches events") as error:
        convert([path], tmp_path / "x.root", quality="tiny")
    assert "\n" not in str(error.value)


def test_events_without_hard_jets_are_told(tmp_path: Path) -> None:
    path = write_les_houches(tmp_path / "hard.lhe", 5)
    with pytest.raises(MaplessError, match=r"none of 5 events of .* above 1000 GeV"):
        convert([path], tmp_path / "x.root", quality="tiny", min_pt=1000)
