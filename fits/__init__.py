"""Spectra, background and signal shapes, likelihoods, p-values and limits. Knows nothing of detectors."""
