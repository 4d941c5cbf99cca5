"""What is told of an account's worth between two bars: what matters to a limit, and no more."""

import msgspec
import pytest

from brokers.facts import WorthSeen
from brokers.mt5.frames import Polled
from config.drawdown import DrawdownSection
from runtime.core.facts import AnyFact
from runtime.nearing import Nearing
from tests.core.test_drawdown import flows
from tests.cores import BALANCE, a_lane, a_plan, buy, closed, hour
from tests.told import Told

AT = hour(5)


def under(**rule: object) -> tuple[Told, Nearing]:
    """Return a core that is long one lot of gold at 100.1, under a rule, and its ears between bars."""
    given = {"preset": "static", "initial": BALANCE, "total": 0.5} | rule
    told = Told(a_plan(a_lane({3: buy()}), drawdown=msgspec.convert(given, DrawdownSection)))
    told.enter(3)
    told.tell(closed(4, 100.1))
    return told, Nearing(told.core)


def polled(worth: float | None, bid: float = 100.1, at: int = AT) -> Polled:
    """Return a poll that shows an account's worth, and gold at a price."""
    quotes = {"XAUUSD": (bid, bid + 0.1)}
    return Polled(at=at, news=(), bars=(), ended=False, quotes=quotes, worth=worth)


def heard(nearing: Nearing, told: Told, *polls: Polled, ours: bool = True) -> list[float]:
    """Let polls be heard, each twice, and what they amount to be told; return the worth of each fact."""
    facts: list[AnyFact] = []
    for poll in (poll for poll in polls for _ in range(2)):
        for fact in nearing.seen(poll, ours=ours):
            facts.append(fact)
            told.tell(fact)
    return [fact.worth for fact in facts if isinstance(fact, WorthSeen)]


def test_a_loss_is_told_from_seven_tenths_of_its_limit_on_each_tenth_once() -> None:
    """Of 500: not at 340, at 350, not again at 360, at 400."""
    told, nearing = under()

    assert [9_650.0, 9_600.0] == heard(nearing, told, *map(polled, (9_660.0, 9_650.0, 9_640.0, 9_660.0, 9_600.0)))


def test_a_broken_rule_is_told_and_holds() -> None:
    """At the first poll that shows it, with no bar in between."""
    told, nearing = under()
    heard(nearing, told, polled(9_500.0))

    assert ["LOSS_LIMIT"] == told.holds


def test_gains_are_told_where_a_trailing_mark_rises_by_them() -> None:
    """By more than a hundredth of the 800 that may be lost in all; and the most between is told with the next."""
    told, nearing = under(preset="trailing", total=0.08, daily=0.5)
    found = heard(nearing, told, *map(polled, (10_007.0, 10_009.0, 10_012.0, 9_430.0)))

    assert [10_009.0, 9_430.0] == found
    assert 10_012.0 == told.core.ledger.marks.peak


def test_what_a_broken_rule_could_not_close_is_told_again_every_five_seconds() -> None:
    """Its close was asked for, and refused by the gateway, say: nothing is closing it."""
    told, nearing = under(on_breach="flatten")
    heard(nearing, told, polled(9_000.0))
    trade = told.core.lanes[0].trade
    assert trade is not None
    trade.closing = 0
    found = heard(nearing, told, polled(9_000.0, at=AT + 4_999), polled(9_000.0, at=AT + 5_000))

    assert [9_000.0] == found
    assert trade.closing


def test_a_day_that_begins_is_told_at_once() -> None:
    """What its loss is counted from is what was there then, not at the first bar that closes in it."""
    told, nearing = under()
    found = heard(nearing, told, polled(10_100.0, at=hour(24) - 1), polled(10_200.0, at=hour(24)))

    assert [10_200.0] == found
    assert 10_200.0 == told.core.ledger.marks.anchor


def test_the_mandatory_loss_of_a_day_is_told_without_a_rule() -> None:
    """Of 5 % of 10,000 four lost dollars an ounce are eight tenths."""
    told = Told(a_plan(a_lane({3: buy()})))
    told.enter(3)
    told.tell(closed(4, 100.1))

    assert 1 == len(heard(Nearing(told.core), told, polled(9_800.0, 98.1), polled(9_600.0, 96.1)))
    assert 96.1 == told.core.ledger.quotes["XAUUSD"][0]


@pytest.mark.parametrize("money", [-6_000.0, 6_000.0])
def test_money_that_comes_or_goes_as_a_poll_is_read_is_no_loss_and_no_gain(money: float) -> None:
    """The poll has it in its worth, and the deal is told with the next one."""
    told, nearing = under(preset="trailing", daily=0.5)
    heard(nearing, told, polled(10_000.0))
    found = [*nearing.seen(polled(10_000.0 + money), ours=True)]
    flows(told, money)

    assert [] == [*found, *heard(nearing, told, polled(10_000.0 + money))]
    assert (10_000.0 + money, []) == (told.core.ledger.marks.peak, told.holds)


def test_on_paper_the_quotes_make_the_worth() -> None:
    """The terminal's account is another one."""
    told, nearing = under()

    assert [9_800.0, 9_500.0] == heard(nearing, told, polled(5.0, 98.1), polled(5.0, 95.1), ours=False)
    assert ["LOSS_LIMIT"] == told.holds


def test_nothing_is_told_while_nobody_knows_what_the_account_is_worth() -> None:
    """A terminal that was just lost, or a first look that is yet to come."""
    told, nearing = under()
    told.core.ledger.holds["UNRECONCILED"] = "not looked at"

    assert [] == heard(nearing, told, polled(1.0))
