"""A message about several files names the one at fault, wherever it stands in the list."""

import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections.sources import open_events

NANOAOD = {
    "run": np.ones(3, "u4"),
    "luminosityBlock": np.ones(3, "u4"),
    "FatJet_pt": np.ones(3, "f4"),
    "FatJet_mass": np.ones(3, "f4"),
}


def written(path, columns, tree="Events"):
    event = {"event": np.arange(3, dtype="u8") + 100 * len(list(path.parent.iterdir()))}
    with uproot.recreate(path) as file:
        file.mktree(tree, {name: values.dtype for name, values in (columns | event).items()})
        file[tree].extend(columns | event)
    return path


@pytest.mark.parametrize("first", [True, False])
def test_the_file_of_unknown_columns_is_named(tmp_path, first):
    files = [written(tmp_path / "good.root", NANOAOD), written(tmp_path / "odd.root", {"x": np.ones(3)})]
    with pytest.raises(MaplessError, match=r"odd\.root is not nanoaod or physlite or delphes or simulation"):
        open_events(files if first else files[::-1])


def test_files_of_two_formats_are_both_named(tmp_path):
    simulated = {"run": np.ones(3, "u4"), "mjj": np.ones(3, "f4")}
    files = [written(tmp_path / "a.root", NANOAOD), written(tmp_path / "b.root", simulated)]
    with pytest.raises(MaplessError, match=r"a\.root is nanoaod, but .*b\.root is simulation"):
        open_events(files)


@pytest.mark.parametrize("first", [True, False])
def test_the_file_that_lacks_a_column_is_named(tmp_path, first):
    without = {name: values for name, values in NANOAOD.items() if name != "FatJet_mass"}
    files = [written(tmp_path / "good.root", NANOAOD), written(tmp_path / "less.root", without)]
    with pytest.raises(MaplessError, match=r"less\.root lacks jet_mass"):
        open_events(files if first else files[::-1], columns=["jet_mass"], triggers=[], filters=[])


def test_a_tree_in_a_folder_of_the_file_is_told(tmp_path):
    file = written(tmp_path / "deep.root", NANOAOD, "skim/Events")
    with pytest.raises(MaplessError, match="has no Events at its top; it holds skim/Events in a folder"):
        open_events(file)
