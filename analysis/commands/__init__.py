"""The commands of `./run_analysis.py`, one folder or file for each."""
