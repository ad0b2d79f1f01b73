"""The commands of `./run_analysis.py`, one file or folder each; nothing else imports them."""
