"""Significance of a signal: observed, and expected from Asimov data.

Test statistic q0 of Cowan, Cranmer, Gross, Vitells, arXiv:1007.1727, equations 12 and 53.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from fits.likelihood.profile import FitFailedError, ProfileLikelihood
from fits.results import FitResult, FitStatus


@dataclass(frozen=True)
class Significance:
    """Local significance in standard deviations with its one-sided p-value, None unless the fits converged.

    `value` is the fitted (or assumed) parameter of interest; without an excess it is zero.
    """

    status: FitStatus
    significance: float | None = None
    p_value: float | None = None
    value: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        numbers = {"significance": self.significance, "p_value": self.p_value, "value": self.value}
        return {"status": str(self.status)} | numbers


def observed_significance(profile: ProfileLikelihood) -> Significance:
    """Significance of the data against no signal; a deficit has significance zero and a p-value of 1/2."""
    best = profile.without_deficits().fit()
    if not best.converged:
        return Significance(best.status)
    null = profile.fit({profile.parameter: 0.0}, best.parameters)
    return _significance(null, best.nll, best.parameters[profile.parameter])


def expected_significance(
    profile: ProfileLikelihood, value: float, *, fitted_nuisances: bool = True
) -> Significance:
    """Median significance if the parameter of interest has this value, from Asimov data.

    All other parameters are those that fit the data best with that value (Combine's `-t -1
    --toysFrequentist`); with `fitted_nuisances=False` they are at their starting values (`-t -1`).
    """
    try:
        truth = {**profile.start, profile.parameter: value}
        asimov = profile.fitted_asimov(value) if fitted_nuisances else profile.asimov(truth)
    except FitFailedError:
        return Significance(FitStatus.NOT_CONVERGED)
    # The truth describes Asimov data perfectly: that minimum is known.
    return _significance(asimov.fit({profile.parameter: 0.0}), 0.0, value)


def _significance(null: FitResult, lowest: float, value: float) -> Significance:
    if not null.converged:
        return Significance(null.status)
    root = float(np.sqrt(max(2 * (null.nll - lowest), 0.0))) if value > 0 else 0.0
    return Significance(FitStatus.CONVERGED, root, float(stats.norm.sf(root)), value)
