"""Camps: a busy little account of real processes, killed at moments nobody chose, again and again, until its data ends.

`python -m tests.camps COUNT [--minutes M]` makes COUNT kills, in a state file to go on from; a camp that fails is kept.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time

from collections import Counter
from pathlib import Path

import msgspec

from rich.progress import Progress

import brokers.mt5.lookalike as m

from backtests.demo import open_account
from brokers.costs import Costs
from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.setup import AccountSetup, ServerSetup, SymbolSetup, write_setup
from tests.chaos.story import HISTORY, some_bars
from tests.demos import Demo
from tests.oracle import complaints, sends
from tests.resumed import ROOT, begun, commit_now, keep
from tests.trade_server import GOLD, HOUR, START

STATE = ROOT / ".chaos.json"
KILLS_EACH = 20
"""Kills of one camp."""
PACE = 5
"""Bars between two kills, and some more that are drawn."""
TAIL = 30
"""Bars after the last kill, in which everything must come to its end."""
VICTIMS = ("worker", "daemon", "worker+daemon", "connection", "server")
SHOWN = 3

TOML = """
[account]
name = "camp"
user = "Nobody"
owner = "Nobody"
login = 7
server = "Lookalike-Demo"
currency = "USD"
mode = "live"
state = "state"

[terminal]
kind = "lookalike"
path = "terminal"
call_timeout_s = 0.5
settle_s = 0.5
poll_ms = 5
idle_ms = 10
reconcile_s = 2.0

[symbols.GOLD.spec]
digits = 2
tick_size = 0.01
contract_size = 100.0
volume_min = 0.01
volume_max = 50.0
volume_step = 0.01
currency_base = "XAU"
currency_profit = "USD"

[limits]
max_volume = 50.0
max_value = 10000000.0
max_positions = 8
max_risk = 0.05
max_daily_loss = 0.9
max_spread = 1000.0
max_orders_per_minute = 1000
collar = 0.05

[feed]
warmup = 4
"""
BUSY = """
[[strategies]]
name = "busy{number}"
use = "tests.chaos.story:Busy"
symbol = "GOLD"
timeframe = "H1"
risk = 0.001
params = {{ seed = {seed} }}
"""


class State(msgspec.Struct, kw_only=True):
    """How many kills were made, of whom, and which camps failed."""

    commit: str
    kills: int = 0
    camps: int = 0
    seconds: float = 0.0
    victims: dict[str, int] = {}
    failures: dict[int, list[str]] = {}


def pitch(folder: Path, seed: int, kills: int) -> tuple[Demo, list[int]]:
    """Set a camp up; return it and the bars at which somebody falls."""
    draw = random.Random(f"camp {seed}")
    moments: list[int] = []
    for _ in range(kills):
        moments.append((moments[-1] if moments else 2) + PACE + draw.randrange(5))
    folder.mkdir(parents=True)
    text = TOML + "".join(BUSY.format(number=n, seed=10 * seed + n) for n in (1, 2))
    (folder / "demo.toml").write_text(text, encoding="utf-8")
    bars = some_bars(draw, "GOLD", HISTORY + moments[-1] + TAIL)
    symbols = (SymbolSetup(symbol=GOLD, timeframe="H1", costs=Costs(commission=2.0)),)
    accounts = (AccountSetup(login=7, password="demo", balance=1_000_000.0),)
    setup = ServerSetup(accounts=accounts, symbols=symbols, start=START + HISTORY * HOUR)
    write_setup(folder / "terminal", setup, {"GOLD": bars})
    demo = Demo(folder)
    open_account(demo.config)
    return demo, moments


def fell(demo: Demo, who: str, draw: random.Random) -> None:
    """Kill somebody, now, and let rise again what does not rise by itself."""
    match who:
        case "connection":
            hang_up(demo.home, draw)
        case "server":
            assert demo.server is not None
            demo.server.kill()
            demo.server.communicate()
            demo.serve()
        case _:
            demo.kill(*who.split("+"))
            if "daemon" in who:
                demo.start()


def hang_up(home: Path, draw: random.Random) -> None:
    """Have the trade server kill its connection to the worker at the next call, or at the next order."""
    assert m.initialize(str(home)), m.last_error()
    verbs = ("send",) if draw.random() < 0.5 else ("account", "tick", "history_deals", "positions", "send", "done")
    assert control.fault("hangs_up", verbs=verbs, times=1, worked=draw.random() < 0.5), m.last_error()
    m.shutdown()


def camp(folder: Path, seed: int, kills: int) -> tuple[Counter[str], list[str]]:
    """Let a camp be struck so many times and come to its end; return who fell, and what is wrong."""
    draw = random.Random(f"strikes {seed}")
    demo, moments = pitch(folder, seed, kills)
    fallen: Counter[str] = Counter()
    try:
        demo.begin()
        for moment in moments:
            demo.until_bar(moment)
            who = draw.choice(VICTIMS)
            if "worker" in who:
                demo.worker()
            time.sleep(draw.random() * 0.01)
            fell(demo, who, draw)
            fallen[who] += 1
        demo.end()
    finally:
        demo.close()
    return fallen, [*complaints(demo.ledger, demo.journal), *sends(demo.ledger, demo.journal)]


def run(count: int, minutes: float, file: Path) -> State:
    """Make camps until so many kills were made, or so many minutes are over."""
    state, deadline = begun(file, State(commit=commit_now())), time.monotonic() + minutes * 60.0
    with Progress() as progress:
        bar = progress.add_task("kills", total=count, completed=state.kills)
        while state.kills < count and time.monotonic() < deadline:
            began = time.monotonic()
            folder = Path(tempfile.mkdtemp(prefix=f"camp-{state.camps}-")) / "camp"
            wrong = _tried(state, folder)
            if wrong:
                progress.print(f"camp {state.camps} fails, kept in {folder}: {'; '.join(wrong[:SHOWN])}")
            else:
                shutil.rmtree(folder.parent)
            state.camps += 1
            state.seconds += time.monotonic() - began
            keep(file, state)
            progress.update(bar, completed=state.kills)
    return state


def _tried(state: State, folder: Path) -> list[str]:
    try:
        fallen, wrong = camp(folder, state.camps, KILLS_EACH)
    except AssertionError as error:
        fallen, wrong = Counter(), [f"it did not come to its end: {str(error)[-500:]}"]
    for who, times in fallen.items():
        state.victims[who] = state.victims.get(who, 0) + times
        state.kills += times
    if wrong:
        state.failures[state.camps] = wrong
    return wrong


def main(argv: list[str] | None = None) -> int:
    """Kill by command; returns 1 where a camp failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.camps", description=main.__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--state", type=Path, default=STATE, help="the file to go on from")
    given = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.chdir(ROOT)
    state = run(given.count, given.minutes, given.state)
    who = ", ".join(f"{name} {times}" for name, times in sorted(state.victims.items()))
    sys.stdout.write(
        f"{state.kills} kills in {state.camps} camps at commit {state.commit}, {state.seconds:.0f} s: {who}; "
        f"{len(state.failures)} camps failed\n"
    )
    return 1 if state.failures else 0


if __name__ == "__main__":
    sys.exit(main())
