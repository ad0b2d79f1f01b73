from analysis import selftest


def test_golden_numbers_are_reproduced_here() -> None:
    assert selftest.run_selftest()
