"""Each fault as a user of the package sees it: the look-alike module against a trade server process that misbehaves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from tests.trade_server import GOLD, HISTORY, HOUR, START, connected, serving, set_up

OPEN = START + HISTORY * HOUR
BUY = {"action": 1, "symbol": "GOLD", "volume": 0.1, "type": 0, "price": 2004.2, "sl": 1990.0, "type_filling": 1}
ALWAYS = (0, 2_000_000_000)
SEND = ("send",)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Serve a fresh folder with the look-alike connected to it."""
    with connected(tmp_path / "terminal") as home:
        yield home


def sent(**changes: Any) -> Any:  # noqa: ANN401 - fields of the request
    """Send a request for GOLD and return what comes back."""
    return m.order_send(BUY | changes)


def back(folder: Path) -> int:
    """Connect again and return the number of positions."""
    assert m.initialize(str(folder)), m.last_error()
    return int(m.positions_total() or 0)


# --- the line -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "kind"), [(-10001, "fails"), (-10002, "fails"), (-10002, "hangs_up")])
def test_a_broken_pipe_says_so_once(folder: Path, code: int, kind: str) -> None:
    """The call fails with the code of the break, every later one with -10004, until initialize."""
    control.fault(kind, verbs=("account",), **({"code": code} if kind == "fails" else {}))
    errors = []
    for call in (m.account_info, m.account_info, m.positions_total):
        assert call() is None
        errors.append(m.last_error()[0])

    assert [code, -10004, -10004] == errors
    assert back(folder) == 0


@pytest.mark.parametrize("code", [-1, -10000, -10002, -10005])
@pytest.mark.parametrize("worked", [True, False])
def test_an_order_that_gives_none_may_have_been_executed(folder: Path, code: int, worked: bool) -> None:  # noqa: FBT001 - a table of cases
    """None and a code say nothing about what was done: only looking does."""
    control.fault("fails", verbs=SEND, code=code, worked=worked)
    result = sent()

    assert (None, code) == (result, m.last_error()[0])
    assert back(folder) == worked


@pytest.mark.usefixtures("folder")
def test_a_slow_answer_is_the_same_answer() -> None:
    """The order is worked once, and its result comes after all."""
    control.fault("slow", verbs=SEND, seconds=0.1)

    assert sent().retcode == m.TRADE_RETCODE_DONE
    assert m.positions_total() == 1


def test_a_restarted_terminal_is_not_found_until_it_is_back(folder: Path) -> None:
    """The pipe breaks, initialize finds nobody for a while, then all is as it was, market watch and login too."""
    control.fault("restart", seconds=60.0, terminal="")
    errors = [(m.positions_get(), m.last_error()[0]), (m.initialize(str(folder)), m.last_error()[0])]
    assert m.initialize(str(folder / "terminals" / "other"))
    assert control.mend()

    assert [(None, -10002), (False, -10003)] == errors
    assert m.initialize(str(folder))
    assert m.symbol_info_tick("GOLD") is not None


# --- trade requests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retcode", [10004, 10006, 10018, 10020, 10021, 10024])
def test_a_refusal_on_request_does_nothing(folder: Path, retcode: int) -> None:
    """Requote, reject, market closed, price changed, price off, too many: nothing is done, the next one is worked."""
    control.fault("answers", verbs=SEND, retcode=retcode)
    first, total, second = sent(), m.positions_total(), sent()
    record = (folder / "ledger.jsonl").read_text()

    assert (retcode, 0, 10009) == (first.retcode, total, second.retcode)
    assert f'"out":"answer","login":7,"retcode":{retcode}' in record


@pytest.mark.usefixtures("folder")
def test_a_requote_names_new_prices() -> None:
    """They lie beyond the market's for whoever buys, and for whoever sells."""
    quotes = []
    for kind in (0, 1):
        control.fault("answers", verbs=SEND, retcode=10004, points=30)
        result = sent(type=kind, sl=0.0)
        quotes.append((result.comment, result.bid, result.ask))

    assert [("Requote", 2004.3, 2004.5), ("Requote", 2003.7, 2003.9)] == quotes


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("retcode", [10011, 10012, 10028, 10031])
def test_a_doubtful_code_may_hide_an_execution(retcode: int) -> None:
    """The result has neither order nor deal; the position is there."""
    control.fault("answers", verbs=SEND, retcode=retcode, worked=True)
    result = sent()

    assert (retcode, 0, 0, 0.0) == (result.retcode, result.order, result.deal, result.volume)
    assert m.positions_total() == 1


@pytest.mark.usefixtures("folder")
def test_a_placed_order_shows_its_deal_late() -> None:
    """PLACED has an order and no deal; until the deal shows, positions and history are as they were."""
    control.fault("late", verbs=SEND, seconds=60.0, placed=True)
    before = m.account_info()
    result = sent()
    during = (m.account_info(), m.positions_total(), m.history_deals_get(ticket=result.order))
    control.mend()
    deals: Any = m.history_deals_get(ticket=result.order)

    assert (10008, 0, 0.1) == (result.retcode, result.deal, result.volume)
    assert (before, 0, ()) == during
    assert [result.order] == [deal.order for deal in deals]


@pytest.mark.usefixtures("folder")
def test_a_partial_fill_says_how_much() -> None:
    """10010 with the volume that was had; the rest of an immediate order is gone, and history tells both volumes."""
    control.fault("partial", verbs=SEND, share=0.35)
    result = sent(volume=1.0)
    positions: Any = m.positions_get()
    order: Any = (m.history_orders_get(ticket=result.order) or (None,))[0]

    assert (10010, 0.35) == (result.retcode, result.volume)
    assert [0.35] == [p.volume for p in positions]
    assert (1.0, 0.65, m.ORDER_STATE_PARTIAL) == (order.volume_initial, order.volume_current, order.state)
    assert m.orders_total() == 0


@pytest.mark.usefixtures("folder")
def test_a_close_may_be_partial_too() -> None:
    """The position keeps what was not closed."""
    ticket = sent(volume=1.0).order
    control.fault("partial", verbs=SEND, share=0.5)
    result = sent(volume=1.0, type=1, position=ticket, sl=0.0)
    positions: Any = m.positions_get()

    assert (10010, 0.5, [0.5]) == (result.retcode, result.volume, [p.volume for p in positions])


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("terminal", (10027, 1, False, False, True, True)),
        ("api", (None, -8, True, True, True, True)),
        ("account", (10017, 1, True, False, False, False)),
        ("server", (10026, 1, True, False, True, False)),
    ],
)
def test_trading_may_be_off_in_four_places(by: str, expected: tuple[Any, ...]) -> None:
    """AutoTrading, the API's option, an investor's password, the server: each has its code, and the infos tell it."""
    control.fault("forbidden", times=0, by=by)
    result = sent()
    error = m.last_error()[0]
    terminal: Any = m.terminal_info()
    account: Any = m.account_info()
    seen = (terminal.trade_allowed, terminal.tradeapi_disabled, account.trade_allowed, account.trade_expert)
    total = m.positions_total()
    control.mend()

    assert expected == (result and result.retcode, error, *seen)
    assert total == 0
    assert sent().retcode == m.TRADE_RETCODE_DONE


# --- who is there ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_somebody_may_switch_the_account_under_you() -> None:
    """From then on the terminal is the other account's, until somebody logs in again."""
    sent()
    control.happen("switched", login=8)
    account: Any = m.account_info()

    assert (8, 0) == (account.login, m.positions_total())
    assert m.login(7)
    assert m.positions_total() == 1


@pytest.mark.usefixtures("folder")
def test_one_frame_may_come_from_another_terminal() -> None:
    """A single answer is another account's, or another path's; the next is one's own again."""
    control.fault("stray", verbs=("account",), account=8)
    control.fault("stray", verbs=("terminal",), path="/elsewhere")
    accounts: Any = [m.account_info(), m.account_info()]
    paths: Any = [m.terminal_info(), m.terminal_info()]

    assert [8, 7] == [a.login for a in accounts]
    assert [True, False] == [p.path == "/elsewhere" for p in paths]


@pytest.mark.usefixtures("folder")
def test_without_its_broker_a_terminal_tells_what_it_knew() -> None:
    """It says it is not connected, gives old prices and positions, refuses orders with 10031, and comes back."""
    sent()
    control.fault("unreachable", times=0)
    terminal: Any = m.terminal_info()
    before = (m.symbol_info_tick("GOLD"), m.account_info(), m.positions_get())
    control.done(OPEN)
    during = (m.symbol_info_tick("GOLD"), m.account_info(), m.positions_get())
    refused = sent().retcode
    control.mend()
    tick: Any = m.symbol_info_tick("GOLD")
    again: Any = m.terminal_info()

    assert (False, True) == (terminal.connected, again.connected)
    assert before == during
    assert (10031, 2005.0, 1) == (refused, tick.bid, m.positions_total())


# --- data -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_history_may_come_late() -> None:
    """At first there is nothing, then the newest bars and the oldest deals, then all."""
    sent()
    history = ("rates_from_pos", "history_deals")
    seen = []
    for rows in (0, 1):
        control.fault("short", verbs=history, times=2, rows=rows)
        rates: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 0, 5)
        deals: Any = m.history_deals_get(*ALWAYS)
        seen.append((None, None) if rates is None else (list(rates["open"]), len(deals)))
    error = m.last_error()
    rates = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 0, 5)

    assert [(None, None), ([2004.0], 1)] == seen
    assert error == (1, "Success")
    assert (5, 2) == (len(rates), len(m.history_deals_get(*ALWAYS) or ()))


def test_a_bar_may_be_revised_and_stays_so(folder: Path) -> None:
    """A told bar has another story from then on, after the server's restart as well."""
    time = OPEN - 2 * HOUR
    control.happen("revised", symbol="GOLD", time=time, open=2002.0, high=2009.0, low=2001.5, close=2003.0)
    rates: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 0, 3)
    m.shutdown()

    assert [2009.0, 2004.5, 2004.0] == list(rates["high"])
    assert '"in":"happen"' in (folder / "ledger.jsonl").read_text()


@pytest.mark.usefixtures("folder")
def test_a_wrong_clock_is_wrong_everywhere() -> None:
    """Ticks, bars, deals and the recorded clock are ahead by the same hours, and asking by them finds the same rows."""
    sent()
    was: Any = m.symbol_info_tick("GOLD")
    bars: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 0, 1)
    right = [int(was.time), int(bars["time"][0])]
    control.fault("wrong_clock", times=0, seconds=7200)
    tick: Any = m.symbol_info_tick("GOLD")
    rates: Any = m.copy_rates_range("GOLD", m.TIMEFRAME_H1, right[1] + 7200, right[1] + 7200)
    deals: Any = m.history_deals_get(OPEN // 1000 + 7200, OPEN // 1000 + 7200)
    state: Any = control.state()
    moved: Any = control.done(state["at"])

    assert [t + 7200 for t in right] == [tick.time, int(rates["time"][0])]
    assert [OPEN + 7_200_000] * 3 == [tick.time_msc, deals[-1].time_msc, state["at"]]
    assert OPEN + HOUR + 7_200_000 == moved["at"]


@pytest.mark.usefixtures("folder")
def test_a_contract_may_change_under_you() -> None:
    """Contract size, digits and trade mode are told anew, and money is made by the new contract."""
    sent()
    spec = {name: getattr(GOLD, name) for name in GOLD.__struct_fields__} | {"contract_size": 10.0, "stops_level": 5}
    control.happen("respecified", symbol=spec)
    info: Any = m.symbol_info("GOLD")
    control.done(OPEN)
    position: Any = (m.positions_get() or (None,))[0]

    assert (10.0, 5) == (info.trade_contract_size, info.trade_stops_level)
    assert position.profit == pytest.approx(0.8)


@pytest.mark.usefixtures("folder")
def test_money_may_come_and_go() -> None:
    """A withdrawal is a balance deal without position."""
    control.happen("flowed", login=7, amount=-250.5, comment="to the bank")
    deals: Any = m.history_deals_get(*ALWAYS)
    account: Any = m.account_info()

    assert (m.DEAL_TYPE_BALANCE, -250.5, "to the bank") == (deals[-1].type, deals[-1].profit, deals[-1].comment)
    assert account.balance == 99_749.5


@pytest.mark.usefixtures("folder")
def test_hands_are_known_by_the_deals_reason() -> None:
    """A person on the phone closes half of a position: the deal says mobile, and carries no magic."""
    ticket = sent(volume=1.0, magic=77).order
    control.hand("mobile", **(BUY | {"volume": 0.5, "type": 1, "position": ticket, "sl": 0.0}))
    deals: Any = m.history_deals_get(position=ticket)

    assert [(m.DEAL_REASON_EXPERT, 77), (m.DEAL_REASON_MOBILE, 0)] == [(d.reason, d.magic) for d in deals]


def test_a_server_with_faults_can_be_restarted(tmp_path: Path) -> None:
    """All that was asked for is repeated from the record, and what was seen before is seen after."""
    home = set_up(tmp_path / "broker")

    def seen() -> list[object]:
        infos = [m.account_info(), m.positions_get(), m.history_deals_get(*ALWAYS), m.terminal_info(), sent()]
        m.shutdown()
        return infos

    with serving(home):
        m.initialize(str(home))
        for kind, more in (("partial", {}), ("answers", {"retcode": 10018}), ("fails", {"code": -1, "worked": True})):
            control.fault(kind, verbs=SEND, **more)
            sent(volume=1.0)
        control.fault("forbidden", times=0, by="terminal")
        control.happen("flowed", login=7, amount=99.0)
        before = seen()
    with serving(home):
        m.initialize(str(home))
        after = seen()

    assert before == after
