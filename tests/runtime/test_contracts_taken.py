"""A contract that a person took: the simulated venues beside the core trade by it at once, and after a restart."""

from pathlib import Path

import msgspec

from brokers.facts import DealMade, SymbolSeen
from brokers.requests import CloseRequest, EntryRequest
from runtime.core.facts import SpecAcknowledged
from runtime.core.instructions import Asker
from runtime.core.plan import Plan
from runtime.desks import PaperDesk
from runtime.outcomes.books import Books
from tests.cores import LEAVE, a_gated_plan, a_lane, a_plan, buy, closed, hour
from tests.told import Told
from tests.venues import GOLD

TENTH = msgspec.structs.replace(GOLD, contract_size=10.0)
ANN = Asker(id="ann-1", who="ann", why="the broker wrote to us", wall=0)
TAKEN = (SymbolSeen(at=hour(3), symbol=TENTH), SpecAcknowledged(at=hour(3), asker=ANN, symbol="XAUUSD"))
PLAN = a_plan(a_lane({}))


def desk_in(folder: Path) -> PaperDesk:
    """Return the paper desk whose file is there."""
    return PaperDesk(PLAN, {}, 10_000.0, folder / "paper.msgpack")


def gained(desk: PaperDesk) -> float:
    """Return what a lot of gold makes that is bought at 100.00 and sold at 101.00."""
    at = desk.venue.at
    desk.venue.tick("XAUUSD", at, 100.0, 100.0)
    desk.venue.send(
        EntryRequest(
            id=1, symbol="XAUUSD", side=1, kind="market", volume=1.0, price=100.0, stop=90.0, magic=1, decided_at=at
        )
    )
    (position,) = desk.venue.positions()
    desk.venue.tick("XAUUSD", at, 101.0, 101.0)
    desk.venue.send(
        CloseRequest(
            id=2, symbol="XAUUSD", position=position.ticket, side=1, volume=1.0, price=101.0, magic=1, decided_at=at
        )
    )
    return sum(news.deal.profit for news in desk.venue.news() if isinstance(news, DealMade))


def test_paper_trades_by_the_contract_that_was_taken(tmp_path: Path) -> None:
    """From the next fill on, and after a restart: its file holds the venue."""
    desk = desk_in(tmp_path)
    before = gained(desk)
    desk.trade_by([TENTH])

    assert (100.0, 10.0, 10.0) == (before, gained(desk), gained(desk_in(tmp_path)))


def shadowed(plan: Plan) -> tuple[Told, Books]:
    """Return a core whose contract of gold was taken anew, and its books with a shadow."""
    told = Told(plan)
    books = Books(told.core, {})
    for fact in TAKEN:
        books.observe(fact, told.core.handle(fact))
    return told, books


def test_shadows_trade_by_the_contract_that_was_taken() -> None:
    """A missed trade is worth what it would have been worth; also in books that were put to rest and woken."""
    plan = a_gated_plan({3: buy(), 4: LEAVE})
    told, books = shadowed(plan)
    woken = Books(told.core, {})
    woken.restore(books.snapshot())
    nets = []
    for each in (books, woken):
        done = [
            outcome
            for shadow in each.shadows
            for n, close in ((3, 99.0), (4, 100.0), (5, 100.0))
            for outcome in shadow.observe(closed(n, close))
        ]
        nets += [round(outcome.net / outcome.volume, 2) for outcome in done]

    assert [9.0] * 4 == nets  # without the regime gate, and without any
