"""Classifiers of single jets: those of CWoLa Hunting, which are told other labels."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from errors import MaplessError
from models.made import Made, make
from models.weak_supervision.input_sets import WeakClassifiers
from models.weak_supervision.networks import CWoLaHunting
from models.weak_supervision.trees import CWoLaBoostedTrees
from models.window import Window

Kind = Literal["trees", "networks"]
_CLASSES = {"trees": CWoLaBoostedTrees, "networks": CWoLaHunting}


def jet_classifiers(
    kind: Kind, options: Mapping[str, Any], window: Window, columns: Sequence[str], folds: int, **offered: Any
) -> WeakClassifiers:
    """Untrained classifiers of one input set, the columns of a jet; `offered` are settings that some have.

    Raises MaplessError for options that the classifiers do not have, or that are not theirs to say.
    """
    own = {"window": window, "inputs": {"jet": columns}, "folds": folds}
    twice = sorted(own.keys() & options)
    if twice:
        raise MaplessError(f"classifier_options must not say {twice[0]}, which the detector itself has")
    chosen = _CLASSES[kind]
    made = Made(f"{chosen.__module__}:{chosen.__name__}", options)
    classifiers: WeakClassifiers = make(made, {}, **own, **offered)
    return classifiers
