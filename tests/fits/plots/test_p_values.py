import numpy as np

from fits.backgrounds import Dijet
from fits.plots.p_values import plot_p_values
from fits.significance.mass_scan import MassPoint, MassPoints, scan_masses
from fits.spectrum import Spectrum
from tests.fits.plots.conftest import texts


def test_p_values_of_every_scan_are_drawn_down_to_the_strongest_excess(dijet_toy, signal, tmp_path):
    spectrum = dijet_toy(2e5, seed=62)
    excess = np.round(2000 * signal.bin_fractions(spectrum.edges))
    scans = {
        "background": scan_masses(spectrum, Dijet(3), signal.scaled_to, [2500, 3000, 3500]),
        "excess": scan_masses(
            Spectrum(spectrum.edges, spectrum.counts + excess), Dijet(3), signal.scaled_to, [2500, 3000, 3500]
        ),
    }
    figure = plot_p_values(scans)
    figure.savefig(tmp_path / "p_values.png")
    assert "background" in texts(figure)
    assert figure.axes[0].get_ylim()[0] <= scans["excess"].most_significant.local_p_value or (
        figure.axes[0].get_ylim()[0] < 1e-16
    )


def test_smallest_of_all_runs_through_the_strongest_scan_at_each_mass():
    def scan(**p_values):
        points = [
            {"mass": float(m[1:]), "status": "converged", "local_p_value": p} for m, p in p_values.items()
        ]
        return MassPoints.of_json(points)

    scans = {"one": scan(m2000=0.1, m3000=0.01), "two": scan(m3000=0.2, m4000=None)}
    figure = plot_p_values(scans, smallest_of_all=True, x_title="mass of Y [GeV]")
    curve = next(line for line in figure.axes[0].lines if line.get_label() == "Smallest")
    assert curve.get_xdata().tolist() == [2000, 3000, 4000]
    np.testing.assert_allclose(curve.get_ydata(), [0.1, 0.01, np.nan])
    assert "mass of Y [GeV]" in texts(figure)


def test_points_of_fits_that_do_not_describe_the_data_are_open_and_the_legend_says_so():
    bad, good = {"quality": "fit does not describe the data"}, {"quality": "good"}
    point = {"status": "converged", "local_p_value": 0.1}
    scan = MassPoints.of_json([{"mass": 2000.0} | point | bad, {"mass": 3000.0} | point | good])
    figure = plot_p_values({"one": scan})
    assert "Open: fit does not describe the data" in texts(figure)
    (drawn,) = (line for line in figure.axes[0].lines if line.get_mfc() == "none" and len(line.get_xdata()))
    assert drawn.get_xdata().tolist() == [2000]


def test_many_scans_leave_room_for_their_points():
    scans = {f"scan {n}": MassPoints((MassPoint(2000.0 + n, "converged", 1e-5, 4.26),)) for n in range(40)}
    (axes,) = plot_p_values(scans).axes
    low, high = axes.get_ylim()
    assert 1e-40 < low < 1e-5 < high
    assert len(axes.get_legend().get_texts()) == 40


def test_the_legend_ends_below_the_strongest_excess_however_many_words_it_has():
    badly = {"background alone fits badly", "fit does not describe the data"}
    points = [MassPoint(2000.0 + n, "converged", 1e-7, 5.2, quality=words) for n, words in enumerate(badly)]
    figure = plot_p_values({"one": MassPoints(tuple(points))})
    figure.draw_without_rendering()
    (axes,) = figure.axes
    lowest = axes.transData.transform((2000.0, 1e-7))[1]
    assert axes.get_legend().get_window_extent().y1 < lowest
