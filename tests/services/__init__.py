"""Checks against real servers and batch systems, where they are installed."""
