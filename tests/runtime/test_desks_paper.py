"""The paper desk: it follows told bars as the venue plays them, and survives a restart between any two calls."""

import asyncio
import random

from collections.abc import Callable
from pathlib import Path

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.facts import Accepted, BarClosed, DealMade, OrderGone
from brokers.requests import AnyRequest, CancelRequest, CloseRequest, EntryRequest, StopRequest
from brokers.venue import Venue
from market.bars import Bars
from market.types import BUY, SELL, Deal, OrderKind, Side
from runtime.core.orders import OrderRecord
from runtime.core.state import Ledger
from runtime.desks import KEPT, PaperDesk
from runtime.follow import Follower
from tests.cores import a_lane, a_plan
from tests.tapes import COSTS, walk
from tests.venues import GOLD, HOUR

PLAN = a_plan(a_lane({}))
BALANCE = 10_000.0
Ask = Callable[[Venue, int], AnyRequest | None]
KINDS: list[tuple[OrderKind, float]] = [("market", 0.0), ("limit", -0.4), ("stop", 0.4)]


def told_bars(bars: Bars) -> list[BarClosed]:
    """Return the bars as a daemon is told of them: each at the first tick of the next, the last at its own close."""
    facts = []
    for i in range(len(bars)):
        last = i + 1 == len(bars)
        at = bars.time[i] + HOUR - 1 if last else bars.time[i + 1]
        bid = bars.close[i] if last else bars.open[i + 1]
        spread = bars.spread[i] if last else bars.spread[i + 1]
        ask = round(bid + (spread or COSTS["XAUUSD"].spread) / 100.0, 2)
        facts.append(BarClosed(at=at, bar=bars.bar(i), bid=bid, ask=ask))
    return facts


def wishes(seed: int) -> Ask:
    """Return a customer who asks for all kinds of things, the same ones of every venue that is in the same state."""

    def ask(venue: Venue, n: int) -> AnyRequest | None:
        draw = random.Random(seed * 1000 + n)
        bid, ask_ = venue.quote("XAUUSD")
        side: Side = draw.choice((BUY, SELL))
        held, resting, at = venue.positions(), venue.orders(), venue.at
        match draw.randrange(6):
            case 0 | 1 if len(held) + len(resting) < 4:
                kind, away = draw.choice(KINDS)
                price = round((ask_ if side > 0 else bid) + away * side, 2)
                return EntryRequest(
                    id=n, symbol="XAUUSD", side=side, kind=kind, volume=0.1, price=price, stop=round(price - side, 2),
                    target=round(price + 0.7 * side, 2), magic=n, decided_at=at,
                    expiry=at + 3 * HOUR if kind != "market" else 0,
                )  # fmt: skip
            case 2 if held:
                p = held[0]
                return CloseRequest(
                    id=n, symbol="XAUUSD", position=p.ticket, side=p.side, volume=p.volume, price=bid, magic=n,
                    decided_at=at,
                )  # fmt: skip
            case 3 if held:
                p = held[-1]
                return StopRequest(
                    id=n, symbol="XAUUSD", position=p.ticket, stop=p.stop, target=p.target, decided_at=at
                )
            case 4 if resting:
                return CancelRequest(id=n, symbol="XAUUSD", order=resting[0].ticket, decided_at=at)
        return None

    return ask


def played(bars: Bars, ask: Ask) -> list[Deal]:
    """Return the deals of a venue that is played as the trade server and the backtest play theirs."""
    venue = Venue({"XAUUSD": GOLD}, COSTS, currency="USD", balance=BALANCE, leverage=100, at=0)
    for i in range(len(bars)):
        venue.open_bar("XAUUSD", bars.time[i], bars.open[i], bars.spread[i])
        if i and (request := ask(venue, i)) is not None:
            venue.send(request)
        venue.play_bar("XAUUSD", bars.time[i] + HOUR - 1, bars.high[i], bars.low[i], bars.close[i])
    return venue.deals


def shown(deals: list[Deal]) -> list[tuple[object, ...]]:
    """Return all of a deal that its venue decides; the deposit, which is made before any bar, is left out."""
    return [(d.at, d.side, d.entry, d.volume, d.price, d.profit, d.commission, d.swap, d.reason) for d in deals[1:]]


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_a_follower_has_the_fills_of_the_venue_it_follows(seed: int) -> None:
    """Told of closed bars alone, it makes the same deals at the same moments and prices."""
    bars, ask = walk(60, seed), wishes(seed)
    venue = Venue({"XAUUSD": GOLD}, COSTS, currency="USD", balance=BALANCE, leverage=100, at=0)
    follower = Follower(venue, {"XAUUSD": "H1"}, {"XAUUSD": GOLD.scale})
    facts = told_bars(bars)
    for n, fact in enumerate(facts, 1):
        follower.market(fact, ended=fact is facts[-1])
        if fact is not facts[-1] and (request := ask(venue, n)) is not None:
            venue.send(request)
    wanted = played(bars, ask)

    assert shown(wanted) == shown(venue.deals)


def test_what_is_compared_here_trades_in_many_ways() -> None:
    """A customer's wishes end in stops, targets and closes."""
    deals = [deal for seed in range(5) for deal in played(walk(60, seed), wishes(seed))]

    assert {"expert", "stop", "target"} <= {deal.reason for deal in deals}


def test_bars_of_another_timeframe_or_of_history_are_not_played() -> None:
    """Only the bars that are this venue's path, after the warm-up."""
    venue = Venue({"XAUUSD": GOLD}, COSTS, currency="USD", balance=BALANCE, leverage=100, at=0)
    follower = Follower(venue, {"XAUUSD": "H4"}, {"XAUUSD": GOLD.scale})
    other = told_bars(walk(2))[0]
    warm = BarClosed(at=other.at, bar=other.bar, bid=other.bid, ask=other.ask, phase="warm")

    assert [False, False] == [follower.market(fact, ended=False) for fact in (other, warm)]
    assert (0.0, 0.0) == venue.quote("XAUUSD")


# --- the desk ---------------------------------------------------------------------------------------------------------


def desk_in(folder: Path) -> PaperDesk:
    """Return the paper desk of a folder, as a process that begins makes it."""
    return PaperDesk(PLAN, COSTS, BALANCE, folder / "paper.msgpack")


def lived(folder: Path, seed: int, restarts: set[int]) -> tuple[list[Deal], float]:
    """Have a desk follow bars and work wishes; begin anew at some of its calls, and hear the last bar once more."""
    folder.mkdir()
    desk, calls = desk_in(folder), 0
    facts, ask = told_bars(walk(24, seed)), wishes(seed)

    def again(fact: BarClosed) -> None:
        nonlocal desk, calls
        calls += 1
        if calls in restarts:
            desk = desk_in(folder)
            desk.market(fact, ended=False)

    for n, fact in enumerate(facts, 1):
        desk.market(fact, ended=False)
        again(fact)
        if (request := ask(desk.venue, n)) is not None:
            asyncio.run(desk.send(request, 0))
        again(fact)
        asyncio.run(desk.news(Ledger()))
        again(fact)
    return desk.venue.deals, desk.venue.equity()


@settings(max_examples=6)
@given(st.integers(0, 1000), st.sets(st.integers(1, 72), max_size=8))
def test_a_restart_between_any_two_calls_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, seed: int, restarts: set[int]
) -> None:
    """Every deal and the equity are those of a desk that was never disturbed, though bars are told twice."""
    folder = tmp_path_factory.mktemp("paper")

    assert lived(folder / "calm", seed, set()) == lived(folder / "restless", seed, restarts)


def test_a_paper_account_keeps_its_newest_deals_only(tmp_path: Path) -> None:
    """Its file is written at every bar, for years; the balance has them all."""
    desk = desk_in(tmp_path)
    for _ in range(2 * KEPT):
        desk.venue.flow("dividend", 1.0)
    desk.market(told_bars(walk(2))[0], ended=False)
    again = desk_in(tmp_path)

    assert KEPT == len(again.venue.deals)
    assert BALANCE + 2 * KEPT == again.venue.balance


def working(ticket: int) -> Ledger:
    """Return a core's book with one entry of ours at rest."""
    order = OrderRecord(
        id=1, verb="entry", strategy=1, symbol="XAUUSD", decision=1, magic=77, side=1, volume=0.1, price=1.0,
        ticket=ticket, state="WORKING",
    )  # fmt: skip
    return Ledger(known=True, last_deal=1, orders={1: order}, magics={77: 1})


@pytest.mark.parametrize("end", ["filled", "cancelled", None])
def test_the_end_of_an_order_is_told_by_a_look_even_if_its_news_were_lost(tmp_path: Path, end: str | None) -> None:
    """The process died after the venue had moved and before the journal had it: a look tells deals and ends again."""
    facts = told_bars(walk(6, 3))
    desk = desk_in(tmp_path)
    desk.market(facts[0], ended=False)
    bid = facts[0].bid
    price = round(bid - (0.02 if end == "filled" else 50.0), 2)
    limit = EntryRequest(
        id=1, symbol="XAUUSD", side=1, kind="limit", volume=0.1, price=price,
        stop=round(bid - 60.0, 2), magic=77, decided_at=0,
    )  # fmt: skip
    placed = asyncio.run(desk.send(limit, 0))
    assert isinstance(placed, Accepted)
    for fact in facts[1:]:
        desk.market(fact, ended=False)
    if end == "cancelled":
        asyncio.run(desk.send(CancelRequest(id=2, symbol="XAUUSD", order=placed.order, decided_at=0), 0))
    asyncio.run(desk.news(Ledger()))
    news, found = asyncio.run(desk_in(tmp_path).look(working(placed.order), 5, settled=False))
    gone = [(n.order, n.magic, n.end) for n in news if isinstance(n, OrderGone)]

    assert ([] if end is None else [(placed.order, 77, end)]) == gone
    assert (end == "filled") == any(isinstance(n, DealMade) and n.deal.magic == 77 for n in news)
    assert ((5, 1) if end is None else (5, 0)) == (found.id, len(found.orders))


def test_the_first_look_tells_no_history(tmp_path: Path) -> None:
    """A core that knows nothing yet takes the balance as it is told, and no deal twice."""
    news, found = asyncio.run(desk_in(tmp_path).look(Ledger(), 5, settled=True))

    assert ((), BALANCE, 1, True) == (news, found.account.balance, found.last_deal, found.settled)
