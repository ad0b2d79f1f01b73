"""The ratio of two Lund jet planes, such as data over simulation, and what it says of splittings.

Measured in bins of subjet pt (GeV), ln(0.8 / Delta) and ln(kt / GeV); for subjets of a pt beyond the
measurement a polynomial in 1 / pt stands for every bin of the plane (CMS-DP-2023/046).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError

Array = NDArray[np.float64]
LAST_MEASURED_PT = 350.0  # GeV
SMALLEST, LARGEST = 0.2, 5.0
SHIFTS = ("nominal", "up", "down")


class Splittings(NamedTuple):
    """Splittings of the subjets of many jets, flat (n,), ordered by jet; pt of the subjet in GeV."""

    jet: NDArray[np.intp]
    subjet_pt: Array
    log_inverse_angle: Array
    log_kt: Array

    @classmethod
    def of_columns(cls, columns: Mapping[str, Any], jet: str = "jet1") -> "Splittings":
        """From the jagged columns of `selections.lund_plane`, one entry per event as awkward arrays have."""
        import awkward as ak

        subjet = ak.Array(columns[f"{jet}_lund_subjet"])
        pt = ak.Array(columns[f"{jet}_lund_subjet_pt"])[subjet]
        return cls(
            np.repeat(np.arange(len(subjet)), ak.to_numpy(ak.num(subjet))),
            ak.to_numpy(ak.flatten(pt)).astype(float),
            ak.to_numpy(ak.flatten(ak.Array(columns[f"{jet}_lund_log_inverse_angle"]))).astype(float),
            ak.to_numpy(ak.flatten(ak.Array(columns[f"{jet}_lund_log_kt"]))).astype(float),
        )


@dataclass(frozen=True)
class LundRatio:
    """A ratio of Lund planes; 0 in bins where nothing was measured.

    Attributes:
        edges: of subjet pt (GeV), ln(0.8 / Delta) and ln(kt / GeV).
        values: (n_pt, n_angle, n_kt) for "nominal", and for the total systematic shift "up" and "down".
        errors: statistical, of the nominal values.
        coefficients: (n_angle, n_kt, n_terms) of polynomials in 1 / pt, constant first, for the same three.
        covariances: (n_angle, n_kt, n_terms, n_terms) of the nominal coefficients.
        bottom: ratio of the planes of bottom and light subjets, in the same bins.

    Raises:
        MaplessError: parts of other bins, edges that do not rise, a value or error below 0, NaN or infinity.
    """

    edges: tuple[Array, Array, Array]
    values: Mapping[str, Array]
    errors: Array
    coefficients: Mapping[str, Array]
    covariances: Array
    bottom: Array

    def __post_init__(self) -> None:
        bins = tuple(len(edges) - 1 for edges in self.edges)
        terms = self.covariances.shape[-1:]
        ratios = [*self.values.values(), self.errors, self.bottom]
        polynomials = [*self.coefficients.values(), self.covariances]
        shapes = (
            [bins] * len(ratios)
            + [(*bins[1:], *terms)] * len(self.coefficients)
            + [(*bins[1:], *terms, *terms)]
        )
        if [one.shape for one in (*ratios, *polynomials)] != shapes:
            raise MaplessError("the parts of a ratio of Lund planes have different bins")
        if not all(np.isfinite(one).all() for one in (*self.edges, *ratios, *polynomials)):
            raise MaplessError("a ratio of Lund planes holds NaN or infinity")
        if any((one < 0).any() for one in ratios):
            raise MaplessError("a ratio of Lund planes holds a value or error below 0")
        if any((np.diff(edges) <= 0).any() for edges in self.edges):
            raise MaplessError("the edges of a ratio of Lund planes do not rise")

    def at(self, splittings: Splittings, shift: str = "nominal") -> Array:
        """The ratio of every splitting (n,), between 0.2 and 5.

        It is 1 where nothing was measured and outside of the plane; above 350 GeV the polynomial counts.
        """
        return self._looked_up(splittings, self.values[shift], self.coefficients[shift])

    def toys(self, splittings: Splittings, number: int, seed: int) -> Iterator[tuple[Array, Array]]:
        """Ratios of every splitting (n,) with the bins drawn by their errors, and with the polynomials."""
        random = np.random.default_rng(seed)
        nominal, polynomials = self.values["nominal"], self.coefficients["nominal"]
        eigenvalues, vectors = np.linalg.eigh(self.covariances)
        widths = vectors * np.sqrt(np.maximum(eigenvalues, 0))[..., None, :]
        for _ in range(number):
            bins = np.where(nominal > 0, nominal + self.errors * random.normal(size=nominal.shape), 0)
            shifted = polynomials + np.einsum(
                "...ij,...j->...i", widths, random.normal(size=polynomials.shape)
            )
            yield (
                self._looked_up(splittings, bins, polynomials),
                self._looked_up(splittings, nominal, shifted),
            )

    def bottom_at(self, splittings: Splittings) -> Array:
        """The ratio of bottom to light subjets for every splitting (n,), 1 where it was not measured."""
        constant = np.ones((*self.bottom.shape[1:], 1))
        return self._looked_up(splittings, self.bottom, constant)

    def _looked_up(self, splittings: Splittings, values: Array, coefficients: Array) -> Array:
        where = splittings.subjet_pt, splittings.log_inverse_angle, splittings.log_kt
        places = [
            np.searchsorted(edges, one, side="right") - 1
            for edges, one in zip(self.edges, where, strict=True)
        ]
        inside = np.all([(one >= 0) & (one < n) for one, n in zip(places, values.shape, strict=True)], axis=0)
        pt, angle, kt = (np.where(inside, one, 0) for one in places)
        powers = splittings.subjet_pt[:, None] ** -np.arange(coefficients.shape[-1], dtype=float)
        beyond = np.sum(coefficients[angle, kt] * powers, axis=-1)
        measured = inside & np.any(values[:, angle, kt] > 0, axis=0)
        ratio = np.where(splittings.subjet_pt > LAST_MEASURED_PT, beyond, values[pt, angle, kt])
        measured &= (splittings.subjet_pt > LAST_MEASURED_PT) | (values[pt, angle, kt] > 0)
        return np.where(measured, np.clip(ratio, SMALLEST, LARGEST), 1.0)
