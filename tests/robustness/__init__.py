"""Malformed inputs of every kind, made by seed: each is refused in one line, or gives the right number."""
