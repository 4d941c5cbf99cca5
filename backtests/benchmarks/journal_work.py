"""What the journal's benchmark plays: a gated account of minutes whose daemon's rows are noted, and those who write."""

import asyncio
import itertools
import time

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from backtests.backtest import until
from backtests.benchmarks.accounts import walk
from backtests.benchmarks.drive import minutes_config
from backtests.demo import demo_config
from backtests.drive import PlainDrive
from backtests.recorded import tapes_of, trading_start
from config.account import AccountConfig
from config.load import parse
from runtime.assemble import core_of, costs_of, models_of, plan_of
from runtime.clock import Clock
from runtime.core.decision import Step
from runtime.core.facts import AnyFact
from runtime.journal.entries import Entry
from runtime.journal.opening import Place, open_to_read
from runtime.journal.ticket import Ticket
from runtime.journal.writer import JournalWriter
from runtime.recorder import Recorder

PRODUCERS = 50
"""Who wait for their own row at the same time, in one event loop."""
CLOSE = 100
"""Rows that a drive may be ahead of its journal: a daemon that waits for its bars is ahead by fewer."""
PATIENCE_S = 60.0
TICK_S = 0.001
"""What measures the loop asks to be woken so often."""

SIZES = {
    "sqlite": "SELECT name, sum(pgsize) FROM dbstat GROUP BY name",
    "postgresql": "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind IN ('r', 'i', 't') "
    "AND (relnamespace = current_schema()::regnamespace OR relnamespace = 'pg_toast'::regnamespace)",
}
"""Bytes of every table and every index."""


class Noting(JournalWriter):
    """A journal that notes what is appended after the first decision, and how large it was by then."""

    noted: list[Entry]
    before: dict[str, int]

    def append(self, entry: Entry, *, durable: bool = False) -> Ticket:
        """Append; once the first decision is on disk, see how large all is by then."""
        ticket = super().append(entry, durable=durable or not self.before)
        if self.before:
            self.noted.append(entry)
            if len(self.noted) % CLOSE == 0:
                ticket.wait(PATIENCE_S)
        elif any(table == "decisions" for table, _ in entry.rows):
            ticket.wait()
            self.before = sizes(self._place)
        return ticket


class Recorded(PlainDrive):
    """A drive that writes down what a daemon would."""

    recorder: Recorder

    def _take(self, fact: AnyFact) -> Step:
        return self.recorder.take(fact)[0]


def minutes(folder: Path, bars: int, strategies: int = 1) -> AccountConfig:
    """Return an account whose strategies are gated by a regime of its minutes, trained on the first of them.

    Each but the first is the first once more, with longer averages.
    """
    demo_config(folder)
    rows = (f"{b.time},{b.open},{b.high},{b.low},{b.close},{b.volume:.0f},{b.spread:.0f}" for b in walk(bars))
    file = folder / "minutes.csv"
    file.write_text("\n".join(["time,open,high,low,close,volume,spread", *rows]), encoding="utf-8")
    config = minutes_config(folder, file, gated=True)
    before, rest = (Path(config.folder) / "minutes.toml").read_text(encoding="utf-8").split("[[strategies]]")
    one, feed = rest.split("[feed]")
    several = (
        one.replace('name = "trend"', f'name = "trend-{k}"').replace("fast = 20 ", f"fast = {20 + 3 * k} ")
        for k in range(1, strategies)
    )
    return parse(
        f"{before}[[strategies]]{'[[strategies]]'.join([one, *several])}[feed]{feed}", folder=Path(config.folder)
    )


def played(config: AccountConfig, place: Place, bars: int) -> tuple[list[Entry], dict[str, int]]:
    """Play an account into a journal; return its entries behind the first decision, and what each table grew by."""
    tapes, costs = tapes_of(config), costs_of(config)
    start = trading_start(config, tapes)
    core, books = core_of(plan_of(config, models_of(config)), costs)
    tapes = {key: until(tape, start, None, bars) for key, tape in tapes.items()}
    warmup, balance = config.feed.warmup, config.account.balance
    drive = Recorded(core, books, tapes, costs, balance=balance, start=start, warmup=warmup)
    with Noting(place) as journal:
        journal.noted, journal.before = [], {}
        drive.recorder = Recorder(core, books, journal, Clock())
        drive.run()
    after = sizes(place)
    return journal.noted, {name: size - journal.before.get(name, 0) for name, size in after.items()}


def sizes(place: Place) -> dict[str, int]:
    """Return the bytes of each table and index of a journal."""
    with closing(open_to_read(place)) as connection:
        return {name: int(size) for name, size in connection.exec_driver_sql(SIZES[connection.dialect.name])}


def one_by_one(place: Place, entries: list[Entry]) -> list[float]:
    """Return milliseconds from append to on disk, of entries that are waited for one by one."""
    found = []
    with JournalWriter(place) as journal:
        for entry in entries:
            began = time.perf_counter()
            journal.append(entry, durable=True).wait()
            found.append((time.perf_counter() - began) * 1000.0)
    return found


def grouped_rate(place: Place, entries: list[Entry]) -> float:
    """Return rows of the log a second, from the first append until all are on disk; projections go with them."""
    began = time.perf_counter()
    with JournalWriter(place) as journal:
        for entry in entries:
            journal.append(entry)
    return len(entries) / (time.perf_counter() - began)


class Crowd(msgspec.Struct, frozen=True):
    """How a crowd fared."""

    rate: float
    """Rows a second."""
    acks: list[float]
    """From each append to its acknowledgement in the loop, ms."""
    lags: list[float]
    """How late the loop came to what was due, ms."""


def crowd(place: Place, entries: list[Entry]) -> Crowd:
    """Have many wait for their own rows in one event loop, while the writer works beside it as in a daemon."""
    with JournalWriter(place) as journal:
        return asyncio.run(_crowd(journal, entries))


async def _crowd(journal: JournalWriter, entries: list[Entry]) -> Crowd:
    acks: list[float] = []
    lags: list[float] = []
    ticking = asyncio.create_task(_tick(lags))
    began = time.perf_counter()
    shared = iter(entries)
    await asyncio.gather(*(_produce(journal, shared, acks) for _ in range(PRODUCERS)))
    took = time.perf_counter() - began
    ticking.cancel()
    return Crowd(len(entries) / took, acks, lags)


async def _produce(journal: JournalWriter, entries: Any, acks: list[float]) -> None:  # noqa: ANN401 - shared by all
    for entry in entries:
        began = time.perf_counter()
        await journal.append(entry, durable=True).settled()
        acks.append((time.perf_counter() - began) * 1000.0)


async def _tick(lags: list[float]) -> None:
    for _ in itertools.count():
        due = time.perf_counter() + TICK_S
        await asyncio.sleep(TICK_S)
        lags.append((time.perf_counter() - due) * 1000.0)
