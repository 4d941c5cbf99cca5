"""A server whose clock runs ahead and whose symbols have other names: we see UTC and our names, it sees its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import brokers.mt5.lookalike as m

from brokers.facts import Accepted, DealMade, OrderGone
from brokers.mt5.frames import Connected, FeedCursor, History, Past
from tests.orders import NOW, cancel, close, entry, resting, stop_at
from tests.terminals import Terminal, terminal_in
from tests.trade_server import BARS, HISTORY, HOUR, START

AHEAD_S = 7200
FEED = FeedCursor("XAUUSD", "H1", 0)
LAST = FeedCursor("XAUUSD", "H1", NOW - HOUR)


@pytest.fixture(params=["UTC+2", "New York close"])
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """Return a connected terminal, two hours ahead, on which we call gold XAUUSD."""
    with terminal_in(tmp_path) as found:
        found.serve(zone="UTC+2")
        told = found.connect(zone=request.param, symbols={"XAUUSD": "GOLD", "BRENT": "OIL"})
        assert isinstance(told, Connected)
        assert (NOW, ("XAUUSD", "BRENT")) == (told.at, tuple(s.name for s in told.symbols))
        yield found


def test_bars_and_history_are_in_utc_under_our_names(terminal: Terminal) -> None:
    """The terminal itself says two hours more, and GOLD."""
    history = terminal.worker.answer(Past(symbol="XAUUSD", timeframe="H1", count=9))
    told = terminal.poll(FEED)
    theirs = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 1, 1)

    assert isinstance(history, History)
    assert [(START + n * HOUR, "XAUUSD") for n in range(HISTORY)] == [(b.time, b.symbol) for b in history.bars]
    assert history.bars == tuple(closed.bar for closed in told.bars)
    assert (NOW, NOW) == (told.at, told.bars[-1].next_open)
    assert theirs is not None
    assert (NOW - HOUR) // 1000 + AHEAD_S == theirs[0][0]


def test_done_is_told_on_the_servers_clock(terminal: Terminal) -> None:
    """Recorded time goes on, bar by bar, to its end."""
    moments, told = [], terminal.poll(FEED)
    while not told.ended:
        moments.append(told.at)
        told = terminal.poll(LAST, done=told.at)

    assert [START + n * HOUR for n in range(HISTORY, BARS)] == moments
    assert START + BARS * HOUR - 1 == told.at


def test_orders_go_out_under_their_names_and_come_back_under_ours(terminal: Terminal) -> None:
    """Entry, position, order and deal: XAUUSD here, GOLD there; and all of the verbs find their way."""
    opened, placed = terminal.send(entry(1, symbol="XAUUSD")), terminal.send(resting(2, symbol="XAUUSD"))
    held = terminal.look()
    there = m.positions_get(symbol="GOLD")
    rest = [
        terminal.send(stop_at(1995.0, 3, symbol="XAUUSD", position=opened.order)),
        terminal.send(cancel(4, symbol="XAUUSD", order=placed.order)),
        terminal.send(close(5, symbol="XAUUSD", position=opened.order)),
    ]
    deals = [n for n in terminal.look(opened.deal - 1).news if isinstance(n, DealMade)]

    assert [Accepted] * 5 == [type(a) for a in (opened, placed, *rest)]
    assert [("XAUUSD", NOW)] == [(p.symbol, p.at) for p in held.positions] == [(o.symbol, o.at) for o in held.orders]
    assert there is not None
    assert 1 == len(there)
    assert [("XAUUSD", NOW, NOW)] * 2 == [(n.deal.symbol, n.deal.at, n.at) for n in deals]


def test_deals_are_found_by_a_cursor_in_utc(terminal: Terminal) -> None:
    """The moment of the last deal is asked for on the server's clock: what came before it is not read for ever."""
    terminal.send(entry(1, symbol="XAUUSD"))
    last = terminal.look().last_deal
    told = terminal.poll(LAST, done=NOW)
    opened = terminal.send(entry(2, symbol="XAUUSD", decided_at=told.at))

    assert [opened.deal] == [n.deal.ticket for n in terminal.look(last, NOW).news if isinstance(n, DealMade)]


def test_an_order_ends_at_the_moment_it_was_to_end(terminal: Terminal) -> None:
    """An order for the next half hour rests in this bar and is gone at the next tick; one of two bars still rests."""
    soon = terminal.send(resting(1, symbol="XAUUSD", expiry=NOW + HOUR // 2)).order
    later = terminal.send(resting(2, symbol="XAUUSD", expiry=NOW + 2 * HOUR)).order
    shown = {order.ticket: order.expiry for order in terminal.look().orders}
    terminal.poll(LAST, done=NOW)
    gone = [n.order for n in terminal.look(watch=(soon, later)).news if isinstance(n, OrderGone)]

    assert {soon: NOW + HOUR // 2, later: NOW + 2 * HOUR} == shown
    assert [soon] == gone


def test_the_age_of_a_decision_is_reckoned_in_utc(terminal: Terminal) -> None:
    """Two hours between the clocks are no age."""
    assert isinstance(terminal.send(entry(1, symbol="XAUUSD", decided_at=NOW - 29_000)), Accepted)
    assert "decided" in terminal.send(entry(2, symbol="XAUUSD", decided_at=NOW - 31_000)).reason
