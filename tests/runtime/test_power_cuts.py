"""What was acknowledged is on disk when the power goes: of what was not synced, anything may be lost or torn."""

import random

from itertools import islice
from pathlib import Path

import pytest

from tests.power.recording import Call, why_not
from tests.power.unsynced import Disk, Kept
from tests.power_cut import Cuts, cut, recorded, rounds

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

NOTHING = Kept(0.0, 512, first=True, grown=False)


def test_what_was_acknowledged_survives_a_power_cut() -> None:
    """After 20 cuts no row that was told to be on disk is missing, and no change of the latch; the chain holds."""
    *_, found = islice(rounds(Cuts(commit=""), rows=60), 20)

    assert [] == found.failures
    assert 20 == found.cuts
    assert found.acknowledged > 200


def test_a_journal_that_does_not_sync_is_found_out() -> None:
    """The simulation itself: with `synchronous=NORMAL`, which syncs no commit, acknowledged rows are lost."""
    *_, found = islice(rounds(Cuts(commit=""), "NORMAL", rows=30), 10)

    assert any("was told to be on disk, and the last is" in failure for failure in found.failures)


def test_a_latch_that_does_not_sync_is_found_out(tmp_path: Path) -> None:
    """The simulation itself: without the syncs of its files, a latch forgets what was acknowledged."""
    calls = [call for call in recorded(tmp_path, rows=30) if call.kind != "S" or "latch" not in call.path]
    found = Cuts(commit="")
    for seed in range(10):
        cut(calls, seed, tmp_path, found)

    assert any("the latch's log has lost changes" in failure for failure in found.failures)


def test_what_was_synced_holds_and_the_rest_may_be_torn(tmp_path: Path) -> None:
    """A file of two sectors, one of them overwritten after its sync: it has old bytes, new ones, or one of each."""
    disk = Disk()
    for call in (
        Call("O", "file", 1, 1, b""), Call("W", "file", 1, 0, b"a" * 1024), Call("S", "file", 1, 0, b""),
        Call("D", ".", 2, 0, b""), Call("W", "file", 1, 0, b"b" * 1024), Call("R", "file", 0, 0, b"other"),
    ):  # fmt: skip
        disk.see(call)
    disk.cut(tmp_path, NOTHING, random.Random(1))
    lost = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    (tmp_path / "file").unlink()
    disk.cut(tmp_path, NOTHING._replace(share=1.0), random.Random(1))
    there = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    torn = disk.names["other"].after(NOTHING._replace(share=0.5), random.Random(1))

    assert {"file": b"a" * 1024} == lost
    assert {"other": b"b" * 1024} == there
    assert b"b" * 512 + b"a" * 512 == torn
