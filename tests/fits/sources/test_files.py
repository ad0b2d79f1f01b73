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


def test_masses_may_stay_unbinned(tmp_path):
    path = written(tmp_path, "masses.txt", "1501\n1502.5\n1506\n9000\n")
    spectrum, said = heard(path, mass_range=(1500, 1512), unbinned=True)
    assert (spectrum.total, np.count_nonzero(spectrum.counts)) == (3, 3)
    assert said == "3 of 4 masses (taken as GeV), unbinned"
    with pytest.raises(MaplessError, match="needs a mass range"):
        read_spectrum(path, unbinned=True)
    with pytest.raises(MaplessError, match="t.csv has bins"):
        read_spectrum(written(tmp_path, "t.csv", HEADER), mass_range=(1500, 1512), unbinned=True)


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
        ("t.csv", HEADER + "1000,1100,many\n", "t.csv: 'events' holds text"),
        ("t.csv", HEADER + "1000,1100,5,6\n1,2\n1,2,3,4,5,6,7\n", "not a CSV table"),
        ("t.csv", HEADER, "two edges"),
        ("t.csv", "", "not a CSV table"),
        ("t.csv", "1000,1100,5\n1100,1200,3\n", "starts without a header"),
        ("t.csv", "low,high,answer\n1000,1100,5\n", "t.csv: which column holds the observed events"),
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
    with pytest.raises(MaplessError, match="no file"):
        read_spectrum(tmp_path / f"absent-{name}") if name != "t.pdf" else read_spectrum("absent.csv")


def test_absent_column_is_named(tmp_path):
    path = written(tmp_path, "t.csv", HEADER + "1000,1100,5\n")
    with pytest.raises(MaplessError, match="t.csv: no column signal; it has events"):
        read_spectrum(path, column="signal")


def heard(path, **options):
    """A spectrum and what was said of it."""
    said = []
    return read_spectrum(path, hear=said.append, **options), said[0]


@pytest.mark.parametrize(
    "header",
    [
        "low [GeV],high [GeV]",
        "mass low [GeV],mass high [GeV]",
        "xmin [GeV],xmax [GeV]",
        "mjj_low_GeV,mjj_high_GeV",
        "binLow,binHigh",
        "lower edge of m_jj / GeV,upper edge of m_jj / GeV",
        "Start,Stop",
        "E1,E2",
    ],
)
def test_edges_are_edges_whatever_they_are_called(tmp_path, header):
    text = f"{header},events\n1000,1100,5\n1100,1200,3\n1200,1300,2\n"
    assert read_spectrum(written(tmp_path, "t.csv", text)).edges.tolist() == [1000, 1100, 1200, 1300]


def test_unit_of_the_edges_is_that_of_their_header_and_is_said(tmp_path):
    rows = ",events\n1.0,1.1,5\n1.1,1.25,3\n"
    spectrum, said = heard(written(tmp_path, "t.csv", "xmin [TeV],xmax [TeV]" + rows))
    assert spectrum.edges == pytest.approx(EDGES)
    assert said == "events of 'events' in bins from 'xmin [TeV]' to 'xmax [TeV]'"
    spectrum, said = heard(written(tmp_path, "t.csv", "xmin,xmax" + rows))
    assert spectrum.edges == pytest.approx([1.0, 1.1, 1.25])
    assert said.endswith("to 'xmax' (no unit: taken as GeV)")


@pytest.mark.parametrize(
    "column",
    ["Events per GeV", "events/GeV", "N / 1 GeV", "Data [1/GeV]", "dN/dm [GeV^-1]", "Events [GeV$^{-1}$]"],
)
def test_densities_become_events(tmp_path, column):
    text = f"low,high,{column}\n1000,1100,0.05\n1100,1250,0.02\n"
    spectrum, said = heard(written(tmp_path, "t.csv", text))
    assert spectrum.counts == pytest.approx([5, 3])
    assert "events per mass" in said


@pytest.mark.parametrize(
    ("column", "events"),
    [
        ("Events per 100 GeV", [5, 7.5]),
        ("Events / 10 TeV", [0.05, 0.075]),
        ("Events / bin", [5, 5]),
        ("Data (139 fb$^{-1}$)", [5, 5]),
        ("Events in 139/fb", [5, 5]),
    ],
)
def test_only_a_mass_in_the_denominator_makes_a_density(tmp_path, column, events):
    text = f"low,high,{column}\n1000,1100,5\n1100,1250,5\n"
    assert read_spectrum(written(tmp_path, "t.csv", text)).counts == pytest.approx(events)


@pytest.mark.parametrize(
    ("columns", "used"),
    [
        ("N(expected),N(observed)", "N(observed)"),
        ("Events (background fit),Data", "Data"),
        ("background_events,events,events_err", "events"),
        ("Data / GeV,Data", "Data"),
        ("Data/MC ratio,Observed p-value,n_obs", "n_obs"),
        ("Signal events,Events in signal region", "Events in signal region"),
    ],
)
def test_the_observed_column_is_used(tmp_path, columns, used):
    numbers = ",".join("123"[: columns.count(",") + 1])
    path = written(tmp_path, "t.csv", f"low,high,{columns}\n1000,1100,{numbers}\n")
    assert f"of '{used}' in" in heard(path)[1]


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("low,high,Events SR,Events CR", "There are Events SR, Events CR; name one with --column"),
        ("low,high,Events,Events", r"There are Events, Events.1; name one"),
        ("low,high,Events (background fit),Events (signal)", "name one with --column"),
        ("mjj low,mjj high,m low,m high,events", "name them with --edge-columns".replace("name", "Name")),
        ("mass low [GeV],events,width,x", "no column is the upper one; it has mass low"),
        ("bin,events,a,b", "'bin' is no mass"),
        ("low,high,dN/dm,x", "write it like 'dN/dm \\[1/GeV\\]'"),
    ],
)
def test_what_can_be_meant_in_two_ways_is_asked(tmp_path, header, complaint):
    n_columns = header.count(",") + 1
    rows = "\n".join(",".join(str(100 * (row + place)) for place in range(n_columns)) for row in (10, 11))
    path = written(tmp_path, "t.csv", f"{header}\n{rows}\n")
    with pytest.raises(MaplessError, match=complaint) as refusal:
        read_spectrum(path)
    assert "t.csv" in str(refusal.value)


def test_edges_may_be_named(tmp_path):
    path = written(
        tmp_path, "t.csv", "m low,m high,mjj low,mjj high,events\n0,5,1000,1100,5\n5,9,1100,1250,3\n"
    )
    assert read_spectrum(path, edge_columns=("mjj low", "mjj high")).edges.tolist() == EDGES
    with pytest.raises(MaplessError, match="no column x; it has m low"):
        read_spectrum(path, edge_columns=("x", "mjj high"))


def test_hepdata_variables_of_one_name_are_told_apart_by_their_qualifiers(tmp_path):
    text = """
independent_variables:
- header: {name: mjj, units: GeV}
  values: [{low: 1000, high: 1100}, {low: 1100, high: 1250}]
dependent_variables:
- header: {name: Events, units: 1/GeV}
  qualifiers: [{name: REGION, value: SR}]
  values: [{value: 0.05}, {value: 0.02}]
- header: {name: Events, units: 1/GeV}
  qualifiers: [{name: REGION, value: CR}]
  values: [{value: 1}, {value: 2}]
"""
    path = written(tmp_path, "table.yaml", text)
    with pytest.raises(MaplessError, match=r"Events \[1/GeV\] \(REGION: SR\), Events"):
        read_spectrum(path)
    spectrum, said = heard(path, column="Events [1/GeV] (REGION: SR)")
    assert spectrum.counts == pytest.approx([5, 3])
    assert said.endswith("in bins of 'mjj [GeV]'")


def test_title_of_an_axis_names_the_unit():
    import hist
    import ROOT

    in_tev = hist.Hist.new.Variable([1.0, 1.1, 1.25], label="$m_{jj}$ [TeV]").Double().fill([1.05, 1.2])
    histogram = ROOT.TH1D("in_tev", ";m_{jj} (TeV);Events", 2, np.array([1.0, 1.1, 1.25]))
    for one in (in_tev, histogram):
        assert read_spectrum(one).edges == pytest.approx(EDGES)


def test_a_folder_with_root_in_its_name_makes_no_root_file(tmp_path):
    (tmp_path / "my.root_histos").mkdir()
    path = written(tmp_path / "my.root_histos", "t.csv", HEADER + "1000,1100,5\n")
    assert read_spectrum(path).total == 5


def test_numbers_that_are_no_counts_are_said_to_be_strange(tmp_path):
    path = written(tmp_path, "t.csv", HEADER + "1000,1100,5.5\n")
    assert "not whole numbers" in heard(path)[1]
