"""Puts the rooms together: searches, configuration, simulation, stages and reports."""
