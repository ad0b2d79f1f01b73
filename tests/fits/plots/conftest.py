"""Figures without a screen, and the words on them."""

import warnings

import matplotlib as mpl
import pytest

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _missing_fonts_are_no_problem():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*font.*")
        yield


def texts(figure):
    legends = [
        text.get_text() for axes in figure.axes if axes.get_legend() for text in axes.get_legend().texts
    ]
    labels = [label for axes in figure.axes for label in (axes.get_xlabel(), axes.get_ylabel())]
    return " | ".join(legends + labels)
