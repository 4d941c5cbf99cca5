"""A daemon in this process over a real worker and a real trade server that goes wrong on request."""

import asyncio
import contextlib

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

import brokers.mt5.lookalike as m

from brokers.mt5.line import Deadlines, Terms
from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.setup import AccountSetup, ServerSetup, SymbolSetup, write_setup
from brokers.mt5.lookalike.tape import TickColumns
from brokers.mt5.session import Session
from runtime.assemble import core_of
from runtime.clock import Clock
from runtime.core.decision import Step
from runtime.core.facts import AnyFact
from runtime.core.plan import Plan
from runtime.daemon import Daemon
from runtime.hearing import Ears
from runtime.journal.ticket import Ticket
from runtime.journal.writer import JournalWriter
from runtime.recorder import Recorder
from tests.cores import a_lane, a_plan
from tests.latches import latched
from tests.orders import LIMITS
from tests.trade_server import GOLD, HOUR, bars_of, set_up

PLACE = "terminals/daemon"
"""Where the daemon's terminal is; faults are asked for from another one."""
PATIENCE_S = 10.0
LOOK_S = 0.02
PATIENT = Deadlines(connect=30.0, poll=10.0, past=10.0, look=10.0, send=10.0)
"""No terminal of a machine that is busy with other tests counts as lost."""
SOON_S = 0.5


class Heard(Recorder):
    """A recorder that remembers the facts it took."""

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - the recorder's
        """Begin with none."""
        super().__init__(*given)
        self.told: list[AnyFact] = []
        self.breaks: dict[type, Exception] = {}
        """What taking a fact of a kind ends in."""

    def take(self, fact: AnyFact, *, durable: bool = False) -> tuple[Step, Ticket, bool]:
        """Take a fact, and remember it."""
        if type(fact) in self.breaks:
            raise self.breaks[type(fact)]
        self.told.append(fact)
        return super().take(fact, durable=durable)


class Living:
    """A running daemon, and what a test does to it."""

    def __init__(self, daemon: Daemon, recorder: Heard) -> None:
        """Look at a daemon."""
        self.daemon, self.recorder = daemon, recorder

    @property
    def holds(self) -> dict[str, str]:
        """What is held now."""
        return self.daemon.ledger.holds

    def told(self, kind: type) -> list[Any]:
        """Return the facts of a kind."""
        return [fact for fact in self.recorder.told if isinstance(fact, kind)]

    async def until(self, what: Callable[[], object], *, seconds: float = PATIENCE_S) -> None:
        """Wait until something is so; it must be so in time."""
        for _ in range(int(seconds / LOOK_S)):
            if what():
                return
            await asyncio.sleep(LOOK_S)
        raise AssertionError(f"it never came to that: {self.holds}, {self.daemon.linker.link}")

    async def ready(self) -> None:
        """Wait until nothing is held."""
        await self.until(lambda: self.daemon.linker.up and not self.holds)

    @contextlib.asynccontextmanager
    async def hasty(self) -> AsyncIterator[None]:
        """Have a terminal that does not answer count as lost soon; what was asked before is answered first."""
        session = self.daemon.session
        terms, before = session.terms, session.answered
        soon = msgspec.structs.replace(terms.deadlines, poll=SOON_S, look=SOON_S)
        session.terms = msgspec.structs.replace(terms, deadlines=soon)
        await self.until(lambda: session.answered > before + 1)
        try:
            yield
        finally:
            session.terms = terms


def wrong(kind: str, *verbs: str, **more: Any) -> int:  # noqa: ANN401 - fields of the fault
    """Let something go wrong at the daemon's terminal; return its number."""
    number = control.fault(kind, verbs=verbs, terminal=PLACE, **more)
    assert number, m.last_error()
    return int(number)


def terms_of(home: Path, state: Path, **soon: float) -> Terms:
    """Return the terms of login 7 at the daemon's terminal, patient but for what has to be answered `soon`."""
    return Terms(
        kind="lookalike", path=str(home / PLACE), login=7, password="open", server="Lookalike-Demo", zone="UTC",
        symbols={"XAUUSD": "GOLD"}, limits=LIMITS, latch=str(state), state=str(state),
        deadlines=msgspec.structs.replace(PATIENT, **soon),
    )  # fmt: skip


@contextlib.contextmanager
def made(
    home: Path,
    folder: Path,
    *,
    kind: type[Daemon] = Daemon,
    plan: Plan | None = None,
    rest: bytes = b"",
    **ears: Any,  # noqa: ANN401
) -> Iterator[Living]:
    """Make a daemon over the trade server in `home` that does not run yet.

    `rest`: the snapshot of a core that it goes on with.
    """
    state = latched(folder / "state", "run")
    session = Session(terms_of(home, state))
    with JournalWriter(folder / "journal.sqlite") as journal:
        core, books = core_of(plan or a_plan(a_lane({})), {})
        if rest:
            core.restore(rest)
        recorder = Heard(core, books, journal, Clock())
        recorder.begin({"run": 1, "started": 0, "config": "{}"})
        daemon = kind(
            recorder, session, state, warmup=3, poll_s=(0.01, 0.01), reconcile_s=0.2,
            ears=Ears(**{"max_age_ms": 30_000} | ears), jitter=lambda: 0.0,
        )  # fmt: skip
        yield Living(daemon, recorder)


def lived(home: Path, folder: Path, act: Callable[[Living], Awaitable[None]], **how: Any) -> Living:  # noqa: ANN401
    """Run a daemon, made so, until the act is over; return how it was left."""
    with made(home, folder, **how) as living:

        async def life() -> None:
            task = asyncio.create_task(living.daemon.live(1))
            try:
                await act(living)
            finally:
                living.daemon.stop("the test is over")
                await task

        asyncio.run(life())
    return living


def still_server(folder: Path, **changes: Any) -> Path:  # noqa: ANN401 - fields of ServerSetup
    """Set up a trade server whose market moves once an hour."""
    return set_up(folder, lockstep=False, speed=1.0, **changes)


def ticking_server(folder: Path, falls: float = 0.0) -> Path:
    """Set up a trade server that quotes gold ten times a second, now; it falls by so many dollars with each quote."""
    now = Clock().wall_ms()
    hour = now - now % HOUR
    bars = [msgspec.structs.replace(bar, time=hour + (n - 4) * HOUR) for n, bar in enumerate(bars_of("GOLD", 2000.0))]
    times = list(range(now, now + 60_000, 100))
    many = len(times)
    ticks = TickColumns(
        time=times, bid=[2004.0 + n % 2 / 100 - falls * n for n in range(many)],
        ask=[2004.2 - falls * n for n in range(many)], last=[0.0] * many,
        volume=[0.0] * many, flags=[134] * many,
    )  # fmt: skip
    setup = ServerSetup(
        accounts=(AccountSetup(login=7, password="open"),), symbols=(SymbolSetup(symbol=GOLD, timeframe="H1"),),
        start=now, lockstep=False, speed=1.0,
    )  # fmt: skip
    write_setup(folder, setup, {"GOLD": bars[:5]}, {"GOLD": ticks})
    return folder
