"""What the venue can do, by MetaTrader's requests and in its rows: netting, close-by, orders, contracts, accounts."""

import datetime as dt
import shutil

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.outcomes import Reply
from brokers.mt5.lookalike.service import Service
from brokers.mt5.lookalike.setup import AccountSetup, SymbolSetup
from tests.trade_server import GOLD, HISTORY, HOUR, OIL, START, serving, set_up

OPEN = START + HISTORY * HOUR
ALWAYS = (0, 2_000_000_000)
DEAL = {"action": 1, "symbol": "GOLD", "volume": 0.1, "type": 0, "price": 2004.2, "type_filling": 1}
PENDING = DEAL | {"action": 5, "type": 2, "price": 1999.0, "type_filling": 2}
Broker = Callable[..., Path]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Return what serves a broker with a contract of one's own, and connects to it."""
    with ExitStack() as stack:

        def begin(margin_mode: str = "hedging", **contract: Any) -> Path:  # noqa: ANN401 - fields of Symbol
            accounts = (AccountSetup(login=7, password="open", margin_mode=margin_mode, stop_out=0.3, limit_orders=3),)  # type: ignore[arg-type] # a parameter
            gold = SymbolSetup(symbol=msgspec.structs.replace(GOLD, **contract), timeframe="H1")
            oil = SymbolSetup(symbol=OIL, timeframe="H1")
            home = set_up(tmp_path / "broker", accounts=accounts, symbols=(gold, oil))
            stack.enter_context(serving(home))
            assert m.initialize(str(home))
            assert m.symbol_select("GOLD")
            stack.callback(m.shutdown)
            return home

        yield begin


def sent(request: dict[str, Any], **changes: Any) -> Any:  # noqa: ANN401 - fields of the request
    """Send a request and return its result."""
    result = m.order_send(request | changes)
    assert result is not None, m.last_error()
    return result


def position() -> Any:  # noqa: ANN401 - a TradePosition
    """Return the one position."""
    (only,) = m.positions_get() or ()
    return only


def entries(ident: int) -> list[tuple[int, float]]:
    """Return entry and volume of a position's deals."""
    deals: Any = m.history_deals_get(position=ident)
    return [(d.entry, d.volume) for d in deals]


# --- netting and close-by -------------------------------------------------------------------------------------------


def test_a_netting_account_has_one_position_a_symbol(broker: Broker) -> None:
    """Deals add, take away and turn round; the identifier stays, the ticket is that of the order that turned."""
    broker("netting")
    first = sent(DEAL, volume=0.2)
    sent(DEAL, volume=0.1)
    sent(DEAL, volume=0.1, type=1)
    before = position()
    turned = sent(DEAL, volume=0.5, type=1)
    after = position()
    account: Any = m.account_info()

    assert m.ACCOUNT_MARGIN_MODE_RETAIL_NETTING == account.margin_mode
    assert (0.2, m.POSITION_TYPE_BUY, first.order, first.order) == (
        *(before.volume, before.type, before.ticket, before.identifier),
    )
    assert (0.3, m.POSITION_TYPE_SELL, turned.order, first.order) == (
        *(after.volume, after.type, after.ticket, after.identifier),
    )
    assert [
        (m.DEAL_ENTRY_IN, 0.2), (m.DEAL_ENTRY_IN, 0.1), (m.DEAL_ENTRY_OUT, 0.1), (m.DEAL_ENTRY_INOUT, 0.5)
    ] == entries(first.order)  # fmt: skip


@pytest.mark.parametrize("name", ["ticket", "identifier"])
def test_a_turned_position_is_closed_by_either_of_its_numbers(broker: Broker, name: str) -> None:
    """What turned round is known by its ticket, and by the one it was opened under."""
    broker("netting")
    sent(DEAL, volume=0.2)
    sent(DEAL, volume=0.5, type=1)
    result = sent(DEAL, volume=0.3, type=0, position=getattr(position(), name))

    assert (10009, 0) == (result.retcode, m.positions_total())


def test_two_positions_are_closed_by_each_other(broker: Broker) -> None:
    """Two deals out by, one order of that type that names both; the larger one keeps the difference."""
    broker()
    long, short = sent(DEAL, volume=0.3).order, sent(DEAL, volume=0.1, type=1).order
    result = sent({"action": m.TRADE_ACTION_CLOSE_BY, "position": long, "position_by": short})
    orders: Any = m.history_orders_get(ticket=result.order)

    assert 10009 == result.retcode
    assert 0.2 == position().volume
    assert [(m.DEAL_ENTRY_IN, 0.1), (m.DEAL_ENTRY_OUT_BY, 0.1)] == entries(short)
    assert (m.ORDER_TYPE_CLOSE_BY, long, short) == (orders[0].type, orders[0].position_id, orders[0].position_by_id)


@pytest.mark.parametrize(("mode", "mask"), [("netting", 127), ("hedging", 63)])
def test_close_by_is_not_offered_everywhere(broker: Broker, mode: str, mask: int) -> None:
    """A netting account has nothing to close by, and a symbol's order mask may leave it out."""
    broker(mode, order_mask=mask)
    ticket = sent(DEAL).order

    assert 10035 == sent({"action": m.TRADE_ACTION_CLOSE_BY, "position": ticket, "position_by": ticket}).retcode


# --- orders ---------------------------------------------------------------------------------------------------------


def test_a_resting_order_is_moved(broker: Broker) -> None:
    """Price, stop, target and lifetime are set anew; its ticket, volume and magic stay."""
    broker()
    ticket = sent(PENDING, magic=9).order
    until = OPEN // 1000 + 7200
    moved = {"action": m.TRADE_ACTION_MODIFY, "order": ticket, "price": 1998.0, "sl": 1990.0, "tp": 2010.0}
    result = sent(moved, type_time=m.ORDER_TIME_SPECIFIED, expiration=until)
    order: Any = (m.orders_get() or (None,))[0]

    assert 10009 == result.retcode
    assert (ticket, 1998.0, 1990.0, 2010.0, until, 9, 0.1) == (
        *(order.ticket, order.price_open, order.sl, order.tp, order.time_expiration, order.magic, order.volume_initial),
    )


def test_a_stop_limit_becomes_a_limit_when_it_is_triggered(broker: Broker) -> None:
    """The same ticket, at its limit's price; then it is filled there."""
    broker()
    ticket = sent(PENDING, type=m.ORDER_TYPE_BUY_STOP_LIMIT, price=2006.0, stoplimit=2004.0).order
    before: Any = (m.orders_get() or (None,))[0]
    control.done(OPEN)
    control.done(OPEN + HOUR)
    after: Any = (m.orders_get() or (None,))[0]

    assert (m.ORDER_TYPE_BUY_STOP_LIMIT, 2006.0, 2004.0) == (before.type, before.price_open, before.price_stoplimit)
    assert (ticket, m.ORDER_TYPE_BUY_LIMIT, 2004.0, 0.0) == (
        *(after.ticket, after.type, after.price_open, after.price_stoplimit),
    )


def test_an_order_that_expires_says_so_in_its_comment(broker: Broker) -> None:
    """Its state is expired, its volume is left, and the venue's words stand where ours did."""
    broker()
    until = OPEN // 1000 + 1800
    ticket = sent(PENDING, type_time=m.ORDER_TIME_SPECIFIED, expiration=until, comment="mine").order
    control.done(OPEN)
    order: Any = (m.history_orders_get(ticket=ticket) or (None,))[0]
    when = dt.datetime.fromtimestamp(until, tz=dt.UTC)

    assert (m.ORDER_STATE_EXPIRED, 0.1) == (order.state, order.volume_current)
    assert f"expired [{when:%Y.%m.%d %H:%M}]" == order.comment


@pytest.mark.parametrize(
    ("mask", "lifetime", "code"),
    [(15, 0, 10009), (14, 0, 10022), (1, 2, 10022), (4, 2, 10009), (4, 1, 10022), (2, 1, 10009), (15, 4, 10022)],
)
def test_lifetimes_are_those_of_the_mask(broker: Broker, mask: int, lifetime: int, code: int) -> None:
    """Till cancelled, day, specified, specified day: bit by bit."""
    broker(expiration_mask=mask)

    assert code == sent(PENDING, type_time=lifetime, expiration=OPEN // 1000 + 7200).retcode


@pytest.mark.parametrize("execution", ["request", "instant", "market", "exchange"])
@pytest.mark.parametrize("fillings", [("fok",), ("ioc",), ("fok", "ioc")])
def test_fillings_are_those_of_mask_and_execution(broker: Broker, execution: str, fillings: tuple[str, ...]) -> None:
    """Request and instant take all, market what the mask names and never return, exchange that and return."""
    broker(execution=execution, fillings=fillings)
    asked = {"fok": m.ORDER_FILLING_FOK, "ioc": m.ORDER_FILLING_IOC, "return": m.ORDER_FILLING_RETURN}
    everything = execution in {"request", "instant"}
    offered = {"fok", "ioc", "return"} if everything else {*fillings, *(("return",) if execution == "exchange" else ())}
    taken = {name for name, number in asked.items() if sent(DEAL, type_filling=number).retcode == 10009}
    positions: Any = m.positions_get()
    ticket = positions[0].ticket
    left = {
        name for name, number in asked.items()
        if sent(DEAL, volume=0.01, price=2004.0, type=1, position=ticket, type_filling=number).retcode == 10009
    }  # fmt: skip
    info: Any = m.symbol_info("GOLD")

    assert offered == taken == left
    assert sum({"fok": 1, "ioc": 2}[f] for f in fillings) == info.filling_mode
    assert 10030 == sent(DEAL, type_filling=m.ORDER_FILLING_BOC).retcode


def test_the_rest_of_a_return_order_stands(broker: Broker) -> None:
    """A part is filled at once, the rest rests under the same ticket, partly filled, and is filled at the next tick."""
    broker(execution="exchange")
    control.fault("partial", verbs=("send",), share=0.25)
    result = sent(DEAL, volume=1.0, type_filling=m.ORDER_FILLING_RETURN)
    order: Any = (m.orders_get() or (None,))[0]
    control.done(OPEN)
    done: Any = (m.history_orders_get(ticket=result.order) or (None,))[0]

    assert (10010, 0.25, result.order) == (result.retcode, result.volume, order.ticket)
    assert (m.ORDER_STATE_PARTIAL, 1.0, 0.75) == (order.state, order.volume_initial, order.volume_current)
    assert (m.ORDER_STATE_FILLED, 0.0) == (done.state, done.volume_current)
    assert 1.0 == position().volume


def test_a_fill_or_kill_order_is_not_filled_in_part(broker: Broker) -> None:
    """Where there is not enough, nothing is done."""
    broker(fillings=("fok", "ioc"))
    control.fault("partial", verbs=("send",), share=0.25)

    assert 10006 == sent(DEAL, volume=1.0, type_filling=m.ORDER_FILLING_FOK).retcode
    assert 0 == m.positions_total()


def test_an_account_has_only_so_many_resting_orders(broker: Broker) -> None:
    """The number is told, and the order above it refused."""
    broker()
    codes = [sent(PENDING, price=1999.0 - i).retcode for i in range(4)]
    account: Any = m.account_info()

    assert ([10009] * 3 + [10033], 3) == (codes, account.limit_orders)


# --- contracts and accounts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "number", "buy", "sell"),
    [
        ("full", 4, 10009, 10009), ("long_only", 1, 10009, 10042), ("short_only", 2, 10043, 10009),
        ("close_only", 3, 10044, 10044), ("disabled", 0, 10017, 10017),
    ],
)  # fmt: skip
def test_trade_modes_are_told_and_kept(broker: Broker, mode: str, number: int, buy: int, sell: int) -> None:
    """Long only, short only, close only, disabled: each has its return code."""
    broker(trade_mode=mode)
    info: Any = m.symbol_info("GOLD")

    assert (number, buy, sell) == (info.trade_mode, sent(DEAL).retcode, sent(DEAL, type=1).retcode)


def test_a_contract_is_told_whole(broker: Broker) -> None:
    """Masks, levels, limits, margins and modes, each in its field."""
    broker(
        calc="cfd", execution="instant", fillings=("fok", "ioc"), order_mask=119, expiration_mask=7, volume_limit=5.0,
        margin_initial=1000.0, margin_hedged=50.0, stops_level=12, freeze_level=3, swap_mode="interest_open",
    )  # fmt: skip
    s: Any = m.symbol_info("GOLD")

    assert (m.SYMBOL_CALC_MODE_CFD, m.SYMBOL_TRADE_EXECUTION_INSTANT, 3) == (
        *(s.trade_calc_mode, s.trade_exemode, s.filling_mode),
    )
    assert (119, 7, 5.0, 1000.0, 50.0) == (
        *(s.order_mode, s.expiration_mode, s.volume_limit, s.margin_initial, s.margin_hedged),
    )
    assert (12, 3, m.SYMBOL_SWAP_MODE_INTEREST_OPEN) == (s.trade_stops_level, s.trade_freeze_level, s.swap_mode)


def test_a_contract_ends(broker: Broker) -> None:
    """When its time has come its orders are taken off and its positions closed, and nothing of it is traded."""
    broker(expires_at=OPEN + HOUR + 1)
    ticket = sent(DEAL).order
    sent(PENDING)
    info: Any = m.symbol_info("GOLD")
    control.done(OPEN)
    before = m.positions_total()
    control.done(OPEN + HOUR)
    deals: Any = m.history_deals_get(position=ticket)

    assert (OPEN + HOUR) // 1000 == info.expiration_time
    assert (1, 0, 0) == (before, m.positions_total(), m.orders_total())
    assert (m.DEAL_REASON_ROLLOVER, "contract expired") == (deals[-1].reason, deals[-1].comment)
    assert 10017 == sent(DEAL).retcode


def test_an_account_tells_its_levels(broker: Broker) -> None:
    """Margin call and stop out are told in percent."""
    broker()
    account: Any = m.account_info()

    assert (m.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING, 100.0, 30.0) == (
        *(account.margin_mode, account.margin_so_call, account.margin_so_so),
    )


def test_a_position_knows_who_opened_it_and_when_it_changed(broker: Broker) -> None:
    """A position of the phone says so; setting its stop is a change, its opening time stays."""
    broker()
    control.hand("mobile", **DEAL)
    opened = position()
    control.done(OPEN)
    sent({"action": m.TRADE_ACTION_SLTP, "symbol": "GOLD", "position": opened.ticket, "sl": 1990.0})
    changed = position()

    assert m.POSITION_REASON_MOBILE == opened.reason
    assert (opened.time_msc, OPEN) == (opened.time_update_msc, opened.time_msc)
    assert (OPEN, OPEN + HOUR) == (changed.time_msc, changed.time_update_msc)


def test_all_of_it_outlives_the_server(broker: Broker) -> None:
    """A netting account with a turned position and a moved order is the same after a restart."""
    home = broker("netting")
    sent(DEAL, volume=0.2)
    sent(DEAL, volume=0.5, type=1)
    ticket = sent(PENDING).order
    sent({"action": m.TRADE_ACTION_MODIFY, "order": ticket, "price": 1998.0})
    before = [m.positions_get(), m.orders_get(), m.history_deals_get(*ALWAYS), m.history_orders_get(*ALWAYS)]
    copy = Path(shutil.copytree(home, home.parent / "copy"))
    x = Exchange(copy)
    service = Service(x, copy)
    found = [service.answer("", verb, ["all", None]) for verb in ("positions", "orders")]
    found += [service.answer("", verb, ["dates", [*ALWAYS, None]]) for verb in ("history_deals", "history_orders")]
    x.close()

    assert [[list(row) for row in rows or ()] for rows in before] == [r.value for r in found if isinstance(r, Reply)]
