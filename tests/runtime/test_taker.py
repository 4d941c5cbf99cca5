"""Taking facts: news in its order, and one request under way at a time, each answer on disk before the next leaves."""

import asyncio

from collections.abc import Callable
from pathlib import Path
from typing import cast

from brokers.facts import Accepted, Answer, DealMade, Reconciled
from brokers.mt5.session import Session
from brokers.requests import AnyRequest, CloseRequest, EntryRequest
from market.types import Deal
from runtime.clock import Clock
from runtime.core.facts import AnyFact
from runtime.core.state import Ledger
from runtime.desks import News
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.linker import Linker
from runtime.outcomes.books import Books
from runtime.recorder import Recorder
from runtime.switch import Switch
from runtime.taker import Taker
from tests.cores import BALANCE, a_lane, a_plan, buy, closed, hour, level, reconciled
from tests.told import Told

RUN_ROW = {
    "run": 1, "started": 1, "mode": "live", "config": "{}", "config_hash": "c0", "model_hashes": "{}", "bundles": "{}",
    "kernel_hash": "k", "platform": "p", "symbols": "{}",
}  # fmt: skip


class Drained:
    """A desk whose news is told once, as the paper desk's: what is not heard then is never heard."""

    def __init__(self, sent: Callable[[AnyRequest], None]) -> None:
        """Tell `sent` of each request."""
        self.sent = sent
        self.waiting: list[DealMade] = []

    async def send(self, request: AnyRequest, at: int) -> Answer:
        """Do as asked."""
        self.sent(request)
        return Accepted(at=at, id=request.id, order=request.id & 0xFF, deal=1)

    async def news(self, ledger: Ledger) -> News:  # noqa: ARG002 - the desk's shape
        """Tell what waits, and forget it."""
        told, self.waiting = self.waiting, []
        return tuple(told)

    async def look(self, ledger: Ledger, ident: int, *, settled: bool) -> tuple[News, Reconciled]:
        """See nothing new."""
        return (), reconciled(ledger.balance, at=ledger.at, id=ident, settled=settled)


def taken(folder: Path, told: Told, desk: Drained, *facts: AnyFact | list[DealMade]) -> None:
    """Take facts, those of a list together, and hear the news, with a real recorder and journal."""

    async def live() -> None:
        with JournalWriter(folder / "journal.sqlite") as journal:
            recorder = Recorder(told.core, Books(told.core, {}), journal, Clock())
            recorder.begin(RUN_ROW)
            linker = Linker(cast("Session", None), Clock())
            for event in ("start", "connected"):
                linker.link.step(event, 0.0)
            taker = Taker(recorder, desk, linker, Switch(folder, Clock()), asyncio.Queue())
            for fact in facts:
                await taker.take(*(fact if isinstance(fact, list) else [fact]))
            await taker.news()

    asyncio.run(live())


def test_what_comes_of_a_deal_is_heard_after_the_deals_told_with_it(tmp_path: Path) -> None:
    """The close that a deal leads to makes a deal of its own: it must not overtake, or the others would be lost."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: buy()}, 2)))
    first, second = (wish for wish in told.tell(closed(3)).instructions)
    told.tell(level("flatten", hour(4)))
    deals = [told.deal(first, "in", 100.0), told.deal(second, "in", 100.0)]  # type: ignore[arg-type]  # entries
    left: list[Deal] = []

    def sent(request: AnyRequest) -> None:
        assert isinstance(request, CloseRequest)
        deal = told.deal(next(d for d in deals if d.position == request.position), "out", 101.0, profit=100.0)
        left.append(deal)
        desk.waiting.append(DealMade(at=hour(4), deal=deal))

    desk = Drained(sent)
    desk.waiting = [DealMade(at=hour(4), deal=deal) for deal in deals]
    taken(tmp_path, told, desk)

    assert 2 == len(left)
    assert (BALANCE + 200.0, [None, None]) == (told.balance, [lane.trade for lane in told.core.lanes])


def test_facts_told_together_are_all_heard_before_anything_is_done(tmp_path: Path) -> None:
    """A flatten closes what the first deals opened: when that leaves, the core knows that a stop has closed it."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: buy()}, 2)))
    first, second = told.tell(closed(3)).instructions
    told.tell(level("flatten", hour(4)))
    entered = [told.deal(wish, "in", 100.0) for wish in (first, second)]  # type: ignore[arg-type]  # entries
    left = [told.deal(deal, "out", 99.0, reason="stop") for deal in entered]
    heard: list[int] = []
    desk = Drained(lambda _: heard.append(len(told.core.ledger.heard)))
    taken(tmp_path, told, desk, [DealMade(at=hour(4), deal=deal) for deal in (*entered, *left)])

    assert [5, 5] == heard
    assert [None, None] == [lane.trade for lane in told.core.lanes]


def test_each_answer_is_on_disk_before_the_next_request_leaves(tmp_path: Path) -> None:
    """Of two entries of one bar, the second finds the first one's answer in the file when it is sent."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: buy()}, 2)))
    found: list[list[str]] = []

    def sent(request: AnyRequest) -> None:
        assert isinstance(request, EntryRequest)
        with JournalReader(tmp_path / "journal.sqlite") as reader:
            found.append([row.kind for row in reader.rows()])

    taken(tmp_path, told, Drained(sent), closed(3))

    assert [["RunOpened", "BarClosed"], ["RunOpened", "BarClosed", "Accepted"]] == found
