"""The networks of Tag N' Train on images: autoencoders tag first, then classifiers in their place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.events import Events, finite
from models.stacked_training import Floats, Rows, Schedule
from models.tag_n_train.autoencoders import AT_ONCE, ImageAutoencoders
from models.tag_n_train.classifier_settings import ClassifierSettings
from models.tag_n_train.image_classifiers import ImageClassifiers
from models.tag_n_train.image_lessons import ImageEvents, Images, drawn, lessons
from models.tag_n_train.image_tagging import Member, Parts, Tagging, of_jets, rows_of
from models.tag_n_train.labeller_settings import LabellerSettings

Array = NDArray[np.float64]
After = Callable[[int, int], None] | None

_READ_AT_ONCE = 2048  # events, which bounds the memory that images take


class ImageNetworks:
    """Autoencoders of halves of the folds, and the classifiers of the last round, each of one jet.

    Args:
        autoencoders: one for each of `Parts.taggers`.
        classifiers: one for each of `Parts.scorers`.
    """

    def __init__(self, autoencoders: ImageAutoencoders, classifiers: ImageClassifiers) -> None:
        self.autoencoders = autoencoders
        self.classifiers = classifiers

    @classmethod
    def learn(
        cls,
        events: ImageEvents,
        tagging: Tagging,
        labelling: LabellerSettings,
        classifying: ClassifierSettings,
        seed: int,
        progress: After = None,
    ) -> Self:
        """Train autoencoders, and classifiers as often as there are rounds."""
        total = labelling.epochs + tagging.rounds * classifying.epochs

        def after(steps: int) -> After:
            return (lambda done, _: progress(steps + done, total)) if progress else None

        parts, size = events.parts, events.images.shape[1]
        tagged = [parts.tagged_by(tagger) for tagger in parts.taggers]
        rows = [rows_of(mask, jet) for mask, (*_, jet) in zip(tagged, parts.taggers, strict=True)]
        autoencoders = ImageAutoencoders(size, labelling, seed)
        shares = [drawn(events, tagger, labelling.n_images, seed) for tagger in parts.taggers]
        autoencoders.fit(events.images, shares, _schedule(labelling), after(0))
        scores = of_jets(parts.taggers, tagged, autoencoders.errors(events.images, rows))
        for turn in range(tagging.rounds):
            last = turn + 1 == tagging.rounds
            members = parts.scorers if last else parts.taggers
            labels, shares = lessons(events, scores, members, tagging, (seed, turn))
            classifiers = ImageClassifiers(len(members), size, classifying, seed + turn)
            classifiers.fit(
                events.images, labels, shares, after(labelling.epochs + turn * classifying.epochs)
            )
            if not last:
                scores = of_jets(members, tagged, classifiers.outputs(events.images, rows))
        return cls(autoencoders, classifiers)

    def errors(self, images: Images, parts: Parts) -> Array:
        """Mean squared errors of the pixels of both jets by what holds out the fold of the event, (2, n)."""
        return _of_own_fold(parts, parts.taggers, partial(self.autoencoders.errors, images))

    def outputs(self, images: Images, parts: Parts) -> Array:
        """Outputs for both jets of the classifiers that hold out the fold of the event, (2, n_events)."""
        return _of_own_fold(parts, parts.scorers, partial(self.classifiers.outputs, images))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that was learnt."""
        size = {"image_size": np.array(self.autoencoders.size)}
        return {**size, **self.autoencoders.arrays(), **self.classifiers.arrays()}

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, Any], labelling: LabellerSettings, classifying: ClassifierSettings
    ) -> Self:
        """What `arrays` gave; ValueError or KeyError for anything else."""
        size = int(arrays["image_size"])
        autoencoders = ImageAutoencoders(size, labelling, seed=0)
        autoencoders.take_arrays(arrays)
        classifiers = ImageClassifiers(labelling.members // 2, size, classifying, seed=0)
        classifiers.take_arrays(arrays)
        return cls(autoencoders, classifiers)


def read_images(columns: Sequence[str], events: Events) -> Iterator[Images]:
    """Images of both jets of some events at a time, those of the first jets before the others.

    Raises MaplessError for what is no square image or not a finite number.
    """
    for batch in events.batches(columns, _READ_AT_ONCE):
        images = [finite(name, np.asarray(batch[name], np.float16)) for name in columns]
        for name, one in zip(columns, images, strict=True):
            if one.ndim != 3 or len(set(one.shape[1:])) != 1 or one.shape != images[0].shape:  # noqa: PLR2004
                raise MaplessError(
                    f"column '{name}' holds no square images of one size, but {one.shape[1:]} numbers"
                )
        yield np.concatenate(images)


def image_table(columns: Sequence[str], events: Events) -> Images:
    """All images of both jets, (2 n_events, size, size); raises as `read_images`."""
    batches = [np.split(batch, 2) for batch in read_images(columns, events)]
    return np.concatenate([batch[jet] for jet in range(2) for batch in batches])


def _schedule(settings: LabellerSettings) -> Schedule:
    return Schedule(
        settings.epochs,
        settings.batch_size,
        settings.learning_rate,
        patience=settings.epochs,
        evaluated=AT_ONCE,
    )


def _of_own_fold(
    parts: Parts, members: Sequence[Member], found: Callable[[list[Rows]], Sequence[Floats]]
) -> Array:
    masks = [parts.scored_by(member) for member in members]
    rows: list[Rows] = [rows_of(mask, jet) for mask, (*_, jet) in zip(masks, members, strict=True)]
    return of_jets(members, masks, found(rows)).sum(axis=0)  # every event belongs to one fold
