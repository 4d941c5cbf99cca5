"""The worker as the order gate, against a real trade server: what is sent, what is not, and what each answer says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.facts import Accepted, InDoubt, Refused, Rejected
from brokers.limits import GATES
from brokers.mt5.frames import Lost, Send, Sent
from brokers.requests import AnyRequest
from runtime.operator import latch
from tests.latches import command
from tests.orders import close, entry, stop_at
from tests.terminals import Terminal, terminal_in


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Return a terminal whose server is not up yet."""
    with terminal_in(tmp_path) as found:
        yield found


def test_an_order_lives_through_the_worker(terminal: Terminal) -> None:
    """Opened, its stop moved, closed: each is accepted, and the position is gone."""
    terminal.serve().up()
    opened = terminal.send(entry(1))
    moved = terminal.send(stop_at(1995.0, 2, position=opened.order))
    stands = terminal.look().positions[0].stop
    closed = terminal.send(close(3, position=opened.order))

    assert [Accepted] * 3 == [type(a) for a in (opened, moved, closed)]
    assert (1995.0, ()) == (stands, terminal.look().positions)


def test_a_clear_no_of_the_venue_is_rejected(terminal: Terminal) -> None:
    """The venue's own code comes with it, and nothing was done."""
    terminal.serve().up()
    answer = terminal.send(entry(stop=2004.1))

    assert isinstance(answer, Rejected)
    assert (m.TRADE_RETCODE_INVALID_STOPS, ()) == (answer.code, terminal.look().positions)


@pytest.mark.parametrize(("request_", "gate"), [(entry(), "halted"), (entry(symbol="EURUSD"), "no price")])
def test_what_the_gate_refuses_is_not_sent(terminal: Terminal, request_: AnyRequest, gate: str) -> None:
    """A refusal names its gate; the venue has not heard of it."""
    terminal.serve().up()
    if gate == "halted":
        latch.tighten(terminal.state, command("halt"))
    before = (terminal.home / "ledger.jsonl").read_bytes()
    answer = terminal.send(request_)

    assert isinstance(answer, Refused)
    assert (gate, before) == (GATES[answer.code - 1], (terminal.home / "ledger.jsonl").read_bytes())
    assert 0 == latch.sending(terminal.state)


def test_the_mark_stands_while_the_terminal_works(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the check to the answer the word names the order, and no longer, whatever comes of it."""
    terminal.serve().up()
    seen = []

    def sends(_: Any) -> None:  # noqa: ANN401 - a dictionary
        seen.append(latch.sending(terminal.state))

    monkeypatch.setattr(m, "order_send", sends)
    monkeypatch.setattr(m, "last_error", lambda: (-10002, "IPC recv failed"))
    answer = terminal.send(entry(55))

    assert ([55], 0) == (seen, latch.sending(terminal.state))
    assert isinstance(answer, InDoubt)


def test_without_a_latch_nothing_is_ever_sent(terminal: Terminal) -> None:
    """A worker that observes has no gate, and so no way to send."""
    terminal.serve().connect(latch="")
    before = (terminal.home / "ledger.jsonl").read_bytes()
    told = terminal.worker.answer(Send(request=entry()))

    assert isinstance(told, Lost)
    assert before == (terminal.home / "ledger.jsonl").read_bytes()


def test_a_server_that_is_gone_is_told_before_anything_is_sent(terminal: Terminal) -> None:
    """The account is asked for first; a terminal that does not answer is lost, and the mark is down."""
    terminal.serve().up().end()
    told = terminal.worker.answer(Send(request=entry()))

    assert isinstance(told, Lost)
    assert (-10004, 0) == (told.code, latch.sending(terminal.state))


def test_an_account_switched_under_us_gets_no_order(terminal: Terminal) -> None:
    """Somebody logs in to another account by hand: every reply says so, and the order is not sent."""
    terminal.serve().up()
    m.login(8, password="sesame")
    told = terminal.worker.answer(Send(request=entry()))
    polled = terminal.poll()

    assert isinstance(told, Sent)
    assert isinstance(told.answer, Refused)
    assert (8, 8) == (told.who and told.who.login, polled.who and polled.who.login)
    assert () == m.positions_get()


def test_another_terminal_than_asked_for_is_named(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is what the terminal says, not what it was asked by."""
    terminal.serve().up()
    row = list(m.terminal_info() or ())
    row[-3] = "/another"
    monkeypatch.setattr(m, "terminal_info", lambda: m.TerminalInfo(row))

    assert (7, "/another") == (terminal.worker.reader.who().login, terminal.worker.reader.who().path)
