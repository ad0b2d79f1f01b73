"""Scans of all connected regions of histograms whose background is simulated: MUSiC, Sleuth, BumpHunter."""
