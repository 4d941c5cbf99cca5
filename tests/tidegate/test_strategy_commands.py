"""new-strategy and check-strategy, as a person calls them."""

from pathlib import Path

import msgspec
import pytest

from tidegate.cli import run

BARS = "time,open,high,low,close\n" + "\n".join(
    f"2024-01-{1 + i // 24:02d} {i % 24:02d}:00:00,{100 + i % 7},{110 + i % 5},{90 - i % 3},{101 + i % 6}"
    for i in range(200)
)

PEEKS = '''"""A strategy that keeps what it may not."""

class Peeks:
    """Remembers on itself."""

    name, version = "peeks", 1

    def features(self):
        """Return none."""
        return {}

    def init(self):
        """Return nothing."""
        return {}

    def decide(self, state, view):
        """Count on the instance."""
        self.n = getattr(self, "n", 0) + 1
        return None, float(self.n)
'''


def test_a_new_strategy_keeps_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is written as a beginning already answers every question with yes, on real bars."""
    monkeypatch.chdir(tmp_path)

    assert 0 == run(["new-strategy", "first_owl"])
    assert 0 == run(["check-strategy", "first_owl:FirstOwl", "--json"])
    told = capsys.readouterr()
    lines = [line for line in told.out.splitlines() if line.startswith("{")]
    assert "asking it over" in told.err
    assert {"yes"} == {msgspec.json.decode(line)["answer"] for line in lines}
    assert 2 == run(["new-strategy", "first_owl"])
    assert 3 == run(["new-strategy", "First Owl"])


def test_a_strategy_that_breaks_the_contract_ends_with_11(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every question is shown with its answer, over bars of one's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "peeks.py").write_text(PEEKS, encoding="utf-8")
    (tmp_path / "bars.csv").write_text(BARS, encoding="utf-8")

    assert 11 == run(["check-strategy", "peeks:Peeks", "--data", "bars.csv"])
    shown = capsys.readouterr()
    assert any(line.split()[:2] == ["stateless", "NO"] for line in shown.out.splitlines())
    assert "questions of the contract are answered with no" in shown.err


def test_parameters_are_written_as_in_the_toml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A parameter that the strategy does not take is refused by its name."""
    file = tmp_path / "bars.csv"
    file.write_text(BARS, encoding="utf-8")

    assert 3 == run(["check-strategy", "trend", "--data", str(file), "--param", "fast=60"])
    assert "fast (60) must be less than slow (50)" in capsys.readouterr().err


def test_bars_that_are_not_there_end_with_4(tmp_path: Path) -> None:
    """A missing file is a matter of data."""
    assert 4 == run(["check-strategy", "trend", "--data", str(tmp_path / "absent.csv")])
