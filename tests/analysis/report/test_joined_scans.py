"""Scans of the windows of one hunt are one curve."""

from analysis.report.fit_figures import joined


def point(mass, p_value):
    return {"mass": mass, "local_p_value": p_value}


def test_windows_are_joined_in_order_of_mass_and_the_smallest_p_value_of_a_mass_counts() -> None:
    scans = [
        ("hunt, kept", [point(3000, 0.1), point(3200, 0.2)]),
        ("hunt, kept", [point(2800, 0.3), point(3000, 0.01)]),
        ("hunt, kept", [point(3200, None), point(2800, 0.5)]),
        ("other, kept@3000", [point(3000, None)]),
        ("other, kept@2800", [point(2800, 0.4)]),
    ]
    assert joined(scans) == {
        "hunt, kept": [point(2800, 0.3), point(3000, 0.01), point(3200, 0.2)],
        "other, kept": [point(2800, 0.4), point(3000, None)],
    }
