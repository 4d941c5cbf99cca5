"""What is printed for people fits their screen: no word is cut where there is room for it below."""

import os
import pty
import subprocess
import sys

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = """
from tidegate.output import table
rows = [{"instruction": 4294967300, "story": "sent and filled", "symbol": s} for s in ("EURUSD", "XAUUSD")]
table(rows, ("instruction", "symbol", "story"))
"""

REPORT = {
    "detector": "hmm", "states": 1, "covariance": "diag", "emission": "gauss", "sticky": 0.0, "first": 0, "last": 0,
    "profiles": [dict.fromkeys(("state", "occupancy", "volatility", "dwell", "efficiency", "autocorrelation"), 1)],
    "mute": [], "converged": True, "rows": 1, "bars": 1, "log_likelihood": 0.0, "iterations": 1,
    "fingerprint": "5e" * 32, "folder": "models",
}  # fmt: skip


def shown(code: str, width: int) -> list[str]:
    """Return the lines that a program prints on a screen so wide."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": str(width), "TERM": "dumb"}
    env.pop("LINES", None)  # where one is told, rich believes the columns, too: not every shell tells it
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=theirs, env=env, check=True)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        return screen.read(65536).decode().splitlines()


@pytest.mark.parametrize("width", [60, 32])
def test_a_screen_wide_enough_gets_a_table(width: int) -> None:
    """A line for each row, sentences folded between words."""
    head, *_ = shown(TABLE, width)

    assert ["instruction", "symbol", "story"] == head.split()


def test_a_narrow_screen_gets_one_row_below_the_other() -> None:
    """Nothing is cut; an empty line stands between rows."""
    lines = shown(TABLE, 24)

    assert ["instruction", "4294967300"] == lines[0].split()
    assert [len(lines) // 2] == [place for place, line in enumerate(lines) if not line]
    assert not any("…" in line for line in lines)


def test_a_reader_who_goes_away_ends_a_screen_quietly() -> None:
    """`tidegate backtest … | head -1` has not failed, though its frames are not printed line by line."""
    reader, writer = os.pipe()
    os.close(reader)
    code = "from backtests.screen import show_training; show_training({'a': " + repr(REPORT) + "})"
    with os.fdopen(writer, "w") as gone:
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=gone, stderr=subprocess.PIPE, check=False)

    assert (0, b"") == (done.returncode, done.stderr)
