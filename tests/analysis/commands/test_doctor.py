import pytest

from analysis.commands import doctor


def test_everything_is_found_on_the_machine_of_the_tests(capsys: pytest.CaptureFixture[str]) -> None:
    doctor.examine()
    shown = capsys.readouterr().out
    for name in ("Python", "C++ compiler", "root", "tensorflow", "memory", "embedded sample"):
        assert name in shown


def test_a_missing_package_and_a_missing_compiler_say_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "locked_versions", lambda: {"zfit": "99.0"})
    monkeypatch.setenv("PATH", "")
    assert not doctor.examine()
    shown = capsys.readouterr().out
    assert "source setup.sh" in shown
    assert "install g++" in shown


def test_the_lock_names_every_key_package() -> None:
    assert set(doctor.KEY_PACKAGES) <= set(doctor.locked_versions())
