import numpy as np
import pytest

from models.quak.signed_norm import signed_norm


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([3.0], 3.0),
        ([-3.0], -3.0),
        ([1.0, 1.0], 2**0.2),
        ([2.0, -1.0], 31**0.2),
        ([-2.0, 1.0], -(31**0.2)),
        ([1.0, -1.0, 0.0], 0.0),
    ],
)
def test_it_is_the_fifth_root_of_the_sum_of_fifth_powers_with_their_signs(losses, expected):
    assert signed_norm(losses) == pytest.approx(expected)


def test_every_event_has_its_own_and_another_power_another_norm():
    found = signed_norm([[3.0, 4.0], [-3.0, -4.0]], power=2)
    np.testing.assert_allclose(found, [5.0, -5.0])
