"""What the worker tells of a real trade server: bars once and in order, deals after a cursor; nothing is never flat."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import brokers.mt5.lookalike as m

from brokers.facts import DealMade, OrderGone
from brokers.mt5.frames import Closed, Connected, FeedCursor, History, Look, Lost, Past, SymbolInfos, Symbols
from brokers.mt5.lookalike import control
from brokers.mt5.worker import Worker
from tests.orders import NOW, cancel, entry, resting
from tests.terminals import H1, Terminal, terminal_in
from tests.trade_server import BARS, HISTORY, HOUR, START


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Return a terminal whose server is not up yet."""
    with terminal_in(tmp_path) as found:
        yield found


# --- connecting -------------------------------------------------------------------------------------------------------


def test_connecting_tells_account_contracts_and_clock(terminal: Terminal) -> None:
    """What the daemon holds against its configuration comes with the first reply."""
    told = terminal.serve().connect()

    assert isinstance(told, Connected)
    assert (7, "Lookalike-Demo", str(terminal.home)) == msgspec.structs.astuple(told.who or H1)
    assert (NOW, True, ("GOLD", "OIL"), 100_000.0) == (
        *(told.at, told.lockstep, tuple(s.name for s in told.symbols), told.account.balance),
    )


@pytest.mark.parametrize(
    ("changes", "fatal", "word"),
    [
        ({"password": "wrong"}, True, "Authorization failed"),
        ({"login": 99}, True, "Authorization failed"),
        ({"server": "Elsewhere"}, True, "Authorization failed"),
        ({"symbols": {"GOLD": "GOLD", "EURUSD": "EURUSD"}}, True, "no symbol EURUSD"),
        ({"path": "/nowhere"}, False, "initialize failed"),
    ],
)
def test_what_trying_again_cannot_mend_is_fatal(terminal: Terminal, changes: Any, fatal: bool, word: str) -> None:  # noqa: ANN401, FBT001
    """Wrong password, login, server or symbol are for a person; a terminal that is not there may come."""
    told = terminal.serve().connect(**changes)

    assert isinstance(told, Lost)
    assert fatal == told.fatal
    assert word in told.reason


def test_one_worker_at_a_time_holds_the_gate(terminal: Terminal) -> None:
    """A second worker of the same account is told to wait, and comes through when the first is gone."""
    first = terminal.serve().up().worker
    terminal.worker = Worker(m, control, patience_s=0.0)
    told = terminal.connect()
    first.close()

    assert isinstance(told, Lost)
    assert (False, True) == (told.fatal, "another worker" in told.reason)
    assert isinstance(terminal.connect(), Connected)


@pytest.mark.parametrize(("group", "wanted"), [("", ("GOLD", "OIL")), ("*L, !GOLD", ("OIL",)), ("*D", ("GOLD",))])
def test_all_symbols_of_a_terminal_can_be_named(terminal: Terminal, group: str, wanted: tuple[str, ...]) -> None:
    """Under the broker's names, also where none of them is ours, with their contracts."""
    terminal.serve().connect(symbols={"XAUUSD": "GOLD"}, latch="")
    told = terminal.worker.answer(Symbols(group=group))

    assert isinstance(told, SymbolInfos)
    assert wanted == tuple(listed.symbol.name for listed in told.symbols)
    assert all(listed.symbol.contract_size == 100.0 for listed in told.symbols)


def test_a_terminal_belongs_to_one_account(terminal: Terminal, tmp_path: Path) -> None:
    """A second one is refused before it says anything to the terminal, in words that name both; the first trades on."""
    terminal.worker = Worker(m, control, 0.0, tmp_path)
    first = terminal.serve().up().worker
    terminal.worker = Worker(m, control, 0.0, tmp_path)
    told = terminal.connect(login=8, password="sesame", path=f"{terminal.home}/")
    again = terminal.connect()
    still: Any = m.account_info()
    first.close()

    assert isinstance(told, Lost)
    assert isinstance(again, Lost)
    assert (True, False, 7) == (told.fatal, again.fatal, still.login)
    assert "in use by login 7 on Lookalike-Demo; login 8 on Lookalike-Demo needs a terminal" in told.reason
    assert isinstance(terminal.connect(), Connected)


# --- polling ----------------------------------------------------------------------------------------------------------


def test_bars_come_once_and_in_order(terminal: Terminal) -> None:
    """From no cursor all of history; after it only what has closed since, with the tick that showed it."""
    terminal.serve().up()
    history = terminal.poll().bars
    cursor = FeedCursor("GOLD", "H1", history[-1].bar.time)
    quiet = terminal.poll(cursor).bars
    after = terminal.poll(cursor, done=NOW)

    assert [START + n * HOUR for n in range(HISTORY)] == [c.bar.time for c in history]
    assert () == quiet
    assert [(NOW, 2005.0, 2005.2, NOW + HOUR)] == [(c.bar.time, c.bid, c.ask, c.next_open) for c in after.bars]
    assert (2004.0, 2005.5, 2003.5, 2005.0) == msgspec.structs.astuple(after.bars[0].bar)[3:7]


def test_the_end_of_recorded_data_is_told_with_its_last_bar(terminal: Terminal) -> None:
    """Letting the clock go on to the end gives every bar once, the last one with no next opening."""
    terminal.serve().up()
    seen: list[Closed] = []
    told = terminal.poll()
    while not told.ended:
        seen += told.bars
        told = terminal.poll(FeedCursor("GOLD", "H1", seen[-1].bar.time), done=told.at)
    seen += told.bars

    assert [START + n * HOUR for n in range(BARS)] == [c.bar.time for c in seen]
    assert (0, START + BARS * HOUR - 1) == (seen[-1].next_open, told.at)


def test_a_poll_tells_quotes_and_what_the_account_is_worth(terminal: Terminal) -> None:
    """Equity without credit: balance and open profit, as the terminal itself has them at that moment."""
    terminal.serve().up()
    terminal.send(entry())
    told = terminal.poll()
    looked = terminal.look()
    (held,) = looked.positions

    assert looked.account.equity == told.worth == looked.account.balance + held.profit < 100_000.0
    assert {"GOLD": (2004.0, 2004.2)} == {name: quote for name, quote in told.quotes.items() if name == "GOLD"}


def test_saying_done_twice_moves_the_clock_once(terminal: Terminal) -> None:
    """A reply that was lost may be asked for again."""
    terminal.serve().up()
    first, second = terminal.poll(done=NOW).at, terminal.poll(done=NOW).at

    assert (NOW + HOUR, NOW + HOUR) == (first, second)


@pytest.mark.parametrize("count", [0, 1, 3, HISTORY, 50])
def test_history_is_the_last_closed_bars(terminal: Terminal, count: int) -> None:
    """So many as asked for and as there are; the forming bar is none of them."""
    told = terminal.serve().up().worker.answer(Past(symbol="GOLD", timeframe="H1", count=count))

    assert isinstance(told, History)
    assert [START + n * HOUR for n in range(max(0, HISTORY - count), HISTORY)] == [bar.time for bar in told.bars]


def test_deals_come_after_their_cursor(terminal: Terminal) -> None:
    """The deposit is known already; a fill is told once, and once more to who has not heard it."""
    terminal.serve().up()
    deposit = terminal.look().last_deal
    terminal.send(entry())
    fresh = terminal.poll(deal=deposit).news
    (made,) = fresh
    assert isinstance(made, DealMade)
    known = terminal.look(made.deal.ticket, made.deal.at).news

    assert ("in", 1001, 2004.2, NOW) == (made.deal.entry, made.deal.magic, made.deal.price, made.at)
    assert () == known
    assert [made] == list(terminal.look(deposit, made.deal.at + 60_000).news)  # it showed late


@pytest.mark.parametrize(("act", "end"), [("cancel", "cancelled"), ("expire", "expired")])
def test_the_end_of_a_watched_order_is_told(terminal: Terminal, act: str, end: str) -> None:
    """An order that rests is not told of; one that is gone is, with how it ended."""
    terminal.serve().up()
    ticket = terminal.send(resting(1, expiry=NOW + HOUR // 2)).order
    rests = terminal.look(watch=(ticket,)).news[1:]
    if act == "cancel":
        terminal.send(cancel(2, order=ticket))
    else:
        terminal.poll(done=NOW)

    assert () == rests
    assert [(ticket, 1001, end)] == [
        (n.order, n.magic, n.end) for n in terminal.look(watch=(ticket,)).news if isinstance(n, OrderGone)
    ]


@pytest.mark.parametrize("doubts", [(), (1001,), (1001, 1002, 7)])
def test_an_order_in_doubt_that_ended_unseen_is_told_by_its_magic_number(
    terminal: Terminal, doubts: tuple[int, ...]
) -> None:
    """Its answer was lost and it expired before anybody looked: the history of orders knows it; it is not missing."""
    terminal.serve().up()
    ticket = terminal.send(resting(1, expiry=NOW + HOUR // 2)).order
    terminal.send(resting(2))
    terminal.poll(done=NOW)
    told = [n for n in terminal.look(doubts=doubts).news if isinstance(n, OrderGone)]

    assert [(ticket, 1001, "expired")] * bool(doubts) == [(n.order, n.magic, n.end) for n in told]


# --- looking ----------------------------------------------------------------------------------------------------------


def test_a_look_tells_all_that_is_held(terminal: Terminal) -> None:
    """Positions and orders as our values, and the last deal of the history."""
    terminal.serve().up()
    opened, placed = terminal.send(entry(1)), terminal.send(resting(2))
    told = terminal.look()

    assert [(opened.order, "GOLD", 1, 0.1, 1990.0, 1001)] == [
        (p.ticket, p.symbol, p.side, p.volume, p.stop, p.magic) for p in told.positions
    ]
    assert [(placed.order, "limit", 1999.0, 1002)] == [(o.ticket, o.kind, o.price, o.magic) for o in told.orders]
    assert (opened.deal, 99_998.0 + 1.8) == (told.last_deal, round(told.account.balance, 2))


def test_the_first_look_names_the_magic_numbers_of_past_orders(terminal: Terminal) -> None:
    """An order that was taken back made no deal and rests no more; whoever has lost his journal must not repeat it."""
    terminal.serve().up()
    terminal.send(entry(1))
    terminal.send(cancel(3, order=terminal.send(resting(2)).order))

    assert ((1001, 1002), ()) == (terminal.look().magics, terminal.look(0, NOW).magics)


@pytest.mark.parametrize("name", ["positions_get", "orders_get", "history_deals_get", "account_info", "terminal_info"])
def test_nothing_is_never_flat(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A call that gives None is a lost terminal, for a look and for a poll; not an empty account."""
    terminal.serve().up()
    monkeypatch.setattr(m, name, lambda *_, **__: None)
    told = terminal.worker.answer(Look(last_deal=0, last_deal_at=0, watch=()))

    assert isinstance(told, Lost)
    assert f"{name.removesuffix('_get')}" in told.reason


def test_a_terminal_without_its_broker_is_lost(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that answers from memory, with no connection behind it, is not believed."""
    terminal.serve().up()
    row = list(m.terminal_info() or ())
    row[2] = False
    monkeypatch.setattr(m, "terminal_info", lambda: m.TerminalInfo(row))
    told = terminal.worker.answer(Look(last_deal=0, last_deal_at=0, watch=()))

    assert isinstance(told, Lost)
    assert "no connection to its broker" in told.reason


def test_a_deal_made_while_looking_makes_the_look_begin_anew(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deals, positions and balance of one look belong together, although they are read one after the other."""
    terminal.serve().up()
    reads: list[int] = []
    real = m.positions_get

    def meanwhile(**kwargs: Any) -> Any:  # noqa: ANN401 - the package's
        if not reads:
            terminal.send(entry(7))
        reads.append(1)
        return real(**kwargs)

    monkeypatch.setattr(m, "positions_get", meanwhile)
    told = terminal.look()
    deals = [n.deal.ticket for n in told.news if isinstance(n, DealMade)]

    assert (2, 2, 1, deals[-1]) == (len(reads), len(deals), len(told.positions), told.last_deal)
    assert told.still


def test_a_look_at_an_account_that_never_stands_still_says_so(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deal is made each time between its reads: nobody can say which deals the balance holds."""
    terminal.serve().up()
    numbers = iter(range(1, 99))
    real = m.positions_get

    def meanwhile(**kwargs: Any) -> Any:  # noqa: ANN401 - the package's
        terminal.send(entry(next(numbers), volume=0.01))
        return real(**kwargs)

    monkeypatch.setattr(m, "positions_get", meanwhile)

    assert not terminal.look().still


def test_the_first_look_says_whether_the_deals_make_the_balance(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one of them is yet to show, they do not; later looks read a part of the history only, and cannot say."""
    terminal.serve().up()
    terminal.send(entry(1))
    whole = terminal.look()
    real = m.history_deals_get
    monkeypatch.setattr(m, "history_deals_get", lambda *given: (real(*given) or ())[:-1])
    late = terminal.look()

    assert (True, False, False) == (whole.summed, late.summed, terminal.look(0, NOW).summed)
