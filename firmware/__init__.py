"""Quantised trigger models, firmware projects, bit-exact checks and rates."""
