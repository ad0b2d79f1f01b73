"""Checksums see every change, and are not taken twice of a large file."""

import os
import time

import pytest

from analysis.engine import checksums
from analysis.engine.checksums import checksum


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file that counts as large, in a cache of its own."""
    monkeypatch.setenv("MAPLESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(checksums, "REMEMBERED_FROM", 10)
    monkeypatch.setattr(checksums, "_SETTLED", 0)
    (tmp_path / "events.root").write_bytes(b"a" * 1000)
    time.sleep(0.05)  # the clock of files ticks in steps
    return tmp_path / "events.root"


def in_another_run():
    checksums._checksum.cache_clear()


def test_a_change_in_the_middle_is_seen_whatever_the_time_of_the_file_says(file):
    before, state = checksum(file), file.stat()
    with file.open("r+b") as stream:
        stream.seek(500)
        stream.write(b"b")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert file.stat().st_mtime_ns == state.st_mtime_ns
    assert checksum(file) != before
    in_another_run()
    assert checksum(file) != before


def test_a_large_file_is_read_once(file, monkeypatch):
    before = checksum(file)
    in_another_run()
    monkeypatch.setattr(checksums, "_computed", lambda file: "read again")
    assert checksum(file) == before


def test_a_file_that_may_still_change_is_not_remembered(file, monkeypatch):
    monkeypatch.setattr(checksums, "_SETTLED", 1e12)
    checksum(file)
    in_another_run()
    monkeypatch.setattr(checksums, "_computed", lambda file: "read again")
    assert checksum(file) == "read again"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"state": 1}'])
def test_a_broken_cache_costs_only_time(file, content):
    before = checksum(file)
    for remembered in (file.parent / "cache" / "checksums").iterdir():
        remembered.write_bytes(content)
    in_another_run()
    assert checksum(file) == before
