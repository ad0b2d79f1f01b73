"""One number from several losses that keeps what is extreme in any of them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def signed_norm(losses: ArrayLike, power: float = 5.0) -> NDArray[np.float64]:
    """Combine losses (n_events, n_losses): sign(s) |s|^(1/power) of s = sum sign(x) |x|^power, (n_events,).

    Losses have mean 0 and width 1 (arXiv:2412.03747, power 5).

    >>> signed_norm([[2.0, 0.0], [1.0, -1.0], [-2.0, 1.0]]).round(3)
    array([ 2.   ,  0.   , -1.987])
    """
    values = np.asarray(losses, np.float64)
    total = np.sum(np.sign(values) * np.abs(values) ** power, axis=-1)
    return np.sign(total) * np.abs(total) ** (1 / power)
