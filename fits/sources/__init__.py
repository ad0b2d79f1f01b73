"""Spectra from what analysts have: histograms, tables, lists of masses."""
