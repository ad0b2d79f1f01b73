"""The sentence at the top of a report says no more than was found."""

from analysis.report.summary_sentence import summary_sentence

LARGEST = {"mass": 3000.0, "where": "mjj, all events", "significance": 4.5, "flag": ""}
RARE = {"p_value": 0.0, "upcrossings_p_value": 9e-5, "significance": 3.74, "extrapolated": True}


def sentence(largest=LARGEST, everywhere=RARE, closed=False, closure=()):
    return summary_sentence("collision data (jetht)", closed, closure, largest, everywhere)


def test_evidence_is_called_so_with_its_global_probability():
    assert "evidence for an excess: 4.50 σ at 3000 GeV" in sentence()
    assert "probability of 9e-05" in sentence()


def test_an_excess_carries_the_flag_of_its_fit():
    flagged = LARGEST | {"flag": ", background alone fits badly"}
    for everywhere in (None, RARE, RARE | {"upcrossings_p_value": 0.2}):
        assert "in mjj, all events (background alone fits badly)" in sentence(flagged, everywhere)


def test_nothing_is_called_nothing():
    usual = {"p_value": 0.3, "significance": 0.5, "extrapolated": False}
    assert "nothing departs from the background" in sentence(everywhere=usual)
    assert "no excess at any mass" in sentence(LARGEST | {"significance": 0.0})


def test_without_toys_no_word_about_all_masses_is_said():
    for none in (None, {"p_value": None, "status": "failed"}):
        assert "before the number of places" in sentence(everywhere=none)
        assert "evidence" not in sentence(everywhere=none)


def test_where_no_toy_tells_how_rare_it_is_no_probability_is_given():
    assert "no toy of the background reaches" in sentence(everywhere=RARE | {"upcrossings_p_value": None})


def test_closed_data_are_told_by_their_closure_alone():
    for checks, words in (
        ((), "is missing"),
        (({"name": "pulls", "passed": True},), "passed"),
        (({"name": "pulls", "passed": False},), "failed at 1 of 1 checks (pulls)"),
    ):
        told = sentence(closed=True, closure=checks)
        assert words in told
        assert "4.50" not in told


def test_without_a_fit_nothing_is_said():
    assert "nothing can be said" in sentence(largest=None)
