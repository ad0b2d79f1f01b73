"""The mass windows of CMS EXO-22-026 (arXiv:2412.03747): edges, neighbours, masses and working points."""

from models.window import windows_between

# Edges of the windows in GeV, events kept of their sidebands, and masses tested in each: arXiv:2412.03747.
# The neighbours of a window are its sidebands; no window of the paper holds 4000 GeV.
EDGES = {
    "A": (1450.0, 1650.0, 2017.0, 2465.0, 3013.0, 3682.0, 4500.0, 5500.0, 8000.0),
    "B": (1492.0, 1824.0, 2230.0, 2725.0, 3331.0, 4071.0, 4975.0, 6081.0, 8000.0),
}
KEPT = (0.01, 0.01, 0.01, 0.03, 0.03, 0.05)
# Of errors of an autoencoder, above which Tag N' Train takes a jet for signal-rich: arXiv:2412.03747.
SIGNAL_RICH = {"A": (0.8, 0.8, 0.8, 0.8, 0.65, 0.5), "B": (0.8, 0.8, 0.8, 0.65, 0.5, 0.5)}
MASSES = {
    "A1": (1800, 1900),
    "A2": (2200, 2300),
    "A3": (2600, 2700, 2800),
    "A4": (3200, 3300, 3400, 3500),
    "A5": (3900, 4100, 4200, 4300),
    "A6": (4800, 4900, 5000, 5100, 5200),
    "B1": (2000, 2100),
    "B2": (2400, 2500),
    "B3": (2900, 3000, 3100),
    "B4": (3600, 3700, 3800),
    "B5": (4400, 4500, 4600, 4700),
    "B6": (5300, 5400, 5500, 5600, 5700, 5800),
}
WINDOWS = windows_between(EDGES["A"], "mjj", "A") | windows_between(EDGES["B"], "mjj", "B")
KEPT_OF_WINDOW = {name: KEPT[int(name[1]) - 1] for name in WINDOWS}
SIGNAL_RICH_OF_WINDOW = {name: SIGNAL_RICH[name[0]][int(name[1]) - 1] for name in WINDOWS}
