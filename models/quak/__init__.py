"""QUAK of CMS EXO-22-026 (arXiv:2412.03747): losses of background and of signal priors."""
