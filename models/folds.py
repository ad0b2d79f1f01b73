"""Nested k-folding: which folds a network learns from, stops on, and is allowed to score."""

from dataclasses import dataclass

from errors import MaplessError


@dataclass(frozen=True)
class Rotation:
    """One network's folds: it trains on `training`, stops early on `validation`, scores `held_out`."""

    held_out: int
    validation: int
    training: tuple[int, ...]


def rotations(folds: int, inner: int) -> list[Rotation]:
    """Let every fold be held out once, and for each let `inner` of the others take turns as validation fold.

    Raises:
        MaplessError: fewer than three folds, or more inner networks than there are folds left.

    >>> rotations(3, 1)[0]
    Rotation(held_out=0, validation=1, training=(2,))
    """
    if folds < 3:  # noqa: PLR2004  (one each to train on, to stop on and to score)
        raise MaplessError(f"{folds} folds are too few; nested k-folding needs at least 3")
    if not 1 <= inner < folds:
        raise MaplessError(f"{inner} inner networks do not fit {folds} folds; choose 1 to {folds - 1}")
    return [
        _rotation(folds, held_out, (held_out + turn) % folds)
        for held_out in range(folds)
        for turn in range(1, inner + 1)
    ]


def _rotation(folds: int, held_out: int, validation: int) -> Rotation:
    training = tuple(fold for fold in range(folds) if fold not in (held_out, validation))
    return Rotation(held_out, validation, training)
