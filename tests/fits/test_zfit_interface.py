import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fits
from errors import MaplessError
from fits.backgrounds import Dijet
from fits.backgrounds.catalogue import BACKGROUND_NAMES, background_family
from fits.fit import fit_background, fit_signal


def test_only_the_zfit_interface_imports_tensorflow():
    root = Path(fits.__file__).parents[1]
    files = [path.relative_to(root).with_suffix("") for path in (root / "fits").rglob("*.py")]
    modules = [".".join(file.parts) for file in files if file.name != "zfit_interface"]
    code = "import sys\n" + "\n".join(f"import {module}" for module in modules)
    code += "\nsys.exit('tensorflow' in sys.modules or 'zfit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture(scope="module")
def zfit():
    return pytest.importorskip("zfit")


def test_zfit_result_is_the_light_result(zfit, dijet_toy, signal):
    from fits.zfit_interface import KernelLoss, NewtonMinimizer

    light = fit_signal(fit_background(dijet_toy(2e5, seed=50), Dijet(3)), signal)
    loss = KernelLoss(light.likelihood, prefix="light_")
    zfit.param.set_values(loss.parameters, light.result.values * [1.01, 1.0, 1.0, 1.0, 1.5])
    result = NewtonMinimizer().minimize(loss)
    assert isinstance(result, zfit.result.FitResult)
    assert result.valid
    assert result.fmin == pytest.approx(light.result.nll, abs=1e-8)
    errors = result.hesse()
    for parameter, name in zip(loss.parameters, light.result.names, strict=True):
        assert result.params[parameter]["value"] == pytest.approx(
            light.result.parameters[name], rel=1e-5, abs=1e-6
        )
        assert errors[parameter]["error"] == pytest.approx(light.result.errors[name], rel=1e-5)


def test_exact_gradient_and_hessian_reach_zfit(zfit, dijet_toy):
    from fits.zfit_interface import KernelLoss

    fit = fit_background(dijet_toy(2e5, seed=51), Dijet(2))
    loss = KernelLoss(fit.likelihood, prefix="derivatives_")
    zfit.param.set_values(loss.parameters, fit.result.values)
    np.testing.assert_allclose(np.linalg.inv(loss.hessian(loss.parameters)), fit.result.covariance, rtol=1e-4)
    errors = np.sqrt(np.diag(fit.result.covariance))
    np.testing.assert_allclose(np.array(loss.gradient(loss.parameters)) * errors, 0, atol=1e-3)


def test_zfit_parameter_can_be_held(zfit, dijet_toy, signal):
    from fits.zfit_interface import KernelLoss, NewtonMinimizer

    null = fit_background(dijet_toy(2e5, seed=52), Dijet(3))
    loss = KernelLoss(fit_signal(null, signal).likelihood, prefix="held_")
    zfit.param.set_values(loss.parameters, [*null.result.values, 0.0])
    loss.parameters[-1].floating = False
    result = NewtonMinimizer().minimize(loss)
    assert result.fmin == pytest.approx(null.result.nll, abs=1e-7)


def test_newton_refuses_other_losses(zfit):
    from fits.zfit_interface import NewtonMinimizer

    other = zfit.loss.SimpleLoss(lambda p: p[0] ** 2, [zfit.Parameter("other", 1.0)], errordef=0.5)
    with pytest.raises(MaplessError, match="KernelLoss"):
        NewtonMinimizer().minimize(other)


@pytest.mark.parametrize("name", BACKGROUND_NAMES)
def test_zfit_pdf_has_the_same_shape_and_integrals(zfit, dijet_toy, name):
    from fits.zfit_interface import LogLinearPDF

    family = background_family(name)[-1]
    fit = fit_background(dijet_toy(2e5, seed=53), family, confirmation="none")
    edges = np.arange(1500.0, 7001.0, 500.0)
    shape = [
        zfit.Parameter(f"{name}_{p}", fit.result.parameters[p], floating=False) for p in family.parameters[1:]
    ]
    expected = fit.expected_background(edges)
    pdf = LogLinearPDF(family, zfit.Space("mjj", limits=(1500, 7000)), shape, extended=float(expected.sum()))
    binned = pdf.to_binned(zfit.Space("mjj", binning=zfit.binned.VariableBinning(edges, name="mjj")))
    np.testing.assert_allclose(np.array(binned.counts()), expected, rtol=1e-8)


def test_zfit_double_crystal_ball_is_ours(zfit, signal):
    from fits.zfit_interface import double_crystal_ball_pdf

    obs = zfit.Space("mass", limits=(500, 9000))
    masses = np.array([2500.0, 2960.0, 3300.0])
    inside = signal.cdf(9000) - signal.cdf(500)
    theirs = np.array(double_crystal_ball_pdf(signal, obs).pdf(masses))
    np.testing.assert_allclose(theirs, signal.pdf(masses) / inside, rtol=1e-6)
