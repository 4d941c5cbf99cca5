"""Orders at the trade server, through the package's functions: their lives, their history and what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from tests.trade_server import HISTORY, HOUR, START, connected

OPEN = START + HISTORY * HOUR
BUY = {
    "action": m.TRADE_ACTION_DEAL,
    "symbol": "GOLD",
    "volume": 0.1,
    "type": m.ORDER_TYPE_BUY,
    "price": 2004.2,
    "sl": 1990.0,
    "tp": 2100.0,
    "magic": 77,
    "comment": "tide",
    "type_filling": m.ORDER_FILLING_IOC,
}
LIMIT = BUY | {
    "action": m.TRADE_ACTION_PENDING,
    "type": m.ORDER_TYPE_BUY_LIMIT,
    "price": 2003.9,
    "type_filling": m.ORDER_FILLING_RETURN,
}
FOREVER = (0, 2_000_000_000)


@pytest.fixture(autouse=True)
def terminal(tmp_path: Path) -> Iterator[None]:
    """Serve a fresh folder with the look-alike logged in to its first account."""
    with connected(tmp_path / "terminal"):
        yield


def send(request: dict[str, Any], **changes: Any) -> Any:  # noqa: ANN401 - the package's structure
    """Send a request with some fields changed."""
    return m.order_send(request | changes)


def test_a_market_order_opens_a_position_with_its_stop_and_target() -> None:
    """The result is executed at the ask, and the position carries all that was asked."""
    result = send(BUY)
    (position,) = m.positions_get() or ()
    p: Any = position

    assert (10009, 0.1, 2004.2, 2004.0, 2004.2, "Request executed", 1) == (
        *(result.retcode, result.volume, result.price, result.bid, result.ask, result.comment, result.request_id),
    )
    assert (result.order, 0, 2004.2, 1990.0, 2100.0, 77, "tide") == (
        *(p.ticket, p.type, p.price_open, p.sl, p.tp, p.magic, p.comment),
    )
    assert (p.identifier, OPEN, -2.0) == (p.ticket, p.time_msc, p.profit)
    assert result.request == m.TradeRequest(
        (1, 77, 0, "GOLD", 0.1, 2004.2, 0.0, 1990.0, 2100.0, 0, 0, 1, 0, 0, "tide", 0, 0)
    )


def test_tickets_are_beyond_32_bits_and_rise() -> None:
    """Deals and orders have tickets above 2**32, each greater than the one before."""
    first, second = send(BUY), send(BUY)

    assert 2**32 < first.order < first.deal < second.order < second.deal


def test_a_position_is_closed_by_its_ticket() -> None:
    """Closing gives a deal out of that position; profit and commission stand in the balance."""
    opened = send(BUY)
    closed = send(BUY, type=m.ORDER_TYPE_SELL, position=opened.order, price=2004.0, sl=0.0, tp=0.0, magic=78)
    deals: Any = m.history_deals_get(position=opened.order)
    account: Any = m.account_info()

    assert closed.retcode == 10009
    assert () == m.positions_get()
    assert [(0, 0, 77), (1, 1, 78)] == [(d.type, d.entry, d.magic) for d in deals]
    assert (-2.0, -0.2, 2004.0) == (deals[1].profit, deals[1].commission, deals[1].price)
    assert account.balance == 100_000.0 - 2.0 - 0.4


def test_part_of_a_position_can_be_closed() -> None:
    """What is not closed stays open under the same ticket."""
    opened = send(BUY)
    send(BUY, type=m.ORDER_TYPE_SELL, position=opened.order, volume=0.04, sl=0.0, tp=0.0)
    (p,) = m.positions_get() or ()
    rest: Any = p

    assert (opened.order, 0.06) == (rest.ticket, rest.volume)


def test_stop_and_target_can_be_moved() -> None:
    """A moved stop answers executed with neither deal nor order; the same again has no changes."""
    opened = send(BUY)
    move = {"action": m.TRADE_ACTION_SLTP, "symbol": "GOLD", "position": opened.order, "sl": 1995.0, "tp": 2050.0}
    moved, again = send(move), send(move)
    (p,) = m.positions_get(ticket=opened.order) or ()
    position: Any = p

    assert (10009, 0, 0, 0.0, 0.0) == (moved.retcode, moved.deal, moved.order, moved.volume, moved.price)
    assert (1995.0, 2050.0) == (position.sl, position.tp)
    assert again.retcode == 10025


def test_a_stop_is_hit_inside_the_bar_and_told_as_in_life() -> None:
    """The deal has the reason of a stop, its comment names the level, and its order stands in the history."""
    send(BUY, sl=2003.6)
    control.done(OPEN)
    deal: Any = (m.history_deals_get(*FOREVER) or ())[-1]
    order: Any = (m.history_orders_get(ticket=deal.order) or ())[0]

    assert (m.DEAL_REASON_SL, "sl 2003.60", 2003.6, OPEN + HOUR - 1) == (
        *(deal.reason, deal.comment, deal.price, deal.time_msc),
    )
    assert (m.ORDER_REASON_SL, m.ORDER_STATE_FILLED, deal.position_id) == (order.reason, order.state, order.position_id)


def test_a_pending_order_rests_and_is_filled() -> None:
    """A resting order is listed until the price comes, then it is history and a position."""
    placed = send(LIMIT)
    (resting,) = m.orders_get() or ()
    order: Any = resting
    control.done(OPEN)
    (filled,) = m.history_orders_get(ticket=placed.order) or ()
    past: Any = filled
    (p,) = m.positions_get() or ()
    position: Any = p

    assert (10009, 0) == (placed.retcode, placed.deal)
    assert (placed.order, m.ORDER_STATE_PLACED, 2003.9, 0.1) == (
        *(order.ticket, order.state, order.price_open, order.volume_current),
    )
    assert () == m.orders_get()
    assert (m.ORDER_STATE_FILLED, 0.0, position.ticket) == (past.state, past.volume_current, past.position_id)


def test_a_pending_order_can_be_removed() -> None:
    """A removed order is cancelled in the history and rests no more."""
    placed = send(LIMIT)
    removed = send({"action": m.TRADE_ACTION_REMOVE, "order": placed.order})
    (gone,) = m.history_orders_get(*FOREVER) or ()
    past: Any = gone

    assert removed.retcode == 10009
    assert (m.orders_total(), past.state) == (0, m.ORDER_STATE_CANCELED)


def test_a_pending_order_expires_at_its_time() -> None:
    """An order with a time ends at the first tick at or after it."""
    send(LIMIT, price=1995.0, type_time=m.ORDER_TIME_SPECIFIED, expiration=(OPEN + HOUR) // 1000)
    control.done(OPEN)
    past: Any = (m.history_orders_get(*FOREVER) or ())[0]

    assert (m.ORDER_STATE_EXPIRED, (OPEN + HOUR) // 1000) == (past.state, past.time_done)


@pytest.mark.parametrize(
    ("changes", "code", "comment"),
    [
        ({"type_filling": m.ORDER_FILLING_FOK}, 10030, "Unsupported filling mode"),
        ({"type_filling": m.ORDER_FILLING_RETURN}, 10030, "Unsupported filling mode"),
        ({"sl": 2010.0}, 10016, "Invalid stops"),
        ({"volume": 0.005}, 10014, "Invalid volume"),
        ({"volume": 50.0, "sl": 0.0}, 10019, "No money"),
        ({"symbol": "SILVER"}, 10013, "Invalid request"),
        ({"position": 5}, 10036, "Position doesn't exist"),
        ({"type": m.ORDER_TYPE_BUY_LIMIT}, 10035, "Invalid order"),
        ({"action": m.TRADE_ACTION_CLOSE_BY}, 10036, "Position doesn't exist"),
        ({"action": m.TRADE_ACTION_MODIFY, "order": 5}, 10013, "Invalid request"),
        ({"action": m.TRADE_ACTION_SLTP, "position": 5}, 10036, "Position doesn't exist"),
        ({"action": m.TRADE_ACTION_REMOVE, "order": 5}, 10013, "Invalid request"),
    ],
)
def test_a_refused_request_changes_nothing(changes: dict[str, Any], code: int, comment: str) -> None:
    """A refusal has the broker's code and comment, and no numbers."""
    result = send(BUY, **changes)

    assert (code, comment, 0, 0, 0.0, 0.0) == (
        *(result.retcode, result.comment, result.deal, result.order, result.volume, result.price),
    )
    assert (0, 0) == (m.positions_total(), m.orders_total())


def test_order_check_answers_zero_and_changes_nothing() -> None:
    """What would pass has code 0 and Done; what would not, the code order_send would give."""
    good: Any = m.order_check(BUY)
    bad: Any = m.order_check(BUY | {"sl": 2010.0})

    assert (0, "Done", 100_000.0, 200.42) == (good.retcode, good.comment, good.balance + 0.2, good.margin)
    assert bad.retcode == 10016
    assert m.positions_total() == 0
    assert good.request == m.TradeRequest(good.request)


def test_no_match_is_an_empty_tuple_and_success() -> None:
    """An empty tuple means there is none; it is no failure."""
    answers = [
        m.positions_get(),
        m.positions_get(ticket=5),
        m.orders_get(symbol="GOLD"),
        m.history_orders_get(*FOREVER),
        m.history_deals_get(ticket=5),
        m.history_deals_get(5, 6),
    ]

    assert [()] * 6 == answers
    assert m.last_error() == (1, "Success")


def test_ticket_goes_before_symbol_and_symbol_before_group() -> None:
    """The precedence is the package's, not its documentation's; unknown keywords are ignored."""
    opened = send(BUY)

    assert len(m.positions_get(ticket=opened.order, symbol="OIL") or ()) == 1
    assert m.positions_get(symbol="OIL", group="*") == ()
    assert len(m.positions_get(group="*,!OIL") or ()) == 1
    assert m.positions_get(group="*,!GOLD") == ()
    assert len(m.positions_get(tickets=5) or ()) == 1


def test_dates_go_before_ticket_and_ticket_before_position() -> None:
    """In the history the precedence is dates, order ticket, position."""
    opened = send(BUY)

    assert len(m.history_deals_get(*FOREVER, ticket=1) or ()) == 2
    assert len(m.history_deals_get(ticket=opened.order, position=1) or ()) == 1
    assert (m.history_deals_total(*FOREVER), m.history_orders_total(*FOREVER)) == (2, 1)


def test_money_can_be_asked_in_advance() -> None:
    """Margin and profit are computed as the venue will."""
    assert m.order_calc_margin(m.ORDER_TYPE_BUY, "GOLD", 1, 2000) == 2000.0
    assert m.order_calc_profit(m.ORDER_TYPE_SELL, "GOLD", 1.0, 2001.0, 2000.5) == 50.0
    assert m.order_calc_profit(m.ORDER_TYPE_BUY_LIMIT, "GOLD", 1.0, 1.0, 1.0) is None


def test_the_account_and_the_terminal_show_what_a_session_checks() -> None:
    """Login, server, margin mode, readiness and path are there."""
    send(BUY)
    account: Any = m.account_info()
    info: Any = m.terminal_info()
    gold: Any = m.symbol_info("GOLD")

    assert (7, "Lookalike-Demo", 2, True, "A") == (
        *(account.login, account.server, account.margin_mode, account.trade_allowed, account.name),
    )
    assert account.equity == account.balance - 2.0
    assert (account.margin, account.margin_free) == (200.42, account.equity - 200.42)
    assert (True, True, False) == (info.connected, info.trade_allowed, info.tradeapi_disabled)
    assert (2, 2, 0.01, 100.0, 20) == (
        *(gold.filling_mode, gold.digits, gold.point, gold.trade_contract_size, gold.spread),
    )
    assert ["GOLD", "OIL"] == [getattr(s, "name", "") for s in m.symbols_get() or ()]
