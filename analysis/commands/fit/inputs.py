"""What `./run_analysis.py fit` reads: spectra by name with their shares of the signal, and the signal."""

import re
from collections.abc import Sequence
from pathlib import Path

from analysis.commands.fit.options import FitOptions
from errors import MaplessError
from fits.resonance_search import ResonanceCategory
from fits.signals import GaussianSignal, SignalOfMass, signal_from_json
from fits.sources.files import read_spectrum
from input_files import read_json


def read_categories(options: FitOptions) -> list[ResonanceCategory]:
    """Read all spectra; MaplessError for bad ones, names that occur twice, and shares that do not match."""
    names, shares = category_names(options.sources), _shares(options)
    categories = []
    for (name, source), share in zip(names.items(), shares, strict=True):
        said: list[str] = []
        spectrum = read_spectrum(
            source,
            mass_range=options.mass_range,
            column=options.column,
            edge_columns=options.edge_columns,
            luminosity=options.luminosity,
            unbinned=options.unbinned,
            hear=said.append,
        )
        categories.append(ResonanceCategory(name, spectrum, share, source, *said))
    return categories


def read_signal(path: Path | None, width: float) -> SignalOfMass:
    """Signal shape as a function of the mass in GeV.

    From a JSON file as `fits.signals.signal_from_json` takes it; without a file a Gaussian whose relative
    width is `width`.
    """
    if path is None:
        return GaussianSignal(width)
    stored = read_json(path)
    try:
        return signal_from_json(stored)
    except MaplessError as error:
        raise MaplessError(f"signal file {path.name}: {error}") from None


def category_names(sources: Sequence[str]) -> dict[str, str]:
    """Files by name: `NAME=FILE`, or the name of a file or of the histogram in it, as a word.

    >>> category_names(["a/loose.csv", "tight=b/spectrum.csv", "file.root:m jj"])
    {'loose': 'a/loose.csv', 'tight': 'b/spectrum.csv', 'm_jj': 'file.root:m jj'}
    """
    given = [re.fullmatch(r"(?:([A-Za-z]\w*)=)?(.+)", source, re.DOTALL) for source in sources]
    if not all(given):
        raise MaplessError("a spectrum without a name; give a file, or NAME=FILE")
    pairs = [(match[1] or _word(match[2]), match[2]) for match in given if match]
    for place, what in ((0, "are called"), (1, "come from")):
        seen = [pair[place].casefold() for pair in pairs]  # they become names of files
        twice = [pair[place] for pair in pairs if seen.count(pair[place].casefold()) > 1]
        if twice:
            raise MaplessError(
                f"two spectra {what} {twice[0]}; categories share no events and have different names, "
                "written NAME=FILE"
            )
    return dict(pairs)


def _word(source: str) -> str:
    """Name of the histogram or file, as a word that starts with a letter."""
    file, _, histogram = source.rpartition(".root:")
    word = re.sub(r"\W+", "_", histogram if file else Path(source).stem)
    return word if re.match(r"[A-Za-z]", word) else f"spectrum_{word}"


def _shares(options: FitOptions) -> tuple[float, ...]:
    n_spectra, n_shares = len(options.sources), len(options.shares)
    if n_spectra == 1 and not n_shares:
        return (1.0,)
    if n_shares != n_spectra:
        raise MaplessError(
            f"{n_spectra} spectra and {n_shares} shares of the signal; give one share for each, as in "
            "--shares 0.5,0.3,0.2"
        )
    return options.shares
