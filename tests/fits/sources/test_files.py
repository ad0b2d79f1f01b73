import numpy as np
import pytest

from errors import MaplessError
from fits.sources.files import read_spectrum

EDGES = [1000.0, 1100.0, 1250.0]


def written(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


@pytest.fixture(scope="module")
def root_file(tmp_path_factory):
    import uproot

    path = tmp_path_factory.mktemp("root") / "spectra.root"
    with uproot.recreate(path) as file:
        file["signal_region/mjj"] = (np.array([5.0, 3.0]), np.array(EDGES))
        file["other"] = (np.array([1.0]), np.array([0.0, 1.0]))
    return path


def test_published_spectrum_is_read_from_events_and_from_its_cross_section(cms_spectrum):
    events = read_spectrum(cms_spectrum)
    assert (events.n_bins, events.low, events.high, events.counts[0]) == (42, 1530, 8752, 1580525)
    from_cross_section = read_spectrum(cms_spectrum, column="dsigma_dm_pb_per_TeV", luminosity=137.502)
    assert from_cross_section.counts == pytest.approx(events.counts, abs=0.6)


def test_root_histogram_is_found_by_its_path(root_file):
    spectrum = read_spectrum(f"{root_file}:signal_region/mjj")
    assert (spectrum.edges.tolist(), spectrum.counts.tolist()) == (EDGES, [5, 3])
    with pytest.raises(MaplessError, match="it holds signal_region/mjj, other"):
        read_spectrum(root_file)
    with pytest.raises(MaplessError, match="no one-dimensional histogram absent"):
        read_spectrum(f"{root_file}:absent")


def test_histogram_objects_lose_under_and_overflow_only():
    import hist

    histogram = hist.Hist.new.Variable(EDGES).Double().fill([900, 1050, 1200, 1210, 1300])
    spectrum = read_spectrum(histogram)
    assert (spectrum.edges.tolist(), spectrum.counts.tolist()) == (EDGES, [1, 2])
    two_dimensional = hist.Hist.new.Regular(2, 0, 1).Regular(2, 0, 1).Double()
    with pytest.raises(MaplessError, match="one-dimensional"):
        read_spectrum(two_dimensional)


def test_histograms_of_root_and_of_its_data_frames_are_read():
    import ROOT

    histogram = ROOT.TH1D("mjj", "", 2, np.array(EDGES))
    for mass in (900, 1050, 1200, 1210, 1250):
        histogram.Fill(mass)
    assert read_spectrum(histogram).counts.tolist() == [1, 2]
    frame = ROOT.RDataFrame(3).Define("mjj", "1050. + 100 * rdfentry_")
    assert read_spectrum(frame.Histo1D(("mjj", "", 2, np.array(EDGES)), "mjj")).counts.tolist() == [1, 1]


def test_weighted_histogram_warns_that_poisson_errors_are_wrong():
    import hist

    histogram = hist.Hist.new.Variable(EDGES).Weight().fill([1050, 1200], weight=0.25)
    with pytest.warns(UserWarning, match="mean weight 0.25"):
        assert read_spectrum(histogram).counts.tolist() == [0.25, 0.25]


@pytest.mark.parametrize(
    "text",
    [
        "# comment\nmjj_low,mjj_high,n_events\n1000,1100,5\n1100,1250,3\n",
        "low, high, events, error\n1000, 1100, 5, 2.2\n1100, 1250, 3, 1.7\n",
        '#: table: 1\n"$m_{jj}$ [TEV]","$m_{jj}$ [TEV] LOW","$m_{jj}$ [TEV] HIGH",'
        '"Observed","stat +","stat -"\n'
        "1.05,1.0,1.1,5,2,-2\n1.175,1.1,1.25,3,2,-2\n",
        "xmin,xmax,dsigma/dm [fb/GeV],err_up\n1000,1100,0.05,1\n1100,1250,0.02,1\n",
    ],
    ids=["own", "short", "hepdata", "cross-section"],
)
def test_columns_of_tables_are_recognised(tmp_path, text):
    spectrum = read_spectrum(written(tmp_path, "table.csv", text), luminosity=1.0)
    assert spectrum.edges == pytest.approx(EDGES)
    assert spectrum.counts == pytest.approx([5, 3])


def test_equidistant_centres_are_bins(tmp_path):
    spectrum = read_spectrum(written(tmp_path, "table.csv", "mjj [TeV],events\n1.05,5\n1.15,3\n1.25,0\n"))
    assert spectrum.edges == pytest.approx([1000, 1100, 1200, 1300])


def test_hepdata_yaml_is_read(tmp_path):
    text = """
independent_variables:
- header: {name: mjj, units: TeV}
  values: [{low: 1.0, high: 1.1}, {low: 1.1, high: 1.25}]
dependent_variables:
- header: {name: Background}
  values: [{value: 4.5}, {value: 3.5}]
- header: {name: Observed events}
  values: [{value: 5, errors: [{symerror: 2.2}]}, {value: 3}]
"""
    path = written(tmp_path, "table.yaml", text)
    assert read_spectrum(path).counts.tolist() == [5, 3]
    assert read_spectrum(path, column="Background").counts.tolist() == [4.5, 3.5]
    assert read_spectrum(path).edges == pytest.approx(EDGES)


def test_masses_are_counted_in_four_gev_bins_of_the_range(tmp_path):
    path = written(tmp_path, "masses.txt", "# mjj\n1501\n1502.5\n1506\n9000\n")
    spectrum = read_spectrum(path, mass_range=(1500, 1512))
    assert spectrum.counts.tolist() == [2, 1, 0]
    np.save(tmp_path / "masses.npy", [1501.0, 1506.0])
    assert read_spectrum(tmp_path / "masses.npy", edges=[1500, 1510]).total == 2


def test_range_keeps_whole_bins(root_file):
    assert read_spectrum(f"{root_file}:signal_region/mjj", mass_range=(1050, 2000)).counts.tolist() == [3]
    with pytest.raises(MaplessError, match="no bin lies between 1300 and 2000 GeV"):
        read_spectrum(f"{root_file}:signal_region/mjj", mass_range=(1300, 2000))


HEADER = "low,high,events\n"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("t.csv", HEADER + "1000,1100,5\n1200,1300,3\n", "one ends at 1100, the next starts at 1200"),
        ("t.csv", HEADER + "1000,1100,5\n1050,1150,3\n", "not contiguous"),
        ("t.csv", HEADER + "1000,1100,-5\n", "t.csv: bin 0 has -5 events"),
        ("t.csv", HEADER + "1000,1100,nan\n", "t.csv: counts contain NaN"),
        ("t.csv", HEADER + "1000,1100,\n", "t.csv: counts contain NaN"),
        ("t.csv", HEADER + "1000,1100,many\n", "'events' of t.csv holds text"),
        ("t.csv", HEADER + "1000,1100,5,6\n1,2\n1,2,3,4,5,6,7\n", "not a CSV table"),
        ("t.csv", HEADER, "two edges"),
        ("t.csv", "", "not a CSV table"),
        ("t.csv", "1000,1100,5\n1100,1200,3\n", "starts without a header"),
        ("t.csv", "low,high,answer\n1000,1100,5\n", "which column of t.csv holds the events"),
        ("t.csv", "mass,events\n1000,5\n1100,3\n1300,2\n", "no columns of lower and upper bin edges"),
        ("t.csv", "low,high,dsigma/dm [pb/TeV]\n1000,1100,5\n", "give the luminosity"),
        ("t.yaml", "independent_variables: 3\n", "not a HEPData table"),
        ("t.txt", "1000 GeV\n", "not a list of numbers"),
        ("t.txt", "1000\n", "give the mass range"),
        ("t.txt", "1000 1100 5\n1100 1200 6\n", "one mass in GeV per event"),
        ("t.root", "no ROOT file at all", "cannot be read as a ROOT file"),
        ("t.pdf", "", "cannot read a spectrum from t.pdf"),
    ],
)
def test_bad_file_is_refused_in_one_line_that_names_it(tmp_path, name, text, complaint):
    path = written(tmp_path, name, text)
    with pytest.raises(MaplessError, match="(?s)" + complaint) as refusal:
        read_spectrum(path)
    assert "\n" not in str(refusal.value)
    with pytest.raises(MaplessError, match="no spectrum file"):
        read_spectrum(tmp_path / f"absent-{name}") if name != "t.pdf" else read_spectrum("absent.csv")


def test_absent_column_is_named(tmp_path):
    path = written(tmp_path, "t.csv", HEADER + "1000,1100,5\n")
    with pytest.raises(MaplessError, match="no column signal; it has low, high, events"):
        read_spectrum(path, column="signal")
