"""The fit with signal made again in zfit: its own likelihood, shapes, integrals and minimiser.

Our side of the comparison is a zfit result too, of our likelihood (`fits.zfit_interface.KernelLoss`).
Importing this module does not import zfit; the check does.
"""

from typing import Any

import numpy as np

from errors import MaplessError
from fits.likelihood.profile import ProfileLikelihood
from fits.resonance_categories import NO_UNCERTAINTIES, Found, search_model
from fits.search_model import SearchCategory, SearchModel
from fits.signals import DoubleCrystalBall, Gaussian, SignalShape
from fits.signals.bin_probabilities import bins_within_reach
from fits.significance.asymptotic import observed_significance

_LARGEST_DIFFERENCE = 0.05  # of a parameter in its errors, up to which both ended in the same minimum
_TOLERANCE = 1e-6  # of the vertical distance to the minimum; 1e-3, of zfit, is a tenth of an error away


def check_zfit(found: Found) -> dict[str, Any]:
    """Parameters, significance and likelihood of both fits, of the signal exactly as given.

    `parameters` by name hold both values and our error; `likelihood_difference` is twice the rise of zfit's
    negative log-likelihood from its own minimum to ours, below zero where ours is the lower one. Raises
    MaplessError for a signal that zfit has no shape for, and if a fit fails.
    """
    import zfit

    excess = found.scan.most_significant
    model = search_model(found.categories, found.signal, NO_UNCERTAINTIES, excess.mass)
    profile = model.profile_likelihood()
    ours = _kernel_fit(zfit, profile)
    events = profile.likelihood.expected(profile.likelihood.internal(ours | {profile.parameter: 0.0}))
    ours |= {f"{c.name}_background": float(mu.sum()) for c, mu in zip(model.categories, events, strict=True)}
    errors = profile.fit(confirmation="none").errors
    errors |= {f"{c.name}_background": np.sqrt(ours[f"{c.name}_background"]) for c in model.categories}

    loss, parameters = _zfit_loss(zfit, model)
    minuit = zfit.minimize.Minuit(gradient="zfit", tol=_TOLERANCE)
    best = minuit.minimize(loss)
    theirs = {name: float(best.params[parameter]["value"]) for name, parameter in parameters.items()}
    lowest = float(loss.value())
    zfit.param.set_values(list(parameters.values()), [ours[name] for name in parameters])
    at_ours = float(loss.value())
    parameters[profile.parameter].set_value(0.0)
    without = minuit.minimize(loss, [one for name, one in parameters.items() if name != profile.parameter])
    if not (best.valid and without.valid):
        raise MaplessError("the fit in zfit did not converge")
    rise = max(2 * (float(loss.value()) - lowest), 0.0)
    rows = {name: {"ours": ours[name], "zfit": theirs[name], "error": errors[name]} for name in parameters}
    return {
        "mass": excess.mass,
        "quality": excess.quality,
        "parameters": rows,
        "significances": {
            "ours": observed_significance(profile).significance,
            "zfit": float(np.sqrt(rise)) if theirs[profile.parameter] > 0 else 0.0,
        },
        "likelihood_difference": 2 * (at_ours - lowest),
        "agree": all(
            abs(row["ours"] - row["zfit"]) < _LARGEST_DIFFERENCE * row["error"] for row in rows.values()
        ),
    }


def _kernel_fit(zfit: Any, profile: ProfileLikelihood) -> dict[str, float]:
    """Best parameters of our likelihood, as zfit sees it."""
    from fits.zfit_interface import KernelLoss, NewtonMinimizer

    parameters = {
        name: zfit.Parameter(f"kernel_{name}", profile.start[name], *profile.bounds.get(name, (None, None)))
        for name in profile.likelihood.names
    }
    result = NewtonMinimizer().minimize(KernelLoss(profile.likelihood, list(parameters.values())))
    if not result.valid:
        raise MaplessError(f"fit with signal ended as {result.message}")
    return {name: float(result.params[parameter]["value"]) for name, parameter in parameters.items()}


def _zfit_loss(zfit: Any, model: SearchModel) -> tuple[Any, dict[str, Any]]:
    """Binned likelihood of all categories, and its parameters by our names, at the background-only fits."""
    parameters = {model.parameter: zfit.Parameter(f"zfit_{model.parameter}", 0.0)}
    losses = [_category_loss(zfit, category, model, parameters) for category in model.categories]
    return sum(losses[1:], start=losses[0]), parameters


def _category_loss(
    zfit: Any, category: SearchCategory, model: SearchModel, parameters: dict[str, Any]
) -> Any:
    from fits.zfit_interface import LogLinearPDF

    null, spectrum, background = category.background_fit(), category.spectrum, category.background
    assert background is not None  # noqa: S101
    name = f"mass_{category.name}"
    bins = zfit.Space(name, binning=zfit.binned.VariableBinning(spectrum.edges, name=name))
    limits = zfit.Space(name, limits=(spectrum.low, spectrum.high))
    shape = {f"{category.name}_{one}": null.result.parameters[one] for one in background.parameters[1:]}
    own = {one: zfit.Parameter(f"zfit_{one}", value) for one, value in shape.items()}
    events = zfit.Parameter(f"zfit_{category.name}_background", null.expected_background().sum(), 0.0)
    parameters |= own | {f"{category.name}_background": events}

    def signal_events(params: Any) -> Any:
        return params["signal"] * category.signal.events

    scaled = zfit.ComposedParameter(
        f"zfit_{category.name}_signal", signal_events, params={"signal": parameters[model.parameter]}
    )
    peak = zfit.pdf.HistogramPDF(_bounded_peak(zfit, category.signal.shape, bins, limits), extended=scaled)
    falling = LogLinearPDF(background, limits, list(own.values()), extended=events)
    pdf = zfit.pdf.BinnedSumPDF([falling.to_binned(bins), peak])
    data = zfit.data.BinnedData.from_tensor(bins, values=spectrum.counts)
    return zfit.loss.ExtendedBinnedNLL(pdf, data)


def _bounded_peak(zfit: Any, shape: SignalShape, bins: Any, limits: Any) -> Any:
    """Integrals over bins of zfit's own shape, which ends where our likelihood ends it."""
    from fits.zfit_interface import double_crystal_ball_pdf

    if isinstance(shape, DoubleCrystalBall):
        peak = double_crystal_ball_pdf(shape, limits, extended=1.0)
    elif isinstance(shape, Gaussian):
        sigma = float(np.hypot(shape.sigma, shape.natural_width))
        peak = zfit.pdf.Gauss(mu=shape.mean, sigma=sigma, obs=limits, extended=1.0)
    else:
        raise MaplessError(f"zfit is given double Crystal Balls and Gaussians, not a {type(shape).__name__}")
    endless = np.array(peak.to_binned(bins).counts())
    within = bins_within_reach(shape, np.array(bins.binning.edges[0]))
    bounded = np.zeros_like(endless)
    bounded[within] = endless[within]
    return zfit.data.BinnedData.from_tensor(bins, values=bounded)
