"""Real daemons of several accounts at one trade server: what befalls one is that one's alone."""

import os
import re
import resource
import signal

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.operator import latch
from tests.fleets import Supervised

FAST = 120.0
"""Two minutes of the market a second."""

RAISES = '''
"""A strategy with a bug that shows at its first live bar."""

from strategies.trend import Trend


class Broken(Trend, frozen=True, kw_only=True):
    """Trends, until somebody asks."""

    def step(self, *args: object) -> object:
        raise RuntimeError("a bug of the user's own")
'''


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Supervised]:
    """Return three accounts and their trade server, which runs."""
    made = Supervised(tmp_path / "fleet", 3)
    made.write(bars=5000, history=100, speed=FAST)
    made.serve()
    try:
        yield made
    finally:
        made.close()


def begin(fleet: Supervised) -> dict[str, int]:
    """Start, wait until all run and are linked; return the process id of each."""
    fleet.start()
    told: dict[str, dict[str, Any]] = {}

    def linked() -> bool:
        told.update({name: fleet.status(name) for name in fleet.names})
        return all(one.get("run") and one["link"] == "up" for one in told.values())

    fleet.until(linked)
    return {name: one["pid"] for name, one in told.items()}


def same(fleet: Supervised, before: dict[str, int]) -> list[str]:
    """Return the accounts whose daemon is the one it was."""
    return [name for name in fleet.names if fleet.status(name).get("pid") == before[name]]


def test_a_killed_daemon_is_trading_again_and_the_others_never_stopped(fleet: Supervised) -> None:
    """`kill -9` of one daemon: its account is recovered, the others do not notice."""
    before = begin(fleet)

    os.kill(before["a001"], signal.SIGKILL)

    fleet.until(lambda: fleet.status("a001").get("link") == "up")
    fleet.until_bars()
    assert ["a000", "a002"] == same(fleet, before)
    assert ["killed by signal 9"] == [e["why"] for e in fleet.events("ended")]


def test_a_hung_daemon_holds_up_nobody(fleet: Supervised) -> None:
    """One that is stopped is shown as stuck; the others go on taking bars."""
    before = begin(fleet)
    os.kill(before["a000"], signal.SIGSTOP)
    try:
        fleet.names = ["a001", "a002"]
        fleet.until_bars()

        shown = fleet.tidegate("status", "--all", str(fleet.accounts), "--json", code=11)
    finally:
        os.kill(before["a000"], signal.SIGCONT)
    told = {row["account"]: row for row in map(msgspec.json.decode, shown.splitlines())}
    assert [True, None, None] == [row.get("stuck") for row in told.values()]
    assert [before["a000"], "up", "up"] == [told["a000"]["pid"], told["a001"]["link"], told["a002"]["link"]]


def test_a_full_disk_stops_one_account_alone(fleet: Supervised) -> None:
    """The daemon that cannot write ends by itself and is waited for; the others have room."""
    before = begin(fleet)
    grown = (fleet.state("a002") / "journal.sqlite").stat().st_size

    resource.prlimit(before["a002"], resource.RLIMIT_FSIZE, (grown, grown))

    fleet.until(lambda: fleet.events("ended"))
    fleet.names = ["a000", "a001"]
    fleet.until_bars()
    assert ["a000", "a001"] == same(fleet, before)
    assert ["a002"] == [e["account"] for e in fleet.events("ended")]
    assert "waiting" == fleet.events("ended")[0]["life"]


def test_a_strategy_with_a_bug_is_given_up_alone(fleet: Supervised) -> None:
    """Its daemon crashes at every start; after five a person is called, with the bug's own words."""
    (fleet.accounts / "broken.py").write_text(RAISES, encoding="utf-8")
    file = fleet.accounts / "a000.toml"
    text = re.sub(r'(?m)^use = "trend"$', 'use = "broken:Broken"', file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    fleet.names = ["a001", "a002"]
    before = begin(fleet)

    fleet.until(lambda: fleet.events("alert"))

    (page,) = fleet.events("alert")
    assert "page" == page["severity"]
    assert "account a000 is given up" in page["text"]
    assert "a bug of the user's own" in page["text"]
    fleet.until_bars()
    assert ["a001", "a002"] == same(fleet, before)


def test_daemons_trade_on_without_their_supervisor_until_the_next_one_has_them(fleet: Supervised) -> None:
    """`kill -9` of the supervisor: every daemon goes on taking bars, is taken over as it is, and ended when that is."""
    before = begin(fleet)
    fleet.signal(signal.SIGKILL)
    fleet.end(-int(signal.SIGKILL))

    fleet.until_bars()
    fleet.start()
    fleet.until(lambda: len(fleet.events("found running")) == 3)
    assert fleet.names == same(fleet, before)
    assert 3 == len(fleet.events("started"))

    fleet.signal(signal.SIGTERM)
    fleet.end()
    assert [] == fleet.pids()


def test_status_of_all_shows_every_account(fleet: Supervised) -> None:
    """One row each: what the daemon says of itself, and what its supervisor says of it."""
    before = begin(fleet)
    fleet.until_bars()

    rows = [
        msgspec.json.decode(line)
        for line in fleet.tidegate("status", "--all", str(fleet.accounts), "--json").splitlines()
    ]
    table = fleet.tidegate("status", "--all", str(fleet.accounts)).splitlines()

    assert [("a000", "running", "run", "up", 0)] == [
        tuple(row[key] for key in ("account", "life", "level", "link", "restarts")) for row in rows[:1]
    ]
    assert list(before.values()) == [row["pid"] for row in rows]
    assert ["account", "a000", "a001", "a002"] == [line.split()[0] for line in table]


def test_halt_of_all_latches_every_account_even_without_a_daemon_or_a_file(fleet: Supervised) -> None:
    """The latch is written directly: one that hangs, or whose file was spoilt since, is halted like any other."""
    before = begin(fleet)
    (fleet.accounts / "a000.toml").write_text("nonsense", encoding="utf-8")
    os.kill(before["a001"], signal.SIGSTOP)
    try:
        said = fleet.tidegate("halt", "--all", str(fleet.accounts), "--reason", "drill")
    finally:
        os.kill(before["a001"], signal.SIGCONT)

    levels = {name: latch.read(fleet.state(name)).level for name in fleet.names}
    assert {"a000": "halt", "a001": "halt", "a002": "halt"} == levels
    assert ["a000: halt", "a001: halt", "a002: halt"] == [line[:10] for line in said.splitlines()]


def test_halt_of_all_names_the_one_it_could_not_halt(fleet: Supervised) -> None:
    """Nobody knows the state folder of a file that cannot be read: the others are halted, and the code says no."""
    (fleet.accounts / "a000.toml").write_text("nonsense", encoding="utf-8")

    said = fleet.tidegate("halt", "--all", str(fleet.accounts), "--reason", "drill", code=11)

    assert ["a000: NOT HALTED", "a001: halt (gene", "a002: halt (gene"] == [line[:16] for line in said.splitlines()]
    assert ["halt", "halt"] == [latch.read(fleet.state(name)).level for name in ("a001", "a002")]
