"""Detectors of the unexpected: networks, weak supervision, folds and scores. Works on arrays and batches."""
