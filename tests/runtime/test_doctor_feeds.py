"""The doctor asks a running daemon whether it reads the bars its models learnt from, and says what to look at."""

import concurrent.futures

from pathlib import Path
from typing import Any

import pytest

from runtime.doctor_feeds import feeds_of
from runtime.operator.control import Control


def asked(folder: Path, **told: Any) -> str:  # noqa: ANN401 - of a status
    """Return what the doctor says while a daemon tells this of itself."""
    ear = Control(folder, lambda: {"running": True} | told, lambda _: concurrent.futures.Future(), lambda: None)
    try:
        return feeds_of(folder)
    finally:
        ear.close()


def test_a_contradicted_feed_is_a_fault_with_what_to_look_at(tmp_path: Path) -> None:
    """In the daemon's own words."""
    with pytest.raises(ValueError, match=r"up: log_return hardly moves.*the right symbol, day and unit\?"):
        asked(tmp_path, unlike=["up: log_return hardly moves, and did in training"])


def test_feeds_that_are_alike_and_those_nobody_reads_are_none(tmp_path: Path) -> None:
    """Without a daemon nobody has compared anything yet."""
    assert "of the kind" in asked(tmp_path, unlike=[])
    assert "no daemon runs" in feeds_of(tmp_path)
