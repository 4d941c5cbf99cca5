"""A flatten that cannot be done now, from the command line: what waits is told, and a person may drop it."""

import asyncio
import subprocess
import sys

from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from runtime.listening import listening
from runtime.operator import latch
from tests.daemons import Living, lived, wrong
from tests.stand_ins import ROOT
from tests.trade_server import by_hand

CLOSED = 10018


def says(word: str, state: Path, *options: str) -> tuple[int, str]:
    """Say a word of `tidegate` as people do; return exit code and all that was shown."""
    command = [sys.executable, "-m", "tidegate.cli", word, str(state), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("symbol", "waits"),
    [("GOLD", "QUEUED until its market opens"), ("OIL", "refused: 11 no tick of OIL")],
)
def test_what_a_flatten_waits_for_is_told_and_dropped(home: Path, tmp_path: Path, symbol: str, waits: str) -> None:
    """A closed market, or a symbol that is not traded here: it lasts until a person drops it, and then ends at halt."""
    state, seen = tmp_path / "a" / "state", dict[str, tuple[int, str]]()

    async def ask(name: str, word: str, *options: str) -> None:
        seen[name] = await asyncio.to_thread(says, word, state, *options)

    async def act(living: Living) -> None:
        with listening(living.daemon, asyncio.get_running_loop()):
            await living.ready()
            assert m.symbol_select(symbol, True)  # noqa: FBT003 - the package's own face
            tick: Any = m.symbol_info_tick(symbol)
            ticket = by_hand(symbol=symbol, price=tick.ask, sl=tick.ask / 2).order
            if symbol == "GOLD":
                wrong("answers", "send", retcode=CLOSED, times=0)
            await living.until(lambda: living.daemon.ledger.foreign)
            await ask("flatten", "flatten", "--foreign", "--yes", "--reason", "home time")
            await living.until(lambda: [one.why for one in living.daemon.ledger.leaving.values()] != [""])
            await ask("status", "status")
            await ask("wrong", "drop", "--position", "4711", "--reason", "a slip")
            await ask("drop", "drop", "--position", str(ticket), "--reason", "keep it")
            await living.until(lambda: latch.read(state).level == "halt")
            await ask("after", "status")

    living = lived(home, tmp_path / "a", act)
    standing: Any = m.positions_get()
    ends = [(one.foreign, one.state) for one in living.daemon.ledger.leaving.values()]
    last = latch.logged(state, 1)[-1].command

    assert {"flatten": 11, "status": 0, "wrong": 11, "drop": 0, "after": 0} == {
        n: code for n, (code, _) in seen.items()
    }
    assert waits in seen["status"][1]
    assert "no flatten is about to close position 4711; it is about to close: " in seen["wrong"][1]
    assert "stays open, the flatten goes on without it" in seen["drop"][1]
    assert "dropped: " in seen["after"][1]
    assert ([(True, "dropped")], 1) == (ends, len(standing))
    assert last.why.startswith("flattened: left open by a person")
