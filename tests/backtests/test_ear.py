"""What is read while an account plays is heard, by whatever it is read."""

import contextlib
import sqlite3
import subprocess
import sys

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from pyarrow import feather, parquet

from backtests.ear import EAR


def test_files_that_are_opened_are_named(tmp_path: Path) -> None:
    """But for code, and only while somebody listens."""
    table, code = tmp_path / "signals.csv", tmp_path / "code.py"
    for file in (table, code):
        file.write_text("x = 1\n", encoding="utf-8")

    with EAR.listening() as heard:
        code.read_text(encoding="utf-8")
        table.read_text(encoding="utf-8")
    table.read_text(encoding="utf-8")

    assert [str(table)] == heard


def _database(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("select 1")


READERS: dict[str, Callable[[Path], object]] = {
    "pandas": pd.read_parquet,
    "pyarrow": parquet.read_table,
    "feather": feather.read_feather,
    "database": _database,
}


@pytest.mark.parametrize("reader", READERS)
def test_what_is_read_by_code_of_a_librarys_own_is_named(tmp_path: Path, reader: str) -> None:
    """A table of signals is as often Parquet as text, and the interpreter hears nothing of that."""
    file = tmp_path / "signals"
    if reader == "feather":
        feather.write_feather(pa.table({"up": [1, 0]}), file)
    elif reader != "database":
        parquet.write_table(pa.table({"up": [1, 0]}), file)

    with EAR.listening() as heard, EAR.following():
        READERS[reader](file)

    assert {str(file)} == set(heard)


def test_programs_and_the_network_are_named() -> None:
    """Whatever another program knows, or another machine."""
    with EAR.listening() as heard:
        subprocess.run([sys.executable, "-c", ""], check=True)
        EAR.hear("socket.getaddrinfo", ("signals.invalid", 80))

    assert [f"program {sys.executable}", "network signals.invalid"] == heard


def test_calls_are_followed_for_as_long_as_somebody_asks(tmp_path: Path) -> None:
    """Whoever followed them before does so again."""
    before = sys.getprofile()

    with EAR.following():
        parquet.write_table(pa.table({"up": [1]}), tmp_path / "signals")

    assert sys.getprofile() is before
