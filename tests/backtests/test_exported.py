"""What analysts get: every table as Parquet, views over them in DuckDB, and frames, with the journal's own rows."""

import re

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pyarrow import parquet

from backtests.exported import DATABASE, export, frame
from runtime.journal.reader import ORDER
from tests.attributed import BEGAN, DAY, a_journal, decision_row, outcome_row, run_row
from tidegate.cli import run


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the state folder of an account with three trades."""
    a_journal(tmp_path / "one", run_row(), decision_row(1, "held"), *(outcome_row(n) for n in range(3)))
    return tmp_path / "one"


def test_every_table_becomes_a_file_and_a_view(state: Path, tmp_path: Path) -> None:
    """With as many rows; one without rows too."""
    counts = export(state / "journal.sqlite", tmp_path / "out")

    assert set(ORDER) == set(counts)
    assert {"outcomes": 3, "decisions": 1, "runs": 1} == {name: n for name, n in counts.items() if n}
    assert [*counts.values()] == [
        parquet.read_metadata(tmp_path / "out" / f"{name}.parquet").num_rows for name in counts
    ]  # fmt: skip
    with duckdb.connect(str(tmp_path / "out" / DATABASE), read_only=True) as database:
        assert [(3, 150.0)] == database.sql("SELECT count(*), sum(net) FROM outcomes").fetchall()


def test_a_frame_has_moments_and_numbers(state: Path) -> None:
    """Milliseconds become UTC moments, and 0 becomes none."""
    found = frame(str(state), "outcomes")

    assert [100.0, -50.0, 100.0] == found["net"].tolist()
    assert pd.Timestamp(BEGAN + 10 * 3_600_000, unit="ms", tz="UTC") == found["closed"].iloc[0]
    assert pd.Timedelta(DAY, unit="ms") == found["closed"].iloc[1] - found["closed"].iloc[0]
    assert frame(str(state), "alerts").empty


def test_a_journal_is_exported_by_command(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says where, and how many rows; once more overwrites."""
    for _ in range(2):
        assert 0 == run(["journal", "export", str(state), str(tmp_path / "out")])
    assert "outcomes" in capsys.readouterr().out


def test_what_the_page_says_of_a_notebook_runs(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it stands there, with the names of an account and a folder; what it shows is of UTC, wherever it runs."""
    export(state / "journal.sqlite", tmp_path / "out")
    page = (Path(__file__).parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")
    (block,) = [code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "duckdb" in code]
    monkeypatch.setenv("TZ", "America/New_York")
    names: dict[str, object] = {}

    exec(block.replace("FOLDER", str(tmp_path / "out")).replace("ACCOUNT", str(state)), names)  # noqa: S102 - our own page

    trades = names["trades"]
    assert isinstance(trades, pd.DataFrame)
    assert ["live"] == [*trades["book"].unique()]
    assert "count_star()" in capsys.readouterr().out
