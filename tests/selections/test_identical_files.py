import shutil

import numpy as np
import pytest

from errors import MaplessError
from selections.root import use_threads
from selections.sources import open_events


@pytest.fixture
def original(data, tmp_path):
    path = tmp_path / "original.root"
    shutil.copy(data / "nanoaod_v12_simulation.root", path)
    return path


def test_a_file_named_twice_is_refused(original):
    with pytest.raises(MaplessError, match=r"original\.root is there twice; .* or set renumber_events"):
        open_events([original, original])


def test_overlapping_patterns_are_refused(original):
    with pytest.raises(MaplessError, match="is there twice"):
        open_events([original.parent / "*.root", original.parent / "orig*"])


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_link_to_a_file_is_the_same_file(original, link):
    other = original.with_name("other.root")
    getattr(other, link)(original)
    with pytest.raises(MaplessError, match="are the same file"):
        open_events([original, other])


def test_a_copy_is_refused_but_another_file_of_the_same_size_is_not(original):
    other = original.with_name("other.root")
    content = bytearray(shutil.copy(original, other).read_bytes())
    with pytest.raises(MaplessError, match=r"other\.root is a copy of .*original\.root"):
        open_events([original, other])
    content[50] ^= 1  # in the identifier that ROOT gives to a file
    other.write_bytes(content)
    assert open_events([original, other]).n_events == 400


@pytest.mark.parametrize("kind", ["pfnano_simulation", "pfnano_simulation_rntuple"])
@pytest.mark.parametrize("threads", [1, 2])
def test_renumbered_events_are_as_many_as_the_copies(data, tmp_path, kind, threads):
    path = data / f"{kind}.root"
    copy = shutil.copy(path, tmp_path / "copy.root")
    use_threads(threads)
    try:
        frame = open_events([path, copy, path], renumber_events=True).frame
        numbers = np.sort(frame.AsNumpy(["event"])["event"])
        before = np.sort(open_events(path).frame.AsNumpy(["event"])["event"])
    finally:
        use_threads(1)
    expected = np.concatenate([before + np.uint64(file << 48) for file in range(3)])
    np.testing.assert_array_equal(numbers, expected)
