"""The alarms of a core: each stands as long as what it is about, and not before."""

import msgspec
import pytest

from brokers.facts import InDoubt, LinkDown
from runtime.core.alarms import alarms_of
from runtime.core.instructions import Alert
from runtime.core.kinds import KINDS
from tests.cores import BALANCE, a_gated_plan, a_lane, a_plan, buy, closed, hour, level, opening, reconciled
from tests.told import Told, in_trade, of_kind, position_of, with_resting_entry


def kinds(told: Told) -> list[str]:
    """Return the kinds of the alarms that stand."""
    return [alarm.kind for alarm in alarms_of(told.core)]


def test_a_quiet_account_raises_nothing() -> None:
    """Open and guarded."""
    assert [] == kinds(in_trade({}))


def test_a_position_without_a_stop_is_an_alarm_until_it_has_one() -> None:
    """A person removed it: the core sets it again, and the venue shows it."""
    told = Told(a_plan(a_lane({3: buy()})))
    entry = told.enter(3)
    told.tell(reconciled(BALANCE, position_of(entry, stop=0.0), at=hour(5)))
    bare = kinds(told)
    trade = told.core.lanes[0].trade
    assert trade is not None
    trade.moving = 0
    told.tell(reconciled(BALANCE, position_of(entry, stop=trade.stop), at=hour(6)))

    assert (["unguarded"], []) == (bare, kinds(told))


def test_a_break_is_an_alarm_until_it_is_explained() -> None:
    """Under the name of its hold."""
    told = Told(a_plan(a_lane({})))
    told.tell(reconciled(BALANCE - 50.0))
    alarms = alarms_of(told.core)
    told.tell(reconciled(BALANCE))

    assert [("break", "BREAK")] == [(alarm.kind, alarm.about) for alarm in alarms]
    assert [] == kinds(told)


@pytest.mark.parametrize(
    ("to", "expected"), [("run", []), ("close-only", []), ("halt", ["halt"]), ("flatten", ["halt"])]
)
def test_a_latched_halt_is_an_alarm(to: str, expected: list[str]) -> None:
    """Of an account that has had a latch; one that begins halted, and was never let go, is none."""
    told = Told(a_plan(a_lane({3: buy()})))
    told.enter(3)
    told.tell(level(to))  # type: ignore[arg-type]  # the levels above

    assert expected == kinds(told)
    assert [] == [alarm for alarm in alarms_of(told.core, latched=False) if alarm.kind == "halt"]


def test_before_the_latch_is_read_nobody_is_called_for_it() -> None:
    """A core is born halted."""
    told = Told(a_plan(a_lane({})), opened=False)
    told.tell(opening()[0])

    assert [] == kinds(told)


def test_what_is_in_doubt_is_an_alarm_after_its_window() -> None:
    """Before, it may resolve by itself; MISSING says that it did not."""
    told = Told(a_plan(a_lane({3: buy()})))
    wish = told.submit(3)
    told.tell(InDoubt(at=hour(4), id=wish.id, code=0, reason="no answer"))
    doubt = alarms_of(told.core)
    told.tell(reconciled(BALANCE, at=hour(4) + 7000, settled=True))
    missing = alarms_of(told.core)

    assert [("in_doubt", "IN_DOUBT:XAUUSD", 8.0)] == [(a.kind, a.about, a.after_s) for a in doubt]
    assert [("in_doubt", "MISSING:XAUUSD", 0.0)] == [(a.kind, a.about, a.after_s) for a in missing]


def test_a_loss_near_the_limit_of_the_day_is_one_alarm_however_it_wavers() -> None:
    """Open trades included: 5 percent of 10,000 may be lost, one lot of gold loses 100 a dollar."""
    told = in_trade({}, target=0.0)
    trade = told.core.lanes[0].trade
    assert trade is not None
    trade.exit[2] = trade.stop = 50.0
    found: list[set[str]] = []
    for n, close in enumerate([97.0, 96.5, 96.8, 97.2]):
        told.tell(closed(4 + n, close))
        standing = {alarm.key for alarm in alarms_of(told.core, found[-1] if found else ())}
        found.append(standing)

    assert [0, 1, 1, 0] == [len(standing) for standing in found]


@pytest.mark.parametrize(("mode", "expected"), [("live", ["novelty"]), ("paper", []), ("observe", [])])
def test_novelty_is_an_alarm_where_real_orders_are_sent(mode: str, expected: list[str]) -> None:
    """Of a regime that a strategy listens to."""
    told = Told(a_gated_plan({}))
    told.core.plan = told.core.decider.plan = msgspec.structs.replace(told.core.plan, mode=mode)
    told.core.readings[0].unlike = "its returns are ten times as wide"

    assert expected == kinds(told)


def test_a_terminal_that_is_away_too_long_is_told_about_its_hold() -> None:
    """So it is over when the hold is."""
    told, _ = with_resting_entry()
    step = told.tell(LinkDown(at=hour(5), reason="gone", away_s=301.0))

    assert [("no_progress", "LINK", "page")] == [(a.kind, a.about, a.severity) for a in of_kind(step, Alert)]


def test_all_but_notes_are_pages() -> None:
    """Seven things may wake somebody, and no eighth."""
    pages = [kind for kind, ruling in KINDS.items() if ruling.severity == "page"]

    assert ["unguarded", "break", "halt", "in_doubt", "daily_loss", "novelty", "no_progress"] == pages
