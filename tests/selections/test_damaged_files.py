"""Bits that flip in the middle of a file, and disks that fill up while a snapshot is written."""

import random

import pytest
import uproot

from errors import MaplessError
from selections import snapshot
from selections.dijet import dijet
from selections.root import import_root
from selections.sources import open_events

JETS = ("FatJet_pt", "FatJet_eta", "FatJet_phi", "FatJet_mass", "FatJet_jetId", "nFatJet", "event")


def flipped(whole, target, seed, flips=8):
    """A copy of a file with flipped bits in a basket of a column that the selection reads."""
    branch = uproot.open(whole)["Events"][random.Random(seed).choice(JETS)]
    numbers, start = random.Random(-seed), int(branch.member("fBasketSeek")[0])
    content = bytearray(whole.read_bytes())
    for _ in range(flips):
        content[start + numbers.randrange(int(branch.member("fBasketBytes")[0]))] ^= 1 << numbers.randrange(8)
    target.write_bytes(content)
    return target


@pytest.mark.parametrize("seed", range(1, 9))
def test_flipped_bits_in_a_basket_are_one_line_that_names_the_file(data, tmp_path, seed, capfd):
    path = flipped(data / "nanoaod_2017_simulation.root", tmp_path / "flipped.root", seed)
    selected = dijet(mjj_min=0, jet_pt_min=20, features=())(open_events(path, triggers=[], filters=[]))
    with pytest.raises(
        MaplessError, match=r"flipped.root is damaged \(.*copy it again, or leave it"
    ) as error:
        snapshot.write(selected, tmp_path / "out.root", ["mjj"])
    assert "\n" not in str(error.value)
    assert [file.name for file in tmp_path.iterdir()] == ["flipped.root"]
    assert capfd.readouterr().err == ""


def test_files_with_flipped_bits_can_be_skipped(data, tmp_path):
    good = data / "nanoaod_2017_simulation.root"
    bad = [flipped(good, tmp_path / f"flipped_{seed}.root", seed) for seed in (1, 2, 3)]
    events = open_events([bad[0], good, *bad[1:]], skip_bad_files=True, triggers=[], filters=[])
    assert events.frame.Count().GetValue() == events.n_events == 100
    assert [lost.file for lost in events.lost] == list(map(str, bad))
    assert all("is damaged" in lost.reason for lost in events.lost)


CRASH = """
import signal
from pathlib import Path
from selections.reading import watched_loop
from selections.sources import open_events
frame = open_events("tests/data/nanoaod_v12_simulation.root", triggers=[], filters=[]).frame
count = frame.Define("x", "if (rdfentry_ == 50) raise(SIGSEGV); return 1;").Sum("x")
with watched_loop("jets not counted", [Path({unfinished!r})]):
    count.GetValue()
"""


def test_a_crash_of_root_is_one_line_and_leaves_nothing_unfinished(tmp_path, ended_process):
    unfinished = tmp_path / "unfinished.root"
    unfinished.write_text("half")
    ended = ended_process(CRASH.format(unfinished=str(unfinished)))
    assert ended.returncode == 2
    assert ended.stderr.startswith(
        "mapless: jets not counted: tests/data/nanoaod_v12_simulation.root is damaged"
    )
    assert ended.stderr.count("\n") == 1
    assert not unfinished.exists()


FULL = """
import resource
from errors import MaplessError
from selections import snapshot
from selections.root import import_root
frame = import_root().RDataFrame(200_000).Define("run", "1u").Define("luminosity_block", "1u")
frame = frame.Define("event", "200000 - rdfentry_").Define("x", "gRandom->Rndm()")
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
try:
    snapshot.write(frame, {path!r}, ["x"])
except MaplessError as error:
    raise SystemExit(f"mapless: {{error}}")
"""


@pytest.mark.parametrize("limit", [3_000, 100_000])
def test_a_file_that_cannot_be_written_in_full_is_one_line_and_not_there(tmp_path, ended_process, limit):
    ended = ended_process(FULL.format(limit=limit, path=str(tmp_path / "events.root")))
    assert ended.returncode in (1, 2)
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(f"mapless: {tmp_path}/events.root not written: ")
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_that_lacks_events_is_not_kept(tmp_path, monkeypatch):
    frame = import_root().RDataFrame(5).Define("run", "1u").Define("luminosity_block", "1u")
    frame = frame.Define("event", "rdfentry_")
    monkeypatch.setattr(snapshot, "_count", lambda path: 4)  # noqa: ARG005
    with pytest.raises(MaplessError, match="holds 4 of 5 events; is the disk full?"):
        snapshot.write(frame, tmp_path / "events.root", [])
    assert list(tmp_path.iterdir()) == []
