"""Whether a fit may be believed: goodness of fit, bias, spurious signal, impacts, compatibility."""
