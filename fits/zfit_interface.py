"""The fits as zfit sees them: PDFs, a loss on the kernel, and a minimizer with real zfit results.

Importing this module imports TensorFlow; nothing else in `fits` does.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import zfit
import zfit.z.numpy as znp
from zfit.minimizers.baseminimizer import BaseMinimizer, minimize_supports
from zfit.minimizers.fitresult import FitResult as ZfitResult
from zfit.minimizers.termination import EDM

from errors import MaplessError
from fits.backgrounds import LogLinearBackground
from fits.likelihood.binned import Likelihood
from fits.likelihood.minimise import Confirmation, minimise
from fits.signals import DoubleCrystalBall
from fits.spectrum import FloatArray

# Gauss-Legendre nodes in ln(mass): enough for integrals over 4 GeV as well as over the whole dijet mass
# range.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


class LogLinearPDF(zfit.pdf.BasePDF):
    """A log-linear background as a zfit PDF with a registered integral.

    `shape` are the zfit parameters p1, p2, ...; the normalisation p0 is the business of zfit (`extended`).
    """

    def __init__(
        self, background: LogLinearBackground, obs: Any, shape: Sequence[Any], **arguments: Any
    ) -> None:
        self.background = background
        params = dict(zip(background.parameters[1:], shape, strict=True))
        super().__init__(obs=obs, params=params, **arguments)

    @zfit.supports()
    def _unnormalized_pdf(self, x: Any, params: Any) -> Any:
        return self.shape(x[0], params)

    def shape(self, mass: Any, params: Any) -> Any:
        """Function of mass (any shape, GeV) before normalisation."""
        columns = self.background.columns(mass, znp)[1:]
        names = self.background.parameters[1:]
        return znp.exp(sum(params[name] * column for name, column in zip(names, columns, strict=True)))


def _integral(limits: Any, params: Any, model: LogLinearPDF) -> Any:
    low, high = (znp.log(znp.reshape(limit, (-1,))[0]) for limit in (limits.v1.lower, limits.v1.upper))
    mass = znp.exp(0.5 * (high + low) + 0.5 * (high - low) * _NODES)
    return znp.sum(0.5 * (high - low) * _WEIGHTS * mass * model.shape(mass, params))


_anywhere = zfit.Space(axes=0, limits=(zfit.Space.ANY_LOWER, zfit.Space.ANY_UPPER))
LogLinearPDF.register_analytic_integral(_integral, limits=_anywhere)


def double_crystal_ball_pdf(shape: DoubleCrystalBall, obs: Any, **arguments: Any) -> Any:
    """A signal shape as zfit's own double Crystal Ball, with constant parameters and tails without an end."""
    return zfit.pdf.DoubleCB(
        mu=shape.mean,
        sigma=shape.sigma,
        alphal=shape.alpha_low,
        nl=shape.n_low,
        alphar=shape.alpha_high,
        nr=shape.n_high,
        obs=obs,
        **arguments,
    )


class KernelLoss(zfit.loss.SimpleLoss):
    """The kernel's likelihood as a zfit loss in physical parameters, with exact gradient and Hessian.

    `parameters` are zfit parameters in the order of `likelihood.names`; by default new ones are made, with
    `prefix` in front of the names. The value is that of `Likelihood`: zero for a perfect description.
    """

    def __init__(
        self, likelihood: Likelihood, parameters: Sequence[Any] | None = None, prefix: str = ""
    ) -> None:
        self.likelihood = likelihood
        self._to_internal = np.linalg.inv(likelihood.transform)
        if parameters is None:
            parameters = [zfit.Parameter(prefix + name, 0.0) for name in likelihood.names]
        super().__init__(
            lambda params: likelihood.value(self._to_internal @ np.array(params)),
            params=list(parameters),
            errordef=0.5,
            gradient=self._exact_gradient,
            hessian=self._exact_hessian,
        )

    @property
    def parameters(self) -> list[Any]:
        """zfit parameters in the order of `likelihood.names`."""
        return list(self._params)

    def value(self, *, params: Any = None, full: bool | None = None) -> Any:
        """As of any zfit loss; for the present parameter values without a detour through TensorFlow."""
        if params is not None:
            return super().value(params=params, full=full)
        return znp.asarray(self.likelihood.value(self._to_internal @ self.current_values()))

    def current_values(self) -> FloatArray:
        """Present values (n_parameters,) of the zfit parameters."""
        return np.array([float(parameter.value()) for parameter in self.parameters])

    def create_new(self, *_: Any, **__: Any) -> "KernelLoss":
        """The same loss."""
        return KernelLoss(self.likelihood, self.parameters)

    def _exact_gradient(self, params: Sequence[Any]) -> Any:
        gradient = self.likelihood.gradient(self._to_internal @ self.current_values())
        return znp.asarray((self._to_internal.T @ gradient)[self._places(params)])

    def _exact_hessian(self, params: Sequence[Any]) -> Any:
        hessian = self.likelihood.hessian(self._to_internal @ self.current_values())
        places = self._places(params)
        return znp.asarray((self._to_internal.T @ hessian @ self._to_internal)[np.ix_(places, places)])

    def _places(self, params: Sequence[Any]) -> list[int]:
        names = [parameter.name for parameter in self.parameters]
        return [names.index(parameter.name) for parameter in params]


class NewtonResult(ZfitResult):
    """A zfit result whose `hesse` is the exact covariance of the minimiser."""

    _default_hesse = "approx"


class NewtonMinimizer(BaseMinimizer):
    """zfit minimizer that runs `fits.likelihood.minimise` on a KernelLoss; other losses are refused."""

    def __init__(self, confirmation: Confirmation = "migrad", **arguments: Any) -> None:
        self.confirmation = confirmation
        super().__init__(name="Newton", **arguments)

    @minimize_supports()
    def _minimize(self, loss: Any, params: Sequence[Any], init: Any) -> ZfitResult:
        del init  # starting values are those of the parameters
        if not isinstance(loss, KernelLoss):
            raise MaplessError("NewtonMinimizer minimises a KernelLoss; use zfit.minimize.Minuit for others")
        names = loss.likelihood.names
        floating = loss._places(params)
        result = minimise(
            loss.likelihood,
            dict(zip(names, loss.current_values().tolist(), strict=True)),
            bounds={
                name: (float(parameter.lower), float(parameter.upper))
                for name, parameter in zip(names, loss.parameters, strict=True)
                if parameter.has_limits
            },
            fixed=tuple(name for place, name in enumerate(names) if place not in floating),
            confirmation=self.confirmation,
        )
        for parameter, value in zip(params, result.values[floating].tolist(), strict=True):
            parameter.set_value(value)  # zfit.param.set_values takes three times as long
        criterion = EDM(tol=self.tol, loss=loss, params=params)
        criterion.last_value = result.edm
        covariance = result.covariance[np.ix_(floating, floating)]
        return NewtonResult(
            loss=loss,
            params=dict(zip(params, result.values[floating].tolist(), strict=True)),
            minimizer=self,
            valid=result.converged,
            converged=result.converged,
            edm=result.edm,
            fminopt=result.nll,
            criterion=criterion,
            message="" if result.converged else str(result.status),
            info={"n_eval": result.n_iterations, "inv_hessian": covariance, "original": result},
            niter=result.n_iterations,
        )
