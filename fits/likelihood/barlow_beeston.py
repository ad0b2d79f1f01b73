"""Statistical uncertainties of templates from simulation: one nuisance parameter per bin.

The method of Barlow and Beeston, Comput. Phys. Commun. 77 (1993) 219, in the form with one parameter for all
processes of a bin (J. Conway, arXiv:1103.0354): `autoMCStats` of Combine, `staterror` of HistFactory.
"""

import numpy as np

from errors import MaplessError
from fits.likelihood.kernel import Evaluation, Term
from fits.spectrum import FloatArray


class BarlowBeestonTerm:
    """Another term plus relative_error * nuisance * rigid in each bin.

    `rigid` is a term with the parameters of the first, by default the same: then errors stay relative ones,
    as in HistFactory. In Combine they do not follow templates that other nuisances deform, so there it is the
    term without deformations (`SignalTerm.rigid`).

    `relative_errors` (n_bins,) are those of all processes of a category together; each of their terms is
    wrapped with the same `prefix`, so that they share the parameters `<prefix><bin>`. These count standard
    deviations, and a likelihood constrains them. Bins without error have no parameter. Raises MaplessError
    for errors that are negative or not finite.
    """

    def __init__(
        self, term: Term, relative_errors: FloatArray, prefix: str, rigid: Term | None = None
    ) -> None:
        errors = np.asarray(relative_errors, dtype=float)
        if not np.all(np.isfinite(errors) & (errors >= 0)):
            raise MaplessError("statistical errors of templates are finite and not negative")
        self._term, self._rigid, self._n = term, rigid or term, len(term.parameters)
        self._n_bins, self._bins = len(errors), np.flatnonzero(errors)
        self._errors = errors[self._bins]
        self.parameters = (*term.parameters, *bin_parameters(errors, prefix))
        self.transform = np.eye(len(self.parameters))
        self.transform[: self._n, : self._n] = term.transform

    def expected(self, internal: FloatArray) -> FloatArray:
        """Expected counts (n_bins,)."""
        inner = internal[..., : self._n]
        return self._term.expected(inner) + self._shifts(internal) * self._rigid.expected(inner)

    def evaluate(self, internal: FloatArray) -> Evaluation:
        """Expected counts with derivatives."""
        term, rigid = (part.evaluate(internal[..., : self._n]) for part in (self._term, self._rigid))
        shifts, bins = self._shifts(internal), self._bins
        per_bin = np.zeros((*shifts.shape, len(bins)))
        per_bin[..., bins, np.arange(len(bins))] = self._errors * rigid.expected[..., bins]

        def curvature(weights: FloatArray) -> FloatArray:
            second = np.zeros((*shifts.shape[:-1], *(len(self.parameters),) * 2))
            shape = term.curvature(weights) + rigid.curvature(weights * shifts)
            mixed = (weights[..., bins] * self._errors)[..., None] * rigid.jacobian[..., bins, :]
            second[..., : self._n, : self._n] = shape
            second[..., self._n :, : self._n] = mixed
            second[..., : self._n, self._n :] = mixed.swapaxes(-1, -2)
            return second

        jacobian = np.concatenate([term.jacobian + shifts[..., None] * rigid.jacobian, per_bin], axis=-1)
        return Evaluation(term.expected + shifts * rigid.expected, jacobian, curvature)

    def _shifts(self, internal: FloatArray) -> FloatArray:
        """Relative changes (n_bins,)."""
        shifts = np.zeros((*internal.shape[:-1], self._n_bins))
        shifts[..., self._bins] = self._errors * internal[..., self._n :]
        return shifts


def bin_parameters(relative_errors: FloatArray, prefix: str) -> dict[str, float]:
    """Names of the parameters of bins that have a statistical error, with these errors.

    >>> bin_parameters(np.array([0.1, 0.0, 0.2]), "loose_bin")
    {'loose_bin0': 0.1, 'loose_bin2': 0.2}
    """
    errors = np.asarray(relative_errors).tolist()
    return {f"{prefix}{place}": error for place, error in enumerate(errors) if error}
