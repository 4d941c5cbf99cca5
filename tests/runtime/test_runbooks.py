"""The runbooks: each kind of alert has its page, and each page is followed at a daemon in which that alert is open."""

import asyncio
import contextlib
import json
import re
import shlex

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

import brokers.mt5.lookalike as m

from brokers.facts import InDoubt
from brokers.mt5.lookalike.setup import AccountSetup
from brokers.mt5.session import Session
from config.alerts import AlertsSection, RoutesSection
from config.folders import JOURNAL_FILE
from config.watching import DeadManSection
from runtime.alerts import shelf
from runtime.alerts.crier import Crier
from runtime.alerts.person import listed
from runtime.alerts.router import Router
from runtime.assemble import core_of
from runtime.clock import Clock
from runtime.core.facts import AdoptionAsked
from runtime.core.kinds import KINDS, Kind
from runtime.core.plan import Plan
from runtime.daemon import Daemon
from runtime.dead_man import DeadMan, beat
from runtime.hearing import Ears
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.listening import listening
from runtime.operator import latch
from runtime.operator.handover import happened
from runtime.operator.keyboard import asker_of
from runtime.telling import tell_by
from tests.core.test_core_novelty import DEAD, watched
from tests.cores import a_lane, a_plan, buy, hour
from tests.daemons import Heard, Living, still_server, terms_of
from tests.latches import latched
from tests.stand_ins import until
from tests.told import Told
from tests.trade_server import attended
from tidegate.cli import run

PAGES = Path(__file__).parents[2] / "docs" / "runbooks"
QUIET = {"status": (0, 9), "resume": (0, 11)}
"""Words whose exit code tells how things stand."""
OLD = 77
PATIENCE_S = 60.0


def commands(kind: str) -> list[list[str]]:
    """Return the commands of a page, word by word, in their order."""
    text = (PAGES / f"{kind}.md").read_text(encoding="utf-8")
    return [shlex.split(line)[1:] for line in re.findall(r"^ {4,}(tidegate .*)$", text, re.MULTILINE)]


class Night:
    """A daemon whose people are called into a file, and the page that they open."""

    def __init__(self, living: Living, state: Path, said: Path) -> None:
        """Look at a daemon."""
        self.living, self.state, self.said = living, state, said

    def told(self) -> list[str]:
        """Return the titles of all that somebody was told."""
        return [json.loads(line)["title"] for line in self.said.read_text().splitlines()] if self.said.exists() else []

    async def called(self, kind: Kind) -> int:
        """Wait until somebody was called for a kind of alert; return its id."""
        await self.living.until(lambda: f"acct: {KINDS[kind].title}" in self.told(), seconds=PATIENCE_S)
        if KINDS[kind].severity == "warn":
            return 0
        await self.living.until(lambda: self.open(kind), seconds=PATIENCE_S)
        return self.open(kind)[0]

    def open(self, kind: Kind) -> list[int]:
        """Return the ids of the open alerts of a kind."""
        return [int(str(row["id"])) for row in listed(self.state) if row["kind"] == kind]

    async def over(self, kind: Kind) -> None:
        """Wait until an alert is over."""
        await self.living.until(lambda: f"acct: over: {KINDS[kind].title}" in self.told(), seconds=PATIENCE_S)

    def follow(self, kind: str, **names: object) -> None:
        """Do all that a page says, in its order."""
        known = {"ACCOUNT": str(self.state)} | {name.upper(): str(value) for name, value in names.items()}
        for words in commands(kind):
            code = run([known.get(word, word) for word in words])
            assert code in QUIET.get(words[0], (0,)), words

    async def followed(self, kind: Kind, **names: object) -> None:
        """Wait for the call of a kind of alert, and follow its page."""
        ident = await self.called(kind)
        await asyncio.to_thread(self.follow, kind, id=ident, **names)


def night(
    tmp_path: Path, act: Callable[[Night], Awaitable[None]], plan: Plan | None = None, rest: bytes = b"",
    progress_s: float = 60.0, dead_man: DeadManSection | None = None,
) -> Night:  # fmt: skip
    """Run a daemon over a trade server whose market stands still, its people on call, until the act is over."""
    state, said = latched(tmp_path / "state", "run"), tmp_path / "said"
    (tmp_path / "ann").write_text(f"sink:{said}\n", encoding="utf-8")
    (tmp_path / "ann").chmod(0o600)
    owners = {"ann": {"urls": {"file": str(tmp_path / "ann")}}}
    routes = RoutesSection(page=("ann",), warn=("ann",))
    section = AlertsSection(
        owners=msgspec.convert({"owners": owners}, AlertsSection).owners, routes=routes, progress_s=progress_s
    )
    account = AccountSetup(login=7, password="open", balance=10_000.0)
    with (
        attended(still_server(tmp_path / "broker", accounts=(account,))) as home,
        JournalWriter(state / JOURNAL_FILE) as journal,
    ):
        core, books = core_of(plan or a_plan(a_lane({})), {})
        if rest:
            core.restore(rest)
        recorder = Heard(core, books, journal, Clock())
        recorder.begin({"run": 1, "started": Clock().wall_ms(), "config": "{}"})
        daemon = Daemon(
            recorder, Session(terms_of(home, state)), state, warmup=3, poll_s=(0.01, 0.01), reconcile_s=0.2,
            ears=Ears(max_age_ms=30_000), jitter=lambda: 0.0,
        )  # fmt: skip
        telling = tell_by(daemon, Router(state, "acct", section, Clock()))
        if dead_man is not None:
            daemon.switch.dead_man = DeadMan(state, dead_man, Clock(), telling.watched)
        found = Night(Living(daemon, recorder), state, said)
        asyncio.run(_life(daemon, found, act))
    return found


async def _life(daemon: Daemon, found: Night, act: Callable[[Night], Awaitable[None]]) -> None:
    with listening(daemon, asyncio.get_running_loop()):
        daemon.loop = asyncio.get_running_loop()
        task = asyncio.create_task(daemon.live(1))
        try:
            await act(found)
        finally:
            daemon.stop("the test is over")
            await task


@pytest.fixture(autouse=True)
def _beside() -> Iterator[None]:
    yield
    with contextlib.suppress(Exception):
        m.shutdown()


def bought() -> int:
    """Buy gold as an old bot does, with a stop; return the position."""
    result: Any = m.order_send({
        "action": m.TRADE_ACTION_DEAL, "symbol": "GOLD", "volume": 0.1, "type": m.ORDER_TYPE_BUY, "sl": 1000.0,
        "magic": OLD, "type_filling": m.ORDER_FILLING_IOC,
    })  # fmt: skip
    assert m.TRADE_RETCODE_DONE == result.retcode, result
    return int(result.order)


async def adopted(one: Night) -> int:
    """Have the strategy take over a position; return it."""
    await one.living.until(lambda: one.living.daemon.linker.up and not one.living.holds, seconds=PATIENCE_S)
    position = bought()
    await one.living.until(lambda: one.living.daemon.ledger.foreign)
    fact = AdoptionAsked(at=0, asker=asker_of("a test"), magic=OLD, strategy="lane1", quiet_ms=0)
    one.living.daemon.ask(fact)
    await one.living.until(lambda: one.living.daemon.core.lanes[0].trade)
    return position


def taken(state: Path) -> list[str]:
    """Return the kinds of the alerts that somebody has taken."""
    return [line.kind for line in shelf.history(state) if line.what == "acknowledged"]


def test_every_kind_has_an_owner_and_a_page_and_every_page_a_kind() -> None:
    """And every page tells what it means, what to look at, what to do, what never, and how it lifts."""
    parts = ["## Look first", "## Do", "## Never do", "## How it lifts"]
    pages = {page.stem: page.read_text(encoding="utf-8") for page in PAGES.glob("*.md")}

    assert set(get_args(Kind)) == set(KINDS) == set(pages)
    assert [] == [
        name for name, text in pages.items() if [p for p in text.splitlines() if p.startswith("## ")] != parts
    ]
    assert {"operator", "risk", "model"} >= {ruling.duty for ruling in KINDS.values()}
    assert all(commands(kind) for kind in KINDS)


def test_the_page_of_a_position_without_a_stop(tmp_path: Path) -> None:
    """A hand removes it, and the account's rule leaves that so: closed, nothing is unguarded any more."""

    async def act(one: Night) -> None:
        position = await adopted(one)
        result: Any = m.order_send({"action": m.TRADE_ACTION_SLTP, "position": position, "symbol": "GOLD", "sl": 0.0})
        assert m.TRADE_RETCODE_DONE == result.retcode, result
        await one.followed("unguarded")
        await one.over("unguarded")

    plan = msgspec.structs.replace(a_plan(a_lane({})), hands="accept")

    assert () == night(tmp_path, act, plan).living.daemon.ledger.foreign


def test_the_page_of_a_break(tmp_path: Path) -> None:
    """A trade that the venue does not have is written off by who looked into it; it is over, and told in a handover."""

    async def act(one: Night) -> None:
        await one.living.until(lambda: any(key.startswith("BREAK") for key in one.living.holds))
        await one.living.until(lambda: (trade := one.living.daemon.core.lanes[0].trade) and trade.absent >= 2)
        trade = one.living.daemon.core.lanes[0].trade
        assert trade is not None
        await one.followed("break", position=trade.position)
        await one.over("break")

    plan = a_plan(a_lane({3: buy()}), settle_s=0.4)
    told = Told(plan)
    told.enter(3)
    state = night(tmp_path, act, plan, told.core.snapshot()).state
    said = [event.what for event in happened(state, 1)]

    assert {"alert", "alert taken", "alert over", "held", "lifted", "command", "run"} <= set(said)


def test_the_page_of_a_halt(tmp_path: Path) -> None:
    """Looked at, and let go again with a reason; who had the alert is in the journal."""

    async def act(one: Night) -> None:
        await one.living.until(lambda: one.living.daemon.linker.up and not one.living.holds, seconds=PATIENCE_S)
        assert 0 == await asyncio.to_thread(run, ["halt", str(one.state), "--reason", "smoke"])
        await one.followed("halt")
        await one.over("halt")

    found = night(tmp_path, act)
    with JournalReader(found.state / JOURNAL_FILE) as reader:
        notes = [(row["scope"], row["why"]) for row in reader.commands() if row["command"] == "note"]

    assert "run" == found.living.daemon.ledger.level
    assert [("alert 1", "I look into it")] == notes


def test_the_page_of_an_order_in_doubt(tmp_path: Path) -> None:
    """Nobody knows what became of it; it is over once its longer window is."""

    async def act(one: Night) -> None:
        await one.followed("in_doubt")
        await one.over("in_doubt")

    plan = a_plan(a_lane({3: buy()}), settle_s=2.0)
    told = Told(plan)
    wish = told.submit(3)
    told.tell(InDoubt(at=hour(4), id=wish.id, code=0, reason="no answer"))
    told.core.ledger.last_deal = 1 << 40  # the deposit is in the balance already

    assert "MISSING" == night(tmp_path, act, plan, told.core.snapshot()).living.daemon.ledger.orders[wish.id].state


def test_the_page_of_a_loss_near_its_limit(tmp_path: Path) -> None:
    """Four of five percent are lost: new entries are kept out, and the cause is written down."""

    async def act(one: Night) -> None:
        await one.followed("daily_loss")
        await one.living.until(lambda: one.living.daemon.ledger.level == "close-only")

    told = Told(a_plan(a_lane({})))
    told.core.ledger.day, told.core.ledger.day_equity = 1 << 20, 10_000.0 / 0.96  # no day begins meanwhile
    told.core.ledger.last_deal = 1 << 40  # the deposit is in the balance already
    found = night(tmp_path, act, rest=told.core.snapshot())

    assert ["daily_loss"] == taken(found.state)


def test_the_page_of_novelty(tmp_path: Path) -> None:
    """A dead market that no regime explains."""

    async def act(one: Night) -> None:
        await one.followed("novelty")
        await one.living.until(lambda: one.living.daemon.ledger.level == "close-only")

    plan = watched({})
    told = Told(plan)
    for n in range(3, DEAD + 1):
        told.decide(n)
    told.core.ledger.last_deal = 1 << 40  # the deposit is in the balance already
    found = night(tmp_path, act, plan, told.core.snapshot())

    assert ["novelty"] == taken(found.state)


def test_the_page_of_a_daemon_that_makes_no_progress(tmp_path: Path) -> None:
    """Its loop is blocked: it is told all the same, and halted all the same; it is over once it comes round."""

    def watch(one: Night) -> None:
        until(lambda: "acct: no progress" in one.told(), PATIENCE_S)
        until(lambda: one.open("no_progress"), PATIENCE_S)
        (ident,) = one.open("no_progress")
        one.follow("no_progress", id=ident)

    async def act(one: Night) -> None:
        await one.living.until(lambda: one.living.daemon.linker.up and not one.living.holds, seconds=PATIENCE_S)
        await one.living.until(lambda: not one.open("no_progress"), seconds=PATIENCE_S)
        work = asyncio.get_running_loop().run_in_executor(None, watch, one)
        until(lambda: latch.read(one.state).level == "halt", PATIENCE_S)  # the loop stands still
        await work
        await one.over("no_progress")

    assert "halt" == latch.read(night(tmp_path, act, progress_s=1.0).state).level


def test_nobody_watching_is_an_alert_of_its_own(tmp_path: Path) -> None:
    """A guardian that says the daemon moves again does not end it: a heartbeat does."""

    async def act(one: Night) -> None:
        await one.living.until(lambda: "no_progress:watch" in keys(one), seconds=PATIENCE_S)
        crier = Crier()
        crier.cry(one.state, "acct", None, "its event loop has not gone round")
        await one.living.until(lambda: "no_progress:daemon" in keys(one), seconds=PATIENCE_S)
        crier.over(one.state)
        await one.living.until(lambda: "no_progress:daemon" not in keys(one), seconds=PATIENCE_S)
        crier.close()

        assert "no_progress:watch" in keys(one)
        beat(one.state)
        await one.living.until(lambda: ("over", "watch") in happenings(one), seconds=PATIENCE_S)

    section = DeadManSection(alert_s=0.2, close_only_s=3600.0)

    assert "run" == latch.read(night(tmp_path, act, dead_man=section).state).level


def keys(one: Night) -> list[str]:
    """Return what the open alerts are about, with their kinds."""
    return [f"{row['kind']}:{row['about']}" for row in listed(one.state)]


def happenings(one: Night) -> list[tuple[str, str]]:
    """Return what has become of alerts, each with what it is about."""
    return [(line.what, line.about) for line in shelf.history(one.state)]


def test_the_page_of_a_note(tmp_path: Path) -> None:
    """A position was taken over: told to who is named for notes, and nobody has to take it."""

    async def act(one: Night) -> None:
        await adopted(one)
        await one.followed("note")

    found = night(tmp_path, act)

    assert ["acct: note"] == found.told()
    assert [] == listed(found.state)
    assert "seen: the broker's notice explains it" in [event.text for event in happened(found.state, 1)]
