import pytest

from errors import MaplessError
from models.folds import rotations


@pytest.mark.parametrize(("folds", "inner"), [(3, 1), (5, 1), (5, 4)])
def test_no_rotation_learns_from_or_stops_on_the_fold_it_scores(folds, inner):
    turns = rotations(folds, inner)
    assert len(turns) == folds * inner
    for turn in turns:
        assert sorted((*turn.training, turn.validation, turn.held_out)) == list(range(folds))


def test_the_validation_fold_rotates_over_all_others():
    assert sorted(turn.validation for turn in rotations(5, 4) if turn.held_out == 2) == [0, 1, 3, 4]


@pytest.mark.parametrize(("folds", "inner"), [(2, 1), (5, 0), (5, 5)])
def test_impossible_numbers_of_folds_are_refused(folds, inner):
    with pytest.raises(MaplessError, match="fold"):
        rotations(folds, inner)
