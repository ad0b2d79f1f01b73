"""Variational autoencoder of the particles in a jet: a jet that it cannot rebuild is no background."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, column, event_weights, finite, fold, require
from models.option_types import AboveZero, NotNegative
from models.preprocessing import spectrum_ratio
from models.saving import read_arrays, saved_settings, write_arrays, write_folder, write_settings
from models.variational_autoencoder.momenta import Floats, Frame, Standardisation, momenta

if TYPE_CHECKING:
    import keras

Array = NDArray[np.float64]
Ratio = Callable[[Array], Array]

_SCORED_AT_ONCE = 512  # events
_VALIDATION_FOLDS = 10  # one of them validates


@dataclass
class VariationalAutoencoder(AnomalyDetector):
    """Learns to rebuild the jets of a control region; the score is the loss of the better rebuilt jet.

    CMS VAE-QR (arXiv:2412.03747): one network for both jets sees up to 100 particles, standardised momenta,
    hardest first. Its loss is the Chamfer distance and `beta` times the Kullback-Leibler divergence of the 12
    latent numbers. In training both are means, over particles and over latent numbers, and the latent numbers
    are drawn; in the score both are sums, and the latent numbers their means. So that jets of the control
    region are as hard as those of the signal region, their pt spectrum is weighted to that of `events`, of
    which nothing else is seen.

    One event in ten of the control region validates; the network of the best epoch is kept. The learning
    rate falls along a cosine: CMS trains with 10^7 jets until nothing changes, which this shortens.

    Args:
        match: for each jet ("jet1") the column of its pt; its particles are in "jet1_constituent".
        particles: how many of them are seen, an even number (CMS: 100).
        frame: of the momenta: that of the jet, or the laboratory.
        latent: number of latent numbers (CMS: 12).
        beta: weight of the divergence in training (CMS: 0.01).
        score_beta: weight of the divergence in the score: 0 in the talk, 0.5 in the public code.
        epochs, batch_size, learning_rate: batches of jets (CMS: at most 400, 256, 1e-3).
        weight_column: column of event weights, by default every event counts once.
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing, non-finite or misshapen column,
            or too few events.
    """

    roles = ("background", "events")

    match: Mapping[str, str]
    particles: int = 100
    frame: Frame = "jet"
    latent: int = 12
    beta: NotNegative = 0.01
    score_beta: NotNegative = 0.0
    epochs: int = 20
    batch_size: int = 256
    learning_rate: AboveZero = 1e-3
    weight_column: str | None = None
    seed: int = 1
    _network: "keras.Model | None" = field(default=None, init=False, repr=False, compare=False)
    _standardisation: Standardisation = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._jets = tuple(f"{jet}_constituent" for jet in self.match)
        if not self.match:
            raise MaplessError("a variational autoencoder needs jets; name them and their pt in match")
        if min(self.epochs, self.latent) < 1 or self.batch_size < len(self.match):
            raise MaplessError(
                "a variational autoencoder needs an epoch, a latent number and a batch of jets"
            )
        if self.particles % 2 or self.particles < 6:  # noqa: PLR2004  (two convolutions and a pair left)
            raise MaplessError(f"particles is {self.particles}; choose an even number above 5")

    @property
    def learns_from_signal(self) -> bool:
        """No: of the events that are searched it sees the pt spectrum alone."""
        return False

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Particles and pt of the background, and the pt of the events; the weights of both."""
        pt = (*self.match.values(), *((self.weight_column,) if self.weight_column else ()))
        return {"background": ("key", *self._jets, *pt), "events": pt}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """The particles."""
        return self._jets

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Train on the background, which is read in batches once for every epoch."""
        background, events = training["background"], training["events"]
        require(background, self.columns["background"])
        ratio = spectrum_ratio(*self._pt_spectrum(background), *self._pt_spectrum(events))
        validates = fold(background, _VALIDATION_FOLDS) == 0
        learnt_from, validation = background.where(~validates), background.where(validates)
        if len(self._jets) * len(learnt_from) < self.batch_size or not len(validation):
            raise MaplessError(
                f"{len(background):,} background events are too few for batches of {self.batch_size} jets; "
                "take a larger sample, or a smaller batch_size"
            )
        self._standardisation = Standardisation.learn(
            self._momenta(batch) for batch in background.batches(self._jets, _SCORED_AT_ONCE)
        )
        self._network = self._trained(learnt_from, validation, ratio, progress)
        return self

    def score(self, events: Events) -> dict[str, NDArray[np.float64]]:
        """Score events, read in batches: the lowest loss of their jets, (n_events,)."""
        if self._network is None:
            raise MaplessError("this variational autoencoder is not trained; call fit or load first")
        from models.variational_autoencoder.network import jet_losses

        require(events, self.score_columns)
        losses, scores, start = jet_losses(self._network), np.empty(len(events)), 0
        for batch in events.batches(self._jets, _SCORED_AT_ONCE):
            distance, divergence = losses(self._standardised(batch))
            of_jets = (distance + self.score_beta * divergence).numpy().reshape(len(self._jets), -1)
            scores[start : start + of_jets.shape[1]] = of_jets.min(axis=0)
            start += of_jets.shape[1]
        return {"score": scores}

    def save(self, folder: Path) -> None:
        """Write settings, weights and standardisation into a folder; replaces what was there."""
        if self._network is None:
            raise MaplessError("this variational autoencoder is not trained; call fit before save")
        scale = {"mean": self._standardisation.mean, "deviation": self._standardisation.deviation}
        weights = {f"network_{i}": weight for i, weight in enumerate(self._network.get_weights())}
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "network.npz", weights | scale)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        with saved_settings(folder) as settings:
            detector = cls(**settings)
            arrays = read_arrays(folder / "network.npz")
            network = detector._untrained_network()
            network.set_weights([arrays[f"network_{i}"] for i in range(len(network.weights))])
            detector._network = network
            detector._standardisation = Standardisation(arrays["mean"], arrays["deviation"])
        return detector

    def _trained(
        self, learnt_from: Events, validation: Events, ratio: Ratio, progress: Progress | None
    ) -> "keras.Model":
        """The network after the epoch that rebuilds the validation best."""
        from models.variational_autoencoder.network import jet_losses, training_step

        network = self._untrained_network()
        steps = self.epochs * len(self._jets) * len(learnt_from) // self.batch_size
        step, losses = training_step(network, self.beta, self.learning_rate, steps), jet_losses(network)
        best, kept = np.inf, network.get_weights()
        for epoch in range(self.epochs):
            for jets, weight in self._weighted(learnt_from, ratio, epoch):
                step(jets, weight)
            validated = [(losses(jets)[0], weight) for jets, weight in self._weighted(validation, ratio)]
            distances, weights = map(np.concatenate, zip(*validated, strict=True))
            loss = float(np.average(distances, weights=weights))
            if loss < best:
                best, kept = loss, network.get_weights()
            if progress:
                progress(epoch + 1, self.epochs)
        if not np.isfinite(best):
            raise MaplessError(
                "the loss of the variational autoencoder is no finite number; lower its learning_rate, or "
                "cut jets whose momenta are absurd"
            )
        network.set_weights(kept)
        return network

    def _untrained_network(self) -> "keras.Model":
        from models.variational_autoencoder.network import particle_network

        return particle_network(self.particles, self.latent, self.seed)

    def _pt_spectrum(self, events: Events) -> tuple[Array, Array]:
        """The pt of all jets and their weights, both (n_jets,)."""
        pt = [column(events, name).astype(np.float64) for name in self.match.values()]
        return np.concatenate(pt), np.tile(event_weights(events, self.weight_column), len(pt))

    def _weighted(
        self, events: Events, ratio: Ratio, epoch: int | None = None
    ) -> Iterator[tuple[Floats, Floats]]:
        """Batches of jets and their weights, in the order of an epoch if one is named."""
        names = list(dict.fromkeys(self.columns["background"]))
        order = {} if epoch is None else {"seed": self.seed, "epoch": epoch}
        for batch in events.batches(names, self.batch_size // len(self._jets), **order):
            weight = batch[self.weight_column] if self.weight_column else 1.0
            weights = [weight * ratio(batch[pt]) for pt in self.match.values()]
            yield self._standardised(batch), np.concatenate(weights).astype(np.float32)

    def _standardised(self, batch: Mapping[str, NDArray[Any]]) -> Floats:
        return self._standardisation(self._momenta(batch))

    def _momenta(self, batch: Mapping[str, NDArray[Any]]) -> Floats:
        """Momenta of the first jets of some events and then of the second: (n_jets, particles, 3)."""
        return np.concatenate(
            [momenta(self._particles(name, batch[name]), self.frame) for name in self._jets]
        )

    def _particles(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        """The particles that are seen, (n_events, particles, 3); MaplessError for values of another shape."""
        if values.ndim != 3 or values.shape[1] < self.particles or values.shape[2] != 3:  # noqa: PLR2004
            raise MaplessError(
                f"column '{name}' has the shape {values.shape[1:]} per event, not ({self.particles}, 3): "
                "pt, eta and phi of particles; select it with constituents, or see fewer particles"
            )
        return finite(name, values[:, : self.particles])
