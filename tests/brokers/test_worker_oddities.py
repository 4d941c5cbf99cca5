"""The worker and a terminal that behaves oddly: history late or told anew, trading barred, an account switched."""

import math

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import brokers.mt5.lookalike as m

from brokers.facts import Accepted, DealMade, InDoubt, OrderGone, Rejected
from brokers.mt5.frames import FeedCursor, History, Lost, Past, Send, Sent
from tests.oddities import Odd, later, nothing, same, with_field
from tests.orders import NOW, entry, resting
from tests.terminals import Terminal, terminal_in
from tests.trade_server import HISTORY, HOUR, START


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Return a terminal whose server is up, and whose worker is connected."""
    with terminal_in(tmp_path) as found:
        yield found.serve().up()


def cut(rows: Any) -> Any:  # noqa: ANN401 - an array of bars
    """Return the newest two rows only."""
    return rows[-2:]


# --- history ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [nothing, lambda rows: rows[:0], cut])
def test_history_that_is_not_there_yet_is_not_a_history_without_bars(terminal: Terminal, late: Any) -> None:  # noqa: ANN401
    """Nothing is told of a feed that does not reach back to its cursor; when it does, every bar is."""
    terminal.odd(Odd(copy_rates_from_pos=late))
    cursor = FeedCursor("GOLD", "H1", START)
    waits = terminal.poll(cursor)
    terminal.odd(m)
    there = terminal.poll(cursor)

    assert ((), (("GOLD", "H1"),)) == (waits.bars, waits.late)
    assert ([START + n * HOUR for n in range(1, HISTORY)], ()) == ([c.bar.time for c in there.bars], there.late)


def test_a_feed_that_has_begun_nowhere_is_late_for_nothing(terminal: Terminal) -> None:
    """Without a cursor, and without any bar yet, there is nothing to wait for."""
    terminal.odd(Odd(copy_rates_from_pos=nothing))
    told = terminal.poll()

    assert ((), ()) == (told.bars, told.late)


def test_a_lost_line_is_no_late_history(terminal: Terminal) -> None:
    """A code that says the terminal is gone is not waited out."""
    terminal.end()
    told = terminal.worker.answer(Past(symbol="GOLD", timeframe="H1", count=2))

    assert isinstance(told, Lost)


@pytest.mark.parametrize(("late", "count"), [(nothing, 0), (cut, 1), (same, 3)])
def test_a_past_says_whether_it_is_whole(terminal: Terminal, late: Any, count: int) -> None:  # noqa: ANN401
    """Fewer bars than asked for may become more."""
    terminal.odd(Odd(copy_rates_from_pos=late))
    told = terminal.worker.answer(Past(symbol="GOLD", timeframe="H1", count=3))

    assert isinstance(told, History)
    assert (count, late is same) == (len(told.bars), told.whole)


def test_no_more_is_asked_for_than_the_terminal_shows_in_a_chart(terminal: Terminal) -> None:
    """Asked for more it gives nothing at all; what it has is the whole."""
    terminal.odd(
        Odd(terminal_info=with_field(maxbars=3), copy_rates_from_pos=lambda rows: rows if len(rows) <= 3 else None)
    )
    told = terminal.worker.answer(Past(symbol="GOLD", timeframe="H1", count=99))

    assert isinstance(told, History)
    assert (2, True) == (len(told.bars), told.whole)


def test_a_bar_that_is_told_otherwise_now_is_revised(terminal: Terminal) -> None:
    """Only prices count, and only bars that were told."""
    bars = [closed.bar for closed in terminal.poll().bars]
    told = msgspec.structs.replace(bars[-2], close=bars[-2].close - 0.1)
    volume = msgspec.structs.replace(bars[-1], volume=99.0)
    cursor = FeedCursor("GOLD", "H1", bars[-1].time, (told, volume))

    assert (bars[-2],) == terminal.poll(cursor).revised


def test_what_is_not_a_number_is_told_once_and_not_with_every_poll(terminal: Terminal) -> None:
    """It is not equal to itself, and is no other bar for that."""
    reader = terminal.worker.reader
    row = (START // 1000, 1.0, 1.0, math.nan, 1.0, 1, 0, 0)
    bar = reader.bar(FeedCursor("GOLD", "H1", 0), row)

    assert [] == reader.revised(FeedCursor("GOLD", "H1", bar.time, (bar,)), [row])


# --- deals ------------------------------------------------------------------------------------------------------------


def without(*tickets: int) -> Any:  # noqa: ANN401 - a change
    """Return a change that keeps some deals back."""
    return lambda deals: tuple(deal for deal in deals if deal.ticket not in tickets)


def test_a_deal_that_shows_after_one_with_a_higher_ticket_is_told(terminal: Terminal) -> None:
    """The history of deals has gaps while it is late: what fills one is news, and what was heard before is none."""
    deposit = terminal.look().last_deal
    first, second = terminal.send(entry(1)).deal, terminal.send(entry(2)).deal
    terminal.odd(Odd(history_deals_get=without(first)))
    early = terminal.look(deposit)
    terminal.odd(m)
    late = terminal.look(second, heard=(deposit, second))
    polled = terminal.poll(deal=second, heard=(deposit, second))
    known = terminal.look(second, heard=(deposit, first, second))

    assert [[second], [first], [first], []] == [tickets(told.news) for told in (early, late, polled, known)]


def tickets(news: Any) -> list[int]:  # noqa: ANN401 - deals and ends of orders
    """Return the tickets of the deals among news."""
    return [n.deal.ticket for n in news if isinstance(n, DealMade)]


# --- permission -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (Odd(terminal_info=with_field(trade_allowed=False)), "press Algo Trading"),
        (Odd(terminal_info=with_field(tradeapi_disabled=True)), "shuts out Python"),
        (Odd(account_info=with_field(trade_expert=False)), "let programs trade"),
        (Odd(account_info=with_field(currency_digits=3)), "3 decimals"),
        (Odd(account_info=with_field(trade_allowed=False)), "investor's password"),
        (Odd(account_info=same), ""),
    ],
)
def test_what_bars_trading_is_told_with_what_to_do(terminal: Terminal, odd: Odd, words: str) -> None:
    """The terminal answers and is believed, and the reason stands beside it."""
    told = terminal.odd(odd).poll()

    assert words in told.forbidden
    assert bool(words) == bool(told.forbidden)


# --- who speaks -------------------------------------------------------------------------------------------------------


def test_an_account_switched_while_an_order_was_sent_puts_it_in_doubt(terminal: Terminal) -> None:
    """Who it is was read before and after: where that differs nobody can swear whose order it was."""
    terminal.odd(Odd(account_info=later(same, with_field(login=8))))
    told = terminal.worker.answer(Send(request=entry()))

    assert isinstance(told, Sent)
    assert isinstance(told.answer, InDoubt)
    assert "switched to 8" in told.answer.reason
    assert 8 == (told.who and told.who.login)


def test_an_order_after_which_the_terminal_is_gone_is_in_doubt_and_not_unsent(terminal: Terminal) -> None:
    """A look that fails afterwards must not say that nothing was sent."""
    terminal.odd(Odd(account_info=later(same, nothing)))
    told = terminal.worker.answer(Send(request=entry()))

    assert isinstance(told, Sent)
    assert isinstance(told.answer, InDoubt)
    assert 1 == len(m.positions_get() or ())


def test_a_refusal_stays_one_whoever_is_logged_in_afterwards(terminal: Terminal) -> None:
    """Nothing was done, by nobody."""
    terminal.odd(Odd(account_info=later(same, with_field(login=8))))
    told = terminal.worker.answer(Send(request=entry(stop=2004.1)))

    assert isinstance(told, Sent)
    assert isinstance(told.answer, Rejected)


def test_who_speaks_is_read_in_every_reply(terminal: Terminal) -> None:
    """Login, server and path are read anew each time, whatever is asked."""
    odd = Odd(terminal_info=same, account_info=same)
    terminal.odd(odd)
    terminal.poll()
    terminal.look()
    terminal.worker.answer(Past(symbol="GOLD", timeframe="H1", count=2))

    assert 4 == odd.calls.count("terminal_info")  # once more for how many bars its charts show


def test_what_the_package_cannot_take_was_not_sent(terminal: Terminal) -> None:
    """A number too great raises in the package: a refusal, and the worker lives."""
    answer = terminal.send(entry(magic=2**64))

    assert isinstance(answer, Rejected)
    assert -2 == answer.code
    assert isinstance(terminal.send(entry(2)), Accepted)


def unreadable(_result: Any) -> Any:  # noqa: ANN401 - whatever the package returns
    """Raise as the package does where it cannot make an object of what it has received."""
    raise SystemError("order_send returned a result with an exception set") from UnicodeDecodeError(
        "utf-16", b"\x00\xd8", 0, 2, "illegal surrogate"
    )


def test_an_answer_that_the_package_cannot_read_leaves_the_order_in_doubt(terminal: Terminal) -> None:
    """It raises as for an argument, but for another cause: the order has left, and here it was executed."""
    terminal.odd(Odd(order_send=unreadable))
    answer = terminal.send(entry())

    assert isinstance(answer, InDoubt)
    assert 1 == len(m.positions_get() or ())


# --- contracts --------------------------------------------------------------------------------------------------------


def test_every_look_tells_the_contracts_as_they_are_now(terminal: Terminal) -> None:
    """A broker that changes a contract is heard within a minute; the gate counts with the new one."""
    before = terminal.look().symbols
    terminal.odd(Odd(symbol_info=with_field(trade_contract_size=10.0)))
    after = terminal.look().symbols

    assert [100.0, 10.0] == [before[0].contract_size, after[0].contract_size]
    assert terminal.worker.gateway is not None
    assert 10.0 == terminal.worker.gateway.symbols["GOLD"].contract_size


@pytest.mark.parametrize(("about", "told"), [(0, 1), (777, 0)])
def test_a_refused_close_is_not_the_end_of_the_entry_whose_magic_number_it_has(
    terminal: Terminal, about: int, told: int
) -> None:
    """What is about a position is no entry's order: the rest of an entry that was filled in part may rest on."""
    terminal.send(resting(1, expiry=NOW + HOUR // 2))
    terminal.poll(done=NOW)
    refused = with_field(position_id=about, state=m.ORDER_STATE_REJECTED)
    terminal.odd(Odd(history_orders_get=lambda orders: tuple(map(refused, orders))))

    assert told == len([n for n in terminal.look(doubts=(1001,)).news if isinstance(n, OrderGone)])
