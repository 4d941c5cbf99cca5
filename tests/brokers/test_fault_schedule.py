"""Which calls a fault hits, and what the service makes of faults over time, on a clock of the test's own."""

import tempfile

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.mt5.lookalike.events import Flowed, Switched
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.faults import (
    AUTHORITIES,
    Answers,
    AnyKind,
    Fails,
    Fault,
    Forbidden,
    HangsUp,
    Held,
    Late,
    Partial,
    Restart,
    Schedule,
    Short,
    Silent,
    Slow,
    Stray,
    Unreachable,
    WrongClock,
)
from brokers.mt5.lookalike.outcomes import Delayed, Hangup, Outcome, Reply, Silence
from brokers.mt5.lookalike.service import Service
from tests.trade_server import HISTORY, HOUR, START, set_up

OPEN = START + HISTORY * HOUR
BUY = [1, 5, 0, "GOLD", 0.1, 2004.2, 0.0, 1990.0, 0.0, 0, 0, 1, 0, 0, "", 0, 0]
SILENT = Fault(kind=Silent())


class Stage:
    """A service in this process, and its clock."""

    def __init__(self, folder: Path) -> None:
        """Begin at once."""
        self.now, self.folder = 0.0, folder
        self.service = Service(Exchange(folder, lambda: self.now), folder)

    def ask(self, verb: str, *arguments: Any, place: str = "") -> Outcome:  # noqa: ANN401 - a verb's own
        """Ask something."""
        return self.service.answer(place, verb, list(arguments))

    def told(self, verb: str, *arguments: Any, place: str = "") -> Any:  # noqa: ANN401 - a verb's own
        """Ask something that is answered at once, and return its value."""
        outcome = self.ask(verb, *arguments, place=place)
        assert isinstance(outcome, Reply)
        return outcome.value

    def wrong(self, kind: AnyKind, **whom: Any) -> int:  # noqa: ANN401 - fields of Fault
        """Let something go wrong."""
        return self.service.exchange.add_fault(Fault(kind=kind, **whom))

    def again(self) -> "Stage":
        """Restart the server."""
        self.service.exchange.close()
        return Stage(self.folder)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Have a service and its clock."""
    stage = Stage(set_up(tmp_path))
    yield stage
    stage.service.exchange.close()


seconds = st.sampled_from([0.05, 0.15, 60.0])
worked = st.booleans()
kinds: st.SearchStrategy[AnyKind] = st.one_of(
    st.builds(Silent, worked=worked), st.builds(HangsUp, worked=worked), st.builds(Slow, seconds=seconds),
    st.builds(Fails, code=st.sampled_from([-1, -10002, -10005]), worked=worked),
    st.builds(Answers, retcode=st.sampled_from([10004, 10012]), worked=worked, points=st.sampled_from([0.0, 9.0])),
    st.builds(Partial, share=st.sampled_from([0.0, 0.5, 1.0])),
    st.builds(Late, seconds=seconds, placed=worked), st.builds(Held, seconds=seconds),
    st.builds(Forbidden, by=st.sampled_from(get_args(AUTHORITIES))),
    st.builds(Stray, account=st.sampled_from([0, 8, 9]), path=st.sampled_from(["", "/elsewhere"])),
    st.builds(Short, rows=st.integers(0, 2)), st.builds(Restart, seconds=seconds),
    st.just(Unreachable()), st.builds(WrongClock, seconds=st.sampled_from([-7200, 3600])),
)  # fmt: skip
calls = st.sampled_from([
    ("send", BUY), ("send", [*BUY[:4], 0.3, *BUY[5:10], 1, *BUY[11:]]), ("account", []), ("positions", ["all", None]),
    ("tick", ["GOLD"]), ("select", ["GOLD", True]), ("history_deals", ["dates", [0, 2**31 - 1, None]]), ("state", []),
    ("rates_from_pos", ["GOLD", 16385, 0, 3]), ("done", [OPEN]), ("login", [8, None, None]), ("terminal", []),
    ("symbols", [None]), ("history_orders", ["dates", [0, 2**31 - 1, None]]), ("check", BUY), ("hello", []),
])  # fmt: skip


def hit(fault: Fault, calls: list[tuple[str, int, str, int, float]]) -> list[bool]:
    """Return which calls (place, login, verb, server's clock, elapsed) a fault hits."""
    schedule = Schedule()
    schedule.add(fault, 0.0)
    seen = []
    for call in calls:
        found = schedule.hits(*call)
        for number, _ in found:
            schedule.strike(number)
        seen.append(bool(found))
    return seen


CALL = ("", 7, "send", 1000, 1.0)


@pytest.mark.parametrize(
    ("fault", "calls", "expected"),
    [
        (SILENT, [CALL, CALL], [True, False]),
        (Fault(kind=Silent(), times=0), [CALL] * 3, [True] * 3),
        (Fault(kind=Silent(), skip=2, times=2), [CALL] * 5, [False, False, True, True, False]),
        (Fault(kind=Silent(), verbs=("tick", "send")), [("", 7, "account", 0, 0.0), CALL], [False, True]),
        (Fault(kind=Silent(), login=8), [CALL, ("", 8, "send", 0, 0.0)], [False, True]),
        (Fault(kind=Silent(), terminal=""), [("terminals/a", 7, "send", 0, 0.0), CALL], [False, True]),
        (Fault(kind=Silent(), times=0, since=1001, until=1003), [(*CALL[:3], t, 0.0) for t in range(1000, 1005)],
         [False, True, True, False, False]),
        (Fault(kind=Silent(), times=0, lasts_s=2.0), [(*CALL[:4], t) for t in (0.0, 1.9, 2.0)], [True, True, False]),
    ],
)  # fmt: skip
def test_a_fault_hits_the_calls_it_names(
    fault: Fault, calls: list[tuple[str, int, str, int, float]], expected: list[bool]
) -> None:
    """By verb, account, terminal, number, moment of the server's clock and elapsed time."""
    assert expected == hit(fault, calls)


def test_the_first_of_several_faults_is_the_outermost(stage: Stage) -> None:
    """Slow around a refusal is a late refusal; silence around it is silence, and the refusal is used up as well."""
    stage.wrong(Slow(seconds=2.0), verbs=("send",))
    stage.wrong(Answers(retcode=10018), verbs=("send",))
    slow = stage.ask("send", *BUY)
    stage.wrong(Silent(worked=True), verbs=("send",))
    stage.wrong(Answers(retcode=10018), verbs=("send",))
    silent = stage.ask("send", *BUY)

    assert isinstance(slow, Delayed)
    assert (2.0, 10018) == (slow.seconds, slow.reply.value[0])
    assert Silence() == silent
    assert stage.told("positions_total") == 0


def test_only_history_is_late_to_be_loaded(stage: Stage) -> None:
    """Of deals the oldest are there; what an order was answered is no history, and stays whole."""
    stage.wrong(Short(rows=1), times=0)
    sent = [stage.told("send", *BUY) for _ in range(2)]
    deals = stage.told("history_deals", "dates", [0, START * 2, None])

    assert [True, True] == [len(result) > 1 for result in sent]
    assert len(deals) == 1


@settings(max_examples=60)
@given(st.lists(st.tuples(kinds, calls, st.integers(0, 2)), max_size=12))
def test_whatever_goes_wrong_can_be_repeated(story: list[tuple[AnyKind, tuple[str, list[Any]], int]]) -> None:
    """Any faults over any calls end in an outcome, and a second server comes to the same truth from the record."""
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(set_up(Path(name)))
        for kind, (verb, arguments), times in story:
            stage.wrong(kind, times=times)
            for _ in range(2):
                stage.now += 0.1
                assert isinstance(stage.ask(verb, *arguments), Reply | Silence | Delayed | Hangup)
        again = stage.again()
        again.service.exchange.close()

    first, second = stage.service.exchange, again.service.exchange
    for login, desk in first.accounts.items():
        assert desk.venue.snapshot() == second.accounts[login].venue.snapshot()
    assert (first.terminals, first.replay.at) == (second.terminals, second.replay.at)
    standing = {number: one.struck for number, one in first.faults.standing.items()}
    assert standing == {number: one.struck for number, one in second.faults.standing.items()}


def test_a_mended_fault_is_over(stage: Stage) -> None:
    """By its number one fault ends; by 0 all do."""
    first = stage.wrong(Silent(), times=0)
    stage.wrong(HangsUp(), times=0)
    outcomes = [stage.ask("version")]
    stage.service.exchange.mend(first)
    outcomes.append(stage.ask("version"))
    stage.service.exchange.mend(0)

    assert [Silence(), Hangup()] == outcomes
    assert stage.told("symbols_total") == 2


def test_a_request_that_is_held_is_worked_later(stage: Stage) -> None:
    """None at once, the position only after its time; and then by itself, whoever asks what."""
    stage.wrong(Held(seconds=3.0), verbs=("send",))
    outcome = stage.ask("send", *BUY)
    totals = []
    for stage.now in (0.0, 2.9, 3.0):
        totals.append(stage.told("positions_total"))

    assert Reply(-10005, "IPC timeout", None) == outcome
    assert [0, 0, 1] == totals


def test_what_is_late_shows_all_at_once(stage: Stage) -> None:
    """Until then account, positions and the count of news are as they were; the answer names the order only."""
    stage.wrong(Late(seconds=0.5, placed=True), verbs=("send",))
    before = [stage.told(verb) for verb in ("account", "positions_total", "state")]
    said = stage.told("send", *BUY)
    during = [stage.told(verb) for verb in ("account", "positions_total", "state")]
    stage.now = 0.5
    after = stage.told("positions", "all", None)

    assert (10008, 0, after[0][0], "Order placed") == (said[0], said[1], said[2], said[7])
    assert before == during
    assert [said[2]] == [row[0] for row in after]


def test_a_restarting_terminal_is_away_for_its_time(stage: Stage) -> None:
    """Its line breaks, it is not found for so long, and comes back logged in; others notice nothing."""
    stage.told("login", 8, None, None, place="terminals/a")
    stage.wrong(Restart(seconds=5.0), terminal="terminals/a")
    outcomes = [stage.ask("account", place="terminals/a")]
    for stage.now in (1.0, 4.9):
        outcomes.append(stage.ask("hello", place="terminals/a"))
    other = stage.told("account")[0]
    stage.now = 5.0

    assert [Hangup()] * 3 == outcomes
    assert (7, 8) == (other, stage.told("account", place="terminals/a")[0])


def test_faults_outlive_the_server(tmp_path: Path) -> None:
    """What was asked for stands after a restart, what has hit as often as it should or is mended does not."""
    stage = Stage(set_up(tmp_path))
    stage.wrong(Silent(), verbs=("version",), times=2)
    mended = stage.wrong(HangsUp(), times=0)
    stage.service.exchange.mend(mended)
    outcomes = [stage.ask("version")]
    stage = stage.again()
    outcomes += [stage.ask("version"), stage.ask("version")]

    assert [Silence(), Silence()] == outcomes[:2]
    assert isinstance(outcomes[2], Reply)
    stage.service.exchange.close()


def test_faults_and_events_may_stand_in_the_setup(tmp_path: Path) -> None:
    """A fault hits from the start; an event happens when the server's clock comes to it, and its deal is recorded."""
    events = (
        Flowed(at=OPEN + HOUR, login=7, amount=-500.0, comment="withdrawal"),
        Switched(at=OPEN + 2 * HOUR, login=8),
    )
    stage = Stage(set_up(tmp_path, faults=(SILENT,), events=events))
    first, seen = stage.ask("version"), []
    for _ in range(3):
        row = stage.told("account")
        seen.append((row[0], row[10]))
        stage.service.go_on()
    deals = stage.service.exchange.accounts[7].deals
    again = stage.again()

    assert Silence() == first
    assert [(7, 100_000.0), (7, 99_500.0), (8, 100_000.0)] == seen
    assert (-500.0, "withdrawal") == (deals[-1][13], deals[-1][16])
    assert deals == again.service.exchange.accounts[7].deals
    again.service.exchange.close()


@pytest.mark.parametrize(
    ("verb", "what", "problem"),
    [
        ("fault", {"kind": {"type": "silent"}, "verbs": ["eval"]}, "no such verb: eval"),
        ("fault", {"kind": {"type": "tired"}}, "tired"),
        ("fault", {"kind": {"type": "silent"}, "often": 3}, "often"),
        ("happen", {"type": "flowed", "login": 9, "amount": 1.0}, "no such account"),
        ("happen", {"type": "revised", "symbol": "GOLD", "time": 1, "open": 1, "high": 1, "low": 1, "close": 1}, "bar"),
    ],
)
def test_what_cannot_be_is_refused(stage: Stage, verb: str, what: dict[str, Any], problem: str) -> None:
    """A fault or an event nobody knows is no fault, and changes nothing."""
    outcome = stage.ask(verb, what)

    assert isinstance(outcome, Reply)
    assert (-2, True) == (outcome.code, problem in outcome.text)
    assert not stage.service.exchange.faults.standing
