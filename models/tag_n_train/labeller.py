"""Autoencoders that share the folds: how badly those that held it out reproduce the jets of an event."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.events import Events, Mask, finite
from models.stacked_training import Floats, Schedule, Share
from models.tag_n_train.autoencoders import AT_ONCE, ImageAutoencoders
from models.tag_n_train.labeller_settings import LabellerSettings

_READ_AT_ONCE = 2048  # events, which bounds the memory that images take
_VALIDATION = 10  # of so many images one decides which epoch is best


class Labeller:
    """Autoencoders, of which number `fold % members` has seen no event of a fold.

    Args:
        images: columns of the images of both jets, each (n, size, size).
        autoencoders: trained.
    """

    def __init__(self, images: Sequence[str], autoencoders: ImageAutoencoders) -> None:
        self.images = images
        self.autoencoders = autoencoders

    @classmethod
    def learn(
        cls,
        images: Sequence[str],
        events: Events,
        fold: NDArray[np.integer],
        weight: NDArray[np.float64],
        settings: LabellerSettings,
        seed: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Train on jets of events, drawn at random from both of each; folds and weights (n_events,)."""
        random = np.random.default_rng(seed)
        drawn = [
            _drawn(np.flatnonzero(fold % settings.members != member), settings.n_images, random)
            for member in range(settings.members)
        ]
        needed = np.unique(np.concatenate(drawn) // 2)
        mask = np.zeros(len(events), bool)
        mask[needed] = True
        table = np.concatenate(list(_read(images, events.where(mask))))
        place = np.searchsorted(needed, np.arange(len(events)))
        shares = [_share(2 * place[jets // 2] + jets % 2, weight[jets // 2]) for jets in drawn]
        schedule = Schedule(
            settings.epochs,
            settings.batch_size,
            settings.learning_rate,
            patience=settings.epochs,
            evaluated=AT_ONCE,
        )
        autoencoders = ImageAutoencoders(table.shape[1], settings, seed)
        autoencoders.fit(table, shares, schedule, progress)
        return cls(images, autoencoders)

    def errors(self, events: Events, asked: Sequence[Mask]) -> NDArray[np.float64]:
        """Mean squared errors of the pixels of both jets, (members, 2, n_events).

        `asked` says for each autoencoder which events (n_events,) it is asked about; 0 for others.
        """
        found = np.zeros((len(asked), len(events), 2))
        first = 0
        for images in _read(self.images, events):
            last = first + len(images) // 2
            rows = [np.flatnonzero(np.repeat(mask[first:last], 2)) for mask in asked]
            for member, errors in enumerate(self.autoencoders.errors(images, rows)):
                found[member, first:last].reshape(-1)[rows[member]] = errors
            first = last
        return found.transpose(0, 2, 1)

    def held_out_errors(self, events: Events, fold: NDArray[np.integer]) -> NDArray[np.float64]:
        """Errors of the autoencoder that has not seen the fold of each event, (2, n_events)."""
        members = range(self.autoencoders.members)
        return self.errors(events, [fold % len(members) == member for member in members]).sum(axis=0)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that was learnt."""
        return {"image_size": np.array(self.autoencoders.size), **self.autoencoders.arrays()}

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], images: Sequence[str], settings: LabellerSettings
    ) -> Self:
        """What `arrays` gave; ValueError or KeyError for anything else."""
        size = int(arrays["image_size"])
        autoencoders = ImageAutoencoders(size, settings, seed=0)
        autoencoders.take_arrays(arrays)
        return cls(images, autoencoders)


def _drawn(events: NDArray[np.integer], n_images: int, random: np.random.Generator) -> NDArray[np.integer]:
    """Numbers of jets, 2 event + jet, of these events; all of them if they are fewer, in random order."""
    return random.permutation(np.concatenate([2 * events, 2 * events + 1]))[:n_images]


def _share(rows: NDArray[np.integer], weight: NDArray[np.float64]) -> Share:
    single = weight.astype(np.float32)
    last = max(1, len(rows) // _VALIDATION)
    return Share(rows[last:], single[last:], rows[:last], single[:last])


def _read(columns: Sequence[str], events: Events) -> Iterator[Floats]:
    """Images of both jets of some events at a time, (2 n, size, size): those of an event follow each other.

    Raises MaplessError for what is no square image or not a finite number.
    """
    for batch in events.batches(columns, _READ_AT_ONCE):
        images = [finite(name, np.asarray(batch[name], np.float32)) for name in columns]
        for name, one in zip(columns, images, strict=True):
            if one.ndim != 3 or len(set(one.shape[1:])) != 1 or one.shape != images[0].shape:  # noqa: PLR2004
                raise MaplessError(
                    f"column '{name}' holds no square images of one size, but {one.shape[1:]} numbers"
                )
        yield np.stack(images, axis=1).reshape(-1, *images[0].shape[1:])
