"""`./run_analysis.py fit`: background, p-values, limits and global significance for any spectra."""
