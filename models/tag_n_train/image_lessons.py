"""What the networks of Tag N' Train on images learn from: rows of images, labels and weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.events import Mask
from models.preprocessing import match_spectrum
from models.stacked_training import Floats, Share
from models.tag_n_train.image_tagging import BOTH, Member, Parts, Tagging, rows_of, tagged_images

Array = NDArray[np.float64]
Images = NDArray[np.float16]
"""Of the first jets of some events and then of the second ones, (2 n_events, size, size)."""

_VALIDATION = 10  # of so many rows one validates


@dataclass(frozen=True)
class ImageEvents:
    """Events that networks learn from.

    Attributes:
        images: of both jets.
        parts: folds and halves.
        inside: of the window, (n_events,).
        weight: (n_events,).
        matched: column of both jets whose spectrum is matched, (2 n_events,), if any.
    """

    images: Images
    parts: Parts
    inside: Mask
    weight: Array
    matched: NDArray[Any] | None


def drawn(events: ImageEvents, tagger: Member, n_images: int, seed: int) -> Share:
    """Images that an autoencoder learns from, drawn at random, and a tenth of them to validate on.

    Their number follows from that of all events, so that no network hangs on what lies in the fold that it
    holds out.
    """
    random = np.random.default_rng((seed, *tagger))
    usual = len(events.inside) * (events.parts.folds - 1) // (2 * events.parts.folds)
    order = random.permutation(rows_of(events.parts.learnt_by(tagger), tagger[-1]))
    order = np.resize(order, max(2, min(n_images, usual)))
    last = max(1, len(order) // _VALIDATION)
    weight = np.tile(events.weight, 2).astype(np.float32)
    return Share(order[last:], weight[order[last:]], order[:last], weight[order[:last]])


def lessons(
    events: ImageEvents, scores: Array, members: Sequence[Member], tagging: Tagging, seed: tuple[int, ...]
) -> tuple[Floats, list[Share]]:
    """Labels (2 n_events, members) and shares of classifiers, from scores (folds, 2, n_events) that tag."""
    parts, n_events = events.parts, len(events.inside)
    labels, shares = np.zeros((2 * n_events, len(members)), np.float32), []
    number = max(1, int(tagging.background_rich * n_events * (parts.folds - 1) / parts.folds))
    kinds = [
        tagged_images(scores[fold], np.where(parts.fold == fold, -1, parts.half), events.inside, tagging)
        for fold in range(parts.folds)
    ]
    for place, member in enumerate(members):
        fold, half, jet = member
        learnt = parts.learnt_by(member)
        signal, background = (rows_of(kind[jet] & learnt, jet) for kind in kinds[fold])
        labels[signal, place] = 1
        random = np.random.default_rng((*seed, fold, half + 1, jet))
        wanted = number if half == BOTH else number // 2
        weight = np.tile(events.weight, 2)
        shares.append(balanced_share(signal, background, weight, max(1, wanted), random, events.matched))
    return labels, shares


def balanced_share(
    signal: NDArray[np.integer],
    background: NDArray[np.integer],
    weight: Array,
    number: int,
    random: np.random.Generator,
    matched: NDArray[Any] | None = None,
) -> Share:
    """As many rows of both kinds to train on, and others to validate on, with the same weight of both kinds.

    Args:
        signal, background: rows of a table.
        weight: of all rows of the table.
        number: of rows of each kind to train on; where there are fewer, some are seen again.
        random: what draws them.
        matched: of all rows of the table, such as the pt of the jet; the spectrum of background-rich rows is
            reweighted to that of signal-rich ones.
    """
    weight = weight.astype(np.float64)
    if matched is not None:
        weight = weight.copy()
        known = (matched[background], weight[background], matched[signal], weight[signal])
        weight[background] = match_spectrum(*known)
    training, validation = [], []
    for rows in (signal, background):
        order = random.permutation(rows)
        last = max(1, len(rows) // _VALIDATION)
        validation.append(order[:last])
        training.append(np.resize(order[last:] if len(rows) > last else order, number))
    weights = [
        np.concatenate([weight[one] / (weight[one].mean() or 1.0) for one in kinds])
        for kinds in (training, validation)
    ]
    weights[1] /= np.repeat([len(one) for one in validation], [len(one) for one in validation])
    rows, others = np.concatenate(training), np.concatenate(validation)
    return Share(rows, weights[0].astype(np.float32), others, weights[1].astype(np.float32))
