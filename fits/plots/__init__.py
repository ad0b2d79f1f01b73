"""Figures of fits, one kind per file, in the style of the experiments."""
