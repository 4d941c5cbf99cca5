"""The operator's switch in mid-demo: what was latched holds, whoever is dead, stopped or begun again."""

import signal

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brokers.word import LATCH_FILE, WORD_FILE
from runtime.operator import latch
from runtime.operator.client import change_level
from runtime.operator.keyboard import command_of
from tests.compare import journaled
from tests.demos import BREAKOUT, Demo, MakeDemo, told_by
from tests.oracle import complaints, deals_of, lines_of, table

DEAL, PENDING, SLTP, REMOVE = 1, 5, 6, 8
"""Trade actions of the package."""
POSITION = 15
"""Place of the position among the fields of a trade request."""
PATIENT = BREAKOUT.replace("n = 10, expiry = 3", "n = 250, expiry = 250")
"""Entries that rest on where a bar passes while the server is being stopped: it may be on its way already."""
Request = list[Any]


def entries(requests: list[Request]) -> list[Request]:
    """Return the requests that open a position, now or at a price."""
    return [r for r in requests if r[0] == PENDING or (r[0] == DEAL and not r[POSITION])]


def actions(requests: list[Request]) -> set[int]:
    """Return what kinds of requests there are."""
    return {request[0] for request in requests}


def held(demo: Demo) -> set[int]:
    """Return the positions that the trade server's record leaves open."""
    deals = deals_of(demo.ledger)
    return {d["position"] for d in deals if d["entry"] == "in"} - {d["position"] for d in deals if d["entry"] == "out"}


def levels(demo: Demo) -> list[tuple[str, str, str]]:
    """Return the journal's commands: level, reason, path."""
    return [(row["level"], row["why"], row["path"]) for row in table(demo.journal, "commands")]


def latched(demo: Demo, level: str) -> bool:
    """Say whether the latch stands at a level, and all of it was written."""
    now = latch.read(demo.state)
    return now.level == level and now.command is not None


def test_a_halt_halts_until_it_is_lifted_with_a_reason(make_demo: MakeDemo) -> None:
    """After `tidegate halt` nothing leaves, what rested is taken back, a restart lifts nothing, and `resume` does."""
    demo = make_demo(bars=None, strategies=PATIENT)
    demo.begin()
    demo.until_bar(40)
    demo.freeze_when(lambda told: told["resting"])
    before = demo.written()
    halt = demo.say("halt", "--reason", "the coffee is out")
    demo.until(lambda: latched(demo, "halt"))
    demo.signal("server", signal.SIGCONT)
    said = told_by(halt)
    halted = demo.written()
    demo.stop()
    demo.start()
    demo.until(lambda: demo.status().get("link") == "up")
    again = demo.status()
    demo.tidegate("resume", "--reason", " ", code=2)
    resumed = demo.written()
    demo.tidegate("resume", "--reason", "there is coffee")
    demo.until(lambda: entries(demo.requests(resumed)))
    demo.stop()

    assert "confirmed by the daemon" in said
    assert {REMOVE} == actions(demo.requests(before)[: len(demo.requests(before)) - len(demo.requests(halted))])
    assert [] == demo.requests(halted)[: len(demo.requests(halted)) - len(demo.requests(resumed))]
    assert ("halt", 0) == (again["level"], again["resting"])
    assert "cancelled" in {line.get("end") for line in lines_of(demo.ledger)}
    assert [("halt", "the coffee is out", "direct"), ("run", "there is coffee", "daemon")] == levels(demo)[1:]
    assert [] == complaints(demo.ledger, demo.journal)


def test_what_rests_is_taken_back_though_the_terminal_was_away(make_demo: MakeDemo) -> None:
    """Latched while the worker is dead, a halt cannot cancel at once; it does as soon as the terminal is back."""
    demo = make_demo(bars=120, strategies=BREAKOUT.replace("expiry = 3", "expiry = 90"))
    demo.begin()
    demo.until_bar(20)
    resting = demo.freeze_when(lambda told: told["resting"])
    before = demo.written()
    demo.kill("worker")
    demo.until(lambda: demo.status()["link"] != "up")
    change_level(demo.state, "halt", "a test", patience_s=0.0)
    demo.until(lambda: demo.status()["level"] == "halt")
    demo.signal("server", signal.SIGCONT)
    demo.end()

    end = [line["end"] for line in lines_of(demo.ledger) if line.get("out") == "order_gone"][-1]
    assert 1 == resting["resting"]
    assert (end, actions(demo.requests(before))) in [("cancelled", {REMOVE}), ("filled", set())]
    assert latched(demo, "halt")


def test_positions_keep_their_stops_in_a_halt(make_demo: MakeDemo) -> None:
    """A halt sends nothing at all, to the end of the data: what is open is left to its stop at the venue."""
    demo = make_demo(bars=600)
    demo.begin()
    demo.until_bar(30)
    demo.freeze_when(lambda told: told["positions"])
    halt = demo.say("halt", "--reason", "a test")
    demo.until(lambda: latched(demo, "halt"))  # else all bars may be played before the command has begun
    demo.signal("server", signal.SIGCONT)
    told_by(halt)
    halted = demo.written()
    demo.end()

    decisions, _ = journaled(demo.journal)
    assert [] == demo.requests(halted)
    assert "halt" in {hold for decision in decisions for hold in decision.holds}
    assert {"expert", "stop", "balance"} >= {deal["reason"] for deal in deals_of(demo.ledger)}


def empty(file: Path) -> None:
    """Leave nothing in a file."""
    file.write_bytes(b"")


def garble(file: Path) -> None:
    """Change the first bytes of a file."""
    file.write_bytes(b"\x00\xff\x00" + file.read_bytes()[3:])


def contradict(file: Path) -> None:
    """Make a file tell of another generation than its twin."""
    raw = file.read_bytes()
    word = raw[:8] + b"\x09" + raw[9:]
    file.write_bytes(raw.replace(b'"generation": 1', b'"generation": 7') if b"{" in raw else word)


BREAK = pytest.mark.parametrize("broken", [Path.unlink, empty, garble, contradict])
COPY = pytest.mark.parametrize("copy", [LATCH_FILE, WORD_FILE])


@COPY
@BREAK
def test_a_latch_that_cannot_be_believed_reads_as_halt(
    make_demo: MakeDemo, copy: str, broken: Callable[[Path], None]
) -> None:
    """One copy gone, empty, garbled or of another mind: in mid-demo nothing new leaves, and after a restart neither."""
    demo = make_demo(bars=None, strategies=BREAKOUT)
    demo.begin()
    demo.until_bar(40)
    demo.freeze(sending=False)
    broken(demo.state / copy)
    after = demo.written()
    demo.signal("server", signal.SIGCONT)
    demo.until(lambda: demo.status()["level"] == "halt")
    demo.stop()
    demo.start()
    demo.until_bar(demo.done() + 50)
    demo.stop()

    assert actions(demo.requests(after)) <= {REMOVE}
    assert ("halt", "daemon") == levels(demo)[-1][::2]


def test_close_only_lets_exits_pass(make_demo: MakeDemo) -> None:
    """Nothing is opened any more; positions are left by the strategies' own exits, and stops may be tightened."""
    demo = make_demo(bars=300)
    demo.begin()
    demo.until_bar(30)
    demo.freeze_when(lambda told: told["positions"] == 2)
    before = demo.written()
    change_level(demo.state, "close-only", "a test", patience_s=0.0)
    demo.signal("server", signal.SIGCONT)
    demo.end()

    found = demo.requests(before)
    assert [] == entries(found)
    assert {DEAL} == actions(found) - {SLTP}
    assert set() == held(demo)


def test_flatten_closes_ours_and_ends_at_halt(make_demo: MakeDemo) -> None:
    """Every position of ours is closed once, at the market; then the account stands at halt, and nothing leaves."""
    demo = make_demo(bars=400)
    demo.begin()
    demo.until_bar(30)
    demo.freeze_when(lambda told: told["positions"] == 2)
    before = demo.written()
    flatten = demo.say("flatten", "--reason", "home time")
    demo.until(lambda: latched(demo, "flatten"))
    demo.signal("server", signal.SIGCONT)
    said = told_by(flatten)
    flat = demo.written()
    open_after = held(demo)
    demo.end()

    closing = demo.requests(before)
    assert said.startswith("halt")
    assert set() == open_after
    assert 2 == len({request[POSITION] for request in closing}) == len(closing)
    assert [] == demo.requests(flat)
    assert ["flatten", "halt"] == [level for level, _, _ in levels(demo)][1:]
    assert latched(demo, "halt")
    assert [] == complaints(demo.ledger, demo.journal)


def test_flatten_survives_a_kill_in_the_middle(make_demo: MakeDemo) -> None:
    """Killed when the first of two positions is being closed, the next daemon closes what is left, and then halts."""
    demo = make_demo(bars=400, call_timeout_s=1.0, settle_s=1.0)
    demo.begin()
    demo.until_bar(30)
    demo.freeze_when(lambda told: told["positions"] == 2)
    before = demo.written()
    latch.tighten(demo.state, command_of("flatten", "home time", "direct"))
    demo.signal("server", signal.SIGCONT)
    demo.until(lambda: demo.requests(before), every_s=0.0)
    demo.kill("daemon")
    demo.start()
    demo.until(lambda: latched(demo, "halt"))
    flat = demo.written()
    demo.end()

    assert set() == held(demo)
    assert 2 == len([d for d in deals_of(demo.ledger)[1:] if d["entry"] == "out" and d["comment"] == "tg flatten"])
    assert [] == demo.requests(flat)
    assert [] == complaints(demo.ledger, demo.journal)


def test_a_halt_does_not_need_the_daemon(make_demo: MakeDemo) -> None:
    """Latched while the daemon is stopped dead, a halt holds from that moment: when it wakes nothing leaves."""
    demo = make_demo(bars=220, strategies=BREAKOUT)
    demo.begin()
    demo.until_bar(50)
    demo.signal("daemon", signal.SIGSTOP)
    report = change_level(demo.state, "halt", "it hangs", patience_s=0.2)
    after = demo.written()
    demo.signal("daemon", signal.SIGCONT)
    demo.end()

    assert ("halt", "direct", False) == (report.level, report.path, report.confirmed)
    assert actions(demo.requests(after)) <= {REMOVE}
    assert ("halt", "it hangs", "direct") == levels(demo)[-1]


def test_a_halt_names_the_order_that_is_in_flight(make_demo: MakeDemo) -> None:
    """An order that had passed its last check when the halt fell is named, and is the only one that may arrive."""
    demo = make_demo(bars=220)
    demo.slow_orders()
    demo.begin()
    demo.until_bar(50)
    order = demo.freeze(sending=True)
    after = demo.written()
    report = change_level(demo.state, "halt", "just now", patience_s=0.2)
    demo.signal("server", signal.SIGCONT)
    demo.end()

    assert order == report.in_flight
    assert len(demo.requests(after)) <= 1
    assert latched(demo, "halt")
    assert [] == complaints(demo.ledger, demo.journal)


@pytest.mark.parametrize(("seconds", "named"), [(0.5, False), (8.0, True)])  # halts wait for 2 s
def test_a_slow_terminal_is_waited_for_or_its_order_is_named(make_demo: MakeDemo, seconds: float, named: bool) -> None:  # noqa: FBT001 - a case
    """`order_send` takes long while the halt comes: it returns once the order is answered, or says which one is not."""
    demo = make_demo(bars=None, call_timeout_s=20.0, settle_s=20.0)
    demo.slow_orders(seconds)
    demo.begin()
    demo.until(demo.requests)  # it has passed the gateway's check: a mark alone may be that of one yet to be checked
    order = latch.sending(demo.state)
    report = change_level(demo.state, "halt", "just now", patience_s=0.0)
    sent = len(entries(demo.requests()))
    demo.until(lambda: demo.status().get("level") == "halt")
    demo.until_bar(demo.done() + 5)
    demo.stop()

    assert (order if named else 0) == report.in_flight
    assert ("direct", sent) == (report.path, len(entries(demo.requests())))
    assert [] == complaints(demo.ledger, demo.journal)
