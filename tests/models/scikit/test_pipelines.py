"""Pipelines keep densities normalised, come back from where they went, and pass m on."""

import numpy as np
import pytest

from errors import MaplessError
from models.scikit.classifiers import HGBClassifier
from models.scikit.flows import ConditionalNormalizingFlow
from models.scikit.pipelines import make_ext_pipeline
from models.scikit.scalers import ExtStandardScaler, LogitScaler

RANDOM = np.random.default_rng(1)
X, M = RANDOM.uniform(2, 6, (3000, 2)), RANDOM.uniform(-1, 1, 3000)


@pytest.fixture(scope="module")
def pipeline():
    flow = ConditionalNormalizingFlow(
        num_inputs=2, num_blocks=2, num_hidden=8, epochs=10, lr=1e-2, batch_size=128
    )
    return make_ext_pipeline(LogitScaler(epsilon=1e-3, clip=True), ExtStandardScaler(), flow).fit(X, M)


def test_the_density_of_a_uniform_sample_is_one_by_its_area(pipeline):
    """Jacobians that are missing or upside down would give another integral."""
    axis = np.linspace(2, 6, 202)[1:-1]
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    density = pipeline.predict_proba(grid, np.zeros(len(grid)))
    assert density.mean() * 16 == pytest.approx(1, abs=0.02)
    inner = (abs(grid - 4) < 1.5).all(axis=1)
    assert density[inner].mean() == pytest.approx(1 / 16, rel=0.15)


def test_a_pipeline_comes_back_and_knows_its_jacobian(pipeline):
    mapped = pipeline.transform(X[:50], M[:50])
    np.testing.assert_allclose(pipeline.inverse_transform(mapped, M[:50]), X[:50], atol=1e-5)
    there = pipeline.jacobian_determinant(X[:50], M[:50])
    back = pipeline.inverse_jacobian_determinant(mapped, M[:50])
    np.testing.assert_allclose(there * back, 1, rtol=1e-4)


def test_what_is_sampled_is_in_the_units_of_x(pipeline):
    drawn = pipeline.sample(2, M)
    assert drawn.shape == (6000, 2)
    np.testing.assert_allclose(
        np.quantile(drawn, [0.25, 0.5, 0.75], axis=0).mean(axis=1), [3, 4, 5], atol=0.2
    )


def test_a_classifier_may_stand_behind_what_is_trained(pipeline):
    latent = pipeline.transform(X, M)
    y = (RANDOM.uniform(size=3000) < 0.5).astype(int)
    classifier = HGBClassifier(max_iters=3).fit(latent, y)
    whole = make_ext_pipeline(*(step for _, step in pipeline.steps), classifier)
    np.testing.assert_array_equal(whole.predict(X, M), classifier.predict(latent))
    assert whole.predict_proba(X, M).shape == (3000, 2)
    with pytest.raises(MaplessError, match="train the classifier by itself"):
        whole.fit(X, M)


def test_what_is_missing_is_named(pipeline):
    with pytest.raises(MaplessError, match="say at which m"):
        pipeline.transform(X)
    with pytest.raises(MaplessError, match="no density"):
        make_ext_pipeline(ExtStandardScaler()).sample(1, M)
    with pytest.raises(MaplessError, match="no classifier"):
        pipeline.predict(X, M)
