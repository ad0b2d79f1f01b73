import pytest

from tests.benchmarks.detector_cells import Sample, counted_significance
from tests.benchmarks.detectors import injection_table, part_table, samples, write_between_marks


def found(detector, sample, counted, fitted, **more):
    numbers = {"n_injected": 10, "counted": counted, "fitted": {"3000": fitted, "3100": 0.1}}
    return {"detector": detector, **vars(sample), **numbers, **more}


def test_a_table_of_injections_says_how_many_seeds_a_cell_has():
    cells = [found("event", Sample("yy", 2, seed), 4.0 + seed, 3.0) for seed in (1, 2)]
    cells.append(found("vae", Sample("yy", 2, 1), 1.0, 0.5))
    cells.append(found("event", Sample(), 0.0, 0.8))
    rows = injection_table(cells)
    assert rows[0] == "| signal | strength | events | event | vae |"
    assert rows[2:] == [
        "| none | 0 | 10 | – / 0.8 (1) | – |",
        "| yy | 2 | 10 | 5.5 ± 0.7 / 3.0 ± 0.0 (2) | 1.0 / 0.5 (1) |",
    ]


def test_a_table_of_parts_counts_fits_that_failed():
    p_values = {0: 0.2, 1: 0.5, 2: None, 3: 0.8}
    cells = [
        found("event", Sample(part=part, parts=20), 0.0, 0.0, global_p_value=p)
        | ({} if p else {"failed": "no fit"})
        for part, p in p_values.items()
    ]
    row = part_table(cells)[2].split(" | ")
    assert row[:4] == ["| event", "4 of 20", "1", "0.200"]


def test_background_alone_is_one_sample_for_all_signals():
    named = [sample.name for sample in samples(["yy", "hh"], [0, 1], [1], 0)]
    assert named == ["nothing-seed1", "yy-x1-seed1", "hh-x1-seed1"]
    assert len(samples(["yy"], [0, 1], [1], parts=20)) == 20


def test_a_count_is_significant_as_asymptotic_formulae_say():
    assert counted_significance(10, 1e6) == pytest.approx(0.01, rel=1e-3)
    assert counted_significance(5, 5) == pytest.approx(1.966, abs=1e-3)
    assert counted_significance(0, 0) == 0


def test_tables_go_between_the_marks_of_a_document(tmp_path):
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- injections -->\nold\n<!-- end of injections -->\nafter\n")
    write_between_marks(document, "injections", ["| new |"])
    assert document.read_text() == "before\n<!-- injections -->\n| new |\n<!-- end of injections -->\nafter\n"
    with pytest.raises(SystemExit, match="has no <!-- parts"):
        write_between_marks(document, "parts", [])
