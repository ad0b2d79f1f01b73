"""The level-1 trigger from simulated crossings to verified firmware: `./run_analysis.py trigger run`."""
