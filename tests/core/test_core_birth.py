"""How a core comes up: four holds, each lifted by its own fact, and again after a lost link or process."""

import os
import subprocess
import sys

from pathlib import Path

import msgspec
import pytest

from brokers.facts import (
    BarRevised,
    FeedBroken,
    FeedFresh,
    FeedStale,
    LinkDown,
    LinkUp,
    SymbolSeen,
    TradingAllowed,
    TradingForbidden,
    WrongTerminal,
)
from runtime.core.facts import AnyFact, RunStarted
from runtime.core.instructions import Alert, Reconcile, SetLevel, Submit
from tests.cores import WARM, a_lane, a_plan, an_account, bar, buy, closed, hour, level, opening, reconciled
from tests.told import Told, of_kind, only
from tests.venues import EURUSD, GOLD, MONDAY

ROOT = Path(__file__).parents[2]
LATER = 99


def unborn(*fields: int) -> Told:
    """Return a core that nobody has told anything, whose strategy wants to buy on these bars."""
    return Told(a_plan(a_lane(dict.fromkeys(fields, buy()))), opened=False)


def test_a_core_is_born_with_four_holds() -> None:
    """Nothing may leave before latch, terminal, venue and history were seen."""
    told = unborn()

    assert ["SWITCH", "LINK", "UNRECONCILED", "WARMING:XAUUSD"] == told.holds
    assert "halt" == told.core.ledger.level


@pytest.mark.parametrize(
    ("facts", "lifted"),
    [
        ([level("run")], "SWITCH"),
        ([level("halt")], "SWITCH"),
        ([LinkUp(at=MONDAY, account=an_account())], "LINK"),
        ([reconciled()], "UNRECONCILED"),
        ([closed(n, phase="warm") for n in range(WARM)], "WARMING:XAUUSD"),
        ([closed(n) for n in range(WARM)], "WARMING:XAUUSD"),
        ([closed(n, phase="missed") for n in range(WARM)], "WARMING:XAUUSD"),
        ([closed(n, phase="warm") for n in range(WARM - 1)], ""),
        ([LinkDown(at=MONDAY, reason="no terminal yet")], ""),
        ([SymbolSeen(at=MONDAY, symbol=GOLD)], ""),
    ],
    ids=range(10),
)
def test_each_hold_is_lifted_by_its_fact_only(facts: list[AnyFact], lifted: str) -> None:
    """Latch, link, venue and history lift a hold each, and none of them another's."""
    told = unborn()
    before = told.holds

    told.tell(*facts)

    assert [hold for hold in before if hold != lifted] == told.holds


@pytest.mark.parametrize(
    ("absent", "outcome"),
    [
        ("LevelChanged", "held"),
        ("LinkUp", "held"),
        ("Reconciled", "held"),
        ("BarClosed", "warming"),
        ("nothing", "traded"),
    ],
)
def test_nothing_leaves_while_one_of_them_is_in_place(absent: str, outcome: str) -> None:
    """An entry needs all four facts."""
    told = unborn(LATER)
    told.tell(*(fact for fact in opening() if type(fact).__name__ != absent))

    step = told.tell(closed(LATER))

    assert [outcome] == [d.outcome for d in step.decisions]
    assert (absent == "nothing") is bool(of_kind(step, Submit))


def test_the_link_asks_for_a_look_at_the_venue() -> None:
    """A link that came up is followed by one reconcile, which waits for no settle window."""
    told = unborn()

    assert [False] == [wish.settled for wish in of_kind(told.tell(LinkUp(at=MONDAY, account=an_account())), Reconcile)]


@pytest.mark.parametrize("fact", [LinkDown(at=hour(4), reason="gone"), RunStarted(at=hour(4), run=2)], ids=str)
def test_after_a_lost_link_or_process_the_venue_is_looked_at_again(fact: AnyFact) -> None:
    """What was reconciled before is no longer proven; the features are still warm."""
    told = unborn()
    told.tell(*opening(), fact)
    held = set(told.holds)
    told.tell(LinkUp(at=hour(4), account=an_account()))
    linked = set(told.holds)
    told.tell(reconciled(at=hour(4)), level("run", hour(4)))

    assert {"LINK", "UNRECONCILED"} <= held <= {"LINK", "UNRECONCILED", "SWITCH"}
    assert "UNRECONCILED" in linked
    assert [] == told.holds


def test_a_new_run_numbers_from_one_and_never_repeats_an_id() -> None:
    """Ids and magic numbers are made of run and number, so that no run repeats another's."""
    told = Told(a_plan(a_lane({3: buy(), 4: buy(), 6: buy(), 7: buy()})))
    first = told.submit(3)
    again = told.again()
    again.tell(RunStarted(at=hour(4), run=2), level("run", hour(4)), LinkUp(at=hour(4), account=an_account()))

    assert 1 == first.id >> 32
    assert {2} == {wish.id >> 32 for step in again.steps for wish in step.instructions}
    assert (1, first.id & 0xFFFFFFFF, 1) == (
        first.magic >> 32 & 0xFFFF, first.magic & 0xFFFFFFFF, first.magic >> 48
    )  # fmt: skip
    assert first.magic < 2**63


def test_a_wrong_terminal_halts_holds_and_pages() -> None:
    """A frame of another account is believed in nothing: level halt is latched and somebody is told."""
    told = unborn(4)
    told.tell(*opening())

    step = told.tell(WrongTerminal(at=hour(4), expected="1 on test", found="2 on test"))

    assert ["WRONG_TERMINAL", "UNRECONCILED"] == told.holds
    assert ("halt", "page") == (only(step, SetLevel).level, only(step, Alert).severity)
    assert "held" == told.decide(4).outcome


@pytest.mark.parametrize(
    "fact", [BarRevised(at=hour(4), bar=bar(3, 99.0)), FeedBroken(at=hour(4), symbol="XAUUSD", problem="high < low")]
)
def test_broken_data_holds_its_symbol_until_a_good_bar(fact: AnyFact) -> None:
    """A bar that fails its checks or was revised holds entries there, is told once, and the next good bar lifts it."""
    told = unborn()
    told.tell(*opening())

    first, second = told.tell(fact), told.tell(fact)
    held = told.holds
    told.tell(closed(4))

    assert ["CONTRACT:XAUUSD"] == held
    assert (["warn"], []) == tuple([w.severity for w in of_kind(step, Alert)] for step in (first, second))
    assert [] == told.holds


@pytest.mark.parametrize("field", ["digits", "contract_size", "tick_size"])
def test_a_changed_contract_holds_its_symbol_until_it_is_the_old_one(field: str) -> None:
    """Entries are held while the broker's contract is not the one that was sized with; other symbols are free."""
    told = unborn(4, 6)
    told.tell(*opening())
    changed = msgspec.structs.replace(GOLD, **{field: getattr(GOLD, field) * 2})

    step = told.tell(SymbolSeen(at=hour(3), symbol=changed), SymbolSeen(at=hour(3), symbol=changed))
    held = told.decide(4)
    told.tell(SymbolSeen(at=hour(5), symbol=EURUSD))
    still = told.holds
    told.tell(SymbolSeen(at=hour(5), symbol=GOLD))

    assert 1 == len(of_kind(step, Alert))
    assert ("held", ("SPEC_CHANGED:XAUUSD",), ["SPEC_CHANGED:XAUUSD"]) == (held.outcome, held.holds, still)
    assert "traded" == told.decide(6).outcome


def test_a_bar_told_twice_or_late_is_ignored() -> None:
    """A bar that is not newer than the last one changes nothing and decides nothing."""
    told = Told(a_plan(a_lane({3: buy(), 4: buy()})))
    told.tell(closed(3))
    before = told.core.snapshot()

    step = told.tell(closed(3), closed(2), closed(0, phase="warm"))

    assert ((), ()) == (step.decisions, step.instructions)
    assert before == told.core.snapshot()


def test_a_bar_of_no_feed_is_ignored() -> None:
    """Bars that no strategy and no regime reads are nobody's."""
    told = unborn()
    told.tell(*opening())

    assert () == told.tell(closed(3, symbol="EURUSD")).decisions


def test_the_order_of_holds_is_the_same_in_every_process() -> None:
    """Journaled decisions name holds in an order that does not depend on the seed of Python's hashes."""
    source = (
        "import msgspec; from runtime.core.core import Core; from tests.cores import *\n"
        "names = ('XAUUSD', 'EURUSD', 'A', 'B', 'C', 'D', 'E')\n"
        "lanes = [a_lane({}, n, symbol=s) for n, s in enumerate(names, 1)]\n"
        "symbols = {s: msgspec.structs.replace(EURUSD, name=s) for s in names}\n"
        "print(Core(a_plan(*lanes, symbols=symbols)).snapshot().hex())"
    )
    command = [sys.executable, "-c", source]
    seeds = [os.environ | {"PYTHONHASHSEED": seed} for seed in ("1", "2", "3")]
    born = {subprocess.run(command, env=env, cwd=ROOT, capture_output=True, check=True).stdout for env in seeds}

    assert 1 == len(born)


def test_a_stale_feed_holds_its_symbol_until_it_is_fresh() -> None:
    """It is told once, forbids entries there and nowhere else, and only a fresh feed lifts it."""
    told = Told(a_plan(a_lane(dict.fromkeys(range(3, 9), buy()))))
    stale = FeedStale(at=hour(4), symbol="XAUUSD", problem="no quote for 90 s")

    first, second = told.tell(stale), told.tell(stale)
    held = told.decide(4)
    told.tell(FeedFresh(at=hour(5), symbol="EURUSD"))
    still = told.holds
    told.tell(FeedFresh(at=hour(5), symbol="XAUUSD"))

    assert (1, 0) == (len(of_kind(first, Alert)), len(of_kind(second, Alert)))
    assert ("held", ("STALE_FEED:XAUUSD",), ["STALE_FEED:XAUUSD"]) == (held.outcome, held.holds, still)
    assert ([], "traded") == (told.holds, told.decide(5).outcome)


def test_an_account_that_may_not_trade_is_held_until_it_may() -> None:
    """AutoTrading switched off holds entries, pages once with the reason, and is lifted by its own fact."""
    told = Told(a_plan(a_lane(dict.fromkeys(range(3, 9), buy()))))
    off = TradingForbidden(at=hour(4), reason="AutoTrading is off in the terminal")

    alerts = [alert.text for step in (told.tell(off), told.tell(off)) for alert in of_kind(step, Alert)]
    held = told.decide(4)
    told.tell(TradingAllowed(at=hour(5)))

    assert ["trading is not allowed: AutoTrading is off in the terminal"] == alerts
    assert ("held", ("SESSION",)) == (held.outcome, held.holds)
    assert ([], "traded") == (told.holds, told.decide(5).outcome)


@pytest.mark.parametrize(("allowed", "holds"), [(False, ["SESSION"]), (True, [])])
def test_a_link_tells_whether_the_account_may_trade(allowed: bool, holds: list[str]) -> None:  # noqa: FBT001 - a case
    """An account the broker has closed to trading is linked, looked at, and held."""
    told = unborn()
    told.tell(*opening(), TradingForbidden(at=MONDAY, reason="off"))
    account = msgspec.structs.replace(an_account(), trade_allowed=allowed)

    told.tell(LinkUp(at=hour(4), account=account), reconciled(at=hour(4)))

    assert holds == told.holds


def test_a_link_says_what_keeps_it_from_trading_and_what_to_do() -> None:
    """The terminal's own words stand in the hold and on the page, once."""
    told = unborn()
    told.tell(*opening())

    link = LinkUp(at=hour(4), account=an_account(), forbidden="press the button")
    step = told.tell(link, reconciled(at=hour(4)), link, reconciled(at=hour(4)))

    assert "press the button" == told.core.ledger.holds["SESSION"]
    assert ["trading is not allowed: press the button"] == [alert.text for alert in of_kind(step, Alert)]


def test_a_new_process_is_told_anew_what_the_old_one_saw() -> None:
    """Holds of feed and session end with the process that watched them; the next one's link tells them again."""
    told = unborn()
    told.tell(*opening(), FeedStale(at=hour(4), symbol="XAUUSD", problem="x"), TradingForbidden(at=hour(4), reason="y"))

    told.tell(RunStarted(at=hour(4), run=2))

    assert {"SWITCH", "LINK", "UNRECONCILED"} == set(told.holds)
