"""A client's month adds up to the cent, whatever was traded, paid and charged; what is not known is said."""

import csv
import io

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.facts import BarClosed, DealMade, LinkUp
from config.errors import DataError
from config.journal import Where
from market.money import cents
from market.types import Bar, Position
from runtime.clients.covered import Gap
from runtime.clients.month import ClientMonth
from runtime.clients.months import Month, month_at
from runtime.clients.returns import chained
from runtime.clients.statement import statement
from runtime.core.facts import AnyFact
from tests.cores import a_lane, a_plan, an_account
from tests.lives import DAY, Life, journaled, told, written
from tests.record_journal import DATA, unpacked
from tests.recorded import RECORDINGS, Recording, number, recorded_deals, rows
from tests.venues import GOLD, HOUR, MONDAY

JANUARY = Month(2024, 1)
GOLD_OPEN = Position(ticket=102, at=MONDAY + DAY, symbol="XAUUSD", side=1, volume=1.0, price=100.0, profit=250.0)


def row_sums(text: str) -> tuple[Decimal, Decimal]:
    """Return what the rows of a statement make of its first balance, and its last balance."""
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    moved = sum((Decimal(row[name]) for row in table for name in ("commission", "swap", "fee", "profit")), Decimal(0))
    return Decimal(table[0]["balance"]) + moved, Decimal(table[-1]["balance"])


def lived() -> Life:
    """Return a month in which 5,000 were paid in, 291 made by a trade, 3.50 of interest, and 1,000 taken out."""
    life = Life()
    life.pays(MONDAY + 9 * DAY, 5000.0)
    life.trade(MONDAY + 14 * DAY, MONDAY + 15 * DAY + HOUR, 300.0, commission=-7.0, swap=-2.0)
    life.pays(MONDAY + 19 * DAY, -1000.0)
    life.pays(MONDAY + 20 * DAY, 3.5, "interest")
    life.look(MONDAY + 30 * DAY)
    life.look(MONDAY + 31 * DAY + HOUR)
    return life


def test_a_month_is_told_in_its_parts(tmp_path: Path) -> None:
    """Worth at both ends, what was paid, what trading made, after which costs, and by how much the account grew."""
    month = told(journaled(tmp_path, lived().facts), JANUARY)

    assert (10_000.0, 14_294.5, 0.0) == (month.began.worth, month.ended.worth, month.off)
    assert (5000.0, -1000.0, 294.5) == (month.paid_in, month.taken_out, month.made)
    assert (300.0, -7.0, -2.0, 0.0) == (month.traded, month.costs.commission, month.costs.swap, month.costs.fee)
    assert {"interest": 3.5} == month.costs.other
    assert (15_291.0 / 15_000.0) * (14_294.5 / 14_291.0) - 1.0 == pytest.approx(month.gained.share)
    assert 0 == month.gained.estimated
    assert (None, None) == (month.worst, month.fall)
    assert month.whole
    (trade,) = month.trades
    assert (300.0, 291.0, "", 100.0, 103.0) == (trade.profit, trade.net, trade.strategy, trade.entry, trade.exit)


def test_a_month_is_told_from_either_database(place: Where) -> None:
    """With what is open priced by a look, and by bars after it."""
    life = lived()
    life.deal(MONDAY + 30 * DAY + HOUR, position=102, symbol="XAUUSD", entry="in", volume=1.0, price=100.0)
    bar = Bar("XAUUSD", "H1", MONDAY + 30 * DAY + HOUR, 104.0, 104.0, 104.0, 104.0)
    life.facts.append(BarClosed(at=MONDAY + 30 * DAY + 2 * HOUR, bar=bar, bid=104.0, ask=104.1))
    written(place, sorted(life.facts, key=lambda fact: fact.at))
    month = told(place, JANUARY)

    assert (14_294.5, 400.0, "bars", 0.0) == (month.ended.balance, month.ended.floating, month.ended.source, month.off)
    assert 0 == month.gained.estimated


def test_what_a_look_told_of_others_stays_where_no_bar_tells_it(tmp_path: Path) -> None:
    """A stranger's position on a symbol without bars is worth what the venue said last, and is no unknown."""
    life = Life()
    alien = Position(ticket=77, at=MONDAY, symbol="OIL", side=1, volume=1.0, price=70.0, profit=33.0)
    life.look(MONDAY + 30 * DAY, alien, floating=33.0)
    life.deal(MONDAY + 30 * DAY + HOUR, position=102, symbol="XAUUSD", entry="in", volume=1.0, price=100.0)
    bar = Bar("XAUUSD", "H1", MONDAY + 30 * DAY + HOUR, 104.0, 104.0, 104.0, 104.0)
    life.facts.append(BarClosed(at=MONDAY + 30 * DAY + 2 * HOUR, bar=bar, bid=104.0, ask=104.1))
    life.look(MONDAY + 32 * DAY, alien, GOLD_OPEN, floating=40.0)
    month = told(journaled(tmp_path, life.facts), JANUARY)

    assert (433.0, 0, MONDAY + 30 * DAY) == (month.ended.floating, month.ended.unpriced, month.ended.priced)


def test_days_begin_by_the_clients_clock(tmp_path: Path) -> None:
    """What is made an hour after midnight in Athens is made the day before in London; the month begins then, too."""
    life = Life(MONDAY - DAY)
    life.trade(MONDAY - 2 * HOUR, MONDAY - HOUR, -50.0)
    life.look(MONDAY + DAY)
    here, there = (told(journaled(tmp_path / zone, life.facts, zone=zone), JANUARY) for zone in ("UTC EU", "UTC+2 EU"))

    assert (9950.0, 0.0, 0) == (here.began.worth, here.made, len(here.trades))
    assert (10_000.0, -50.0, 1) == (there.began.worth, there.made, len(there.trades))
    assert there.worst is not None
    assert (MONDAY - 2 * HOUR, -50.0) == (there.worst.began, there.worst.made)
    assert not there.whole


def test_what_is_open_counts_by_the_last_look(tmp_path: Path) -> None:
    """At the end of a month, and just before money is paid in; a credit is none of it."""
    life = Life()
    life.deal(MONDAY + DAY, position=102, symbol="XAUUSD", entry="in", volume=1.0, price=100.0)
    life.look(MONDAY + 2 * DAY - 60_000, GOLD_OPEN, floating=250.0, credit=40.0)
    life.pays(MONDAY + 2 * DAY, 1000.0)
    life.look(MONDAY + 31 * DAY - 60_000, GOLD_OPEN, floating=-100.0, credit=40.0)
    life.look(MONDAY + 31 * DAY + HOUR, GOLD_OPEN, floating=-900.0)
    month = told(journaled(tmp_path, life.facts), JANUARY)

    assert (10_900.0, -100.0, "venue") == (month.ended.worth, month.ended.floating, month.ended.source)
    assert (10_250.0 / 10_000.0) * (10_900.0 / 11_250.0) == pytest.approx(month.gained.factor)
    assert (0, 0.0, -100.0) == (month.gained.estimated, month.off, month.opened)
    assert [("XAUUSD", 1.0)] == [(one.symbol, one.lots) for one in month.ended.positions]
    assert month.fall is not None
    assert pytest.approx(1.0 - 10_900.0 / 11_250.0) == month.fall.share
    assert 350.0 == month.fall.money


def test_money_paid_in_while_markets_are_closed_is_no_gain_and_no_loss(tmp_path: Path) -> None:
    """The clock of what is quoted stands at Friday evening, and so do the looks that already know of it."""
    friday = MONDAY + 5 * DAY - 180_000
    life = Life()
    life.look(friday)
    life.pays(MONDAY + 5 * DAY + 12 * HOUR, 5000.0)
    life.look(friday)
    life.look(MONDAY + 7 * DAY + HOUR)
    month = told(journaled(tmp_path, life.facts), JANUARY)

    assert (5000.0, 0.0, 0.0, 1.0) == (month.paid_in, month.made, month.off, month.gained.factor)
    assert {0.0} == {day.made for day in month.days}
    assert (None, None) == (month.worst, month.fall)


def test_money_paid_in_on_a_holiday_belongs_to_its_month(tmp_path: Path) -> None:
    """The month begins with it, before anything is quoted."""
    friday = MONDAY - 2 * DAY - 180_000
    life = Life(friday - HOUR)
    life.look(friday)
    life.pays(MONDAY + 12 * HOUR, 5000.0)
    life.look(friday)
    life.look(MONDAY + DAY + HOUR)
    path = journaled(tmp_path, life.facts)
    december, january = (told(path, month) for month in (Month(2023, 12), JANUARY))

    assert (10_000.0, 0.0, 1.0) == (december.ended.balance, december.off, december.gained.factor)
    assert (10_000.0, 15_000.0, 0.0) == (january.began.balance, january.ended.balance, january.off)
    assert (5000.0, 0.0, None) == (january.paid_in, january.made, january.worst)


def test_an_account_that_lost_more_than_there_was_has_no_return_of_what_was_paid_in_later(tmp_path: Path) -> None:
    """A growth below nothing, times another one, would make a gain a deeper loss."""
    life = Life()
    life.trade(MONDAY + 2 * DAY, MONDAY + 3 * DAY, -12_000.0)
    life.pays(MONDAY + 5 * DAY, 5000.0)
    life.trade(MONDAY + 16 * DAY, MONDAY + 17 * DAY, 500.0)
    life.look(MONDAY + 32 * DAY)
    month = told(journaled(tmp_path, life.facts), JANUARY)

    assert month.fall is not None
    assert (-11_500.0, None, 12_000.0) == (month.made, month.gained.share, month.fall.money)
    assert pytest.approx(1.2) == month.fall.share


def test_without_a_look_nearby_the_return_is_estimated_and_says_so(tmp_path: Path) -> None:
    """Money came in while gold was open, and nobody had looked for a day."""
    life = Life()
    life.deal(MONDAY + DAY, position=102, symbol="XAUUSD", entry="in", volume=1.0, price=100.0)
    life.look(MONDAY + DAY + HOUR, GOLD_OPEN, floating=10.0)
    life.pays(MONDAY + 2 * DAY, 1000.0)
    life.look(MONDAY + 31 * DAY, GOLD_OPEN, floating=250.0)
    month = told(journaled(tmp_path, life.facts), JANUARY)

    assert (1, False) == (month.gained.estimated, month.began.worth == month.ended.worth)


def test_without_looks_it_is_reckoned_by_the_last_bars(tmp_path: Path) -> None:
    """A long at the bid of the bar told last: 4.00 on 100 ounces."""
    life = Life()
    life.deal(MONDAY + DAY, position=102, symbol="XAUUSD", entry="in", volume=1.0, price=100.0)
    bar = Bar("XAUUSD", "H1", MONDAY + 30 * DAY, 104.0, 104.0, 104.0, 104.0)
    life.facts.append(BarClosed(at=MONDAY + 30 * DAY + HOUR, bar=bar, bid=104.0, ask=104.1))
    life.look(MONDAY + 32 * DAY, GOLD_OPEN, floating=7.0)
    month = told(journaled(tmp_path, life.facts), JANUARY)

    assert (400.0, "bars", MONDAY + 30 * DAY + HOUR) == (
        month.ended.floating, month.ended.source, month.ended.priced,
    )  # fmt: skip
    assert [104.0] == [one.now for one in month.ended.positions]


def test_what_no_price_is_known_of_counts_nothing_and_is_said(tmp_path: Path) -> None:
    """Nobody had looked since it was opened, and no bar was told."""
    life = Life()
    life.deal(MONDAY + DAY, position=102, symbol="XAUUSD", entry="in", volume=1.0, price=100.0)
    life.look(MONDAY + 32 * DAY, GOLD_OPEN, floating=7.0)
    month = told(journaled(tmp_path, life.facts), JANUARY)

    assert (0.0, 1, False) == (month.ended.floating, month.ended.unpriced, month.ended.sure)


def test_money_that_nothing_explains_is_said(tmp_path: Path) -> None:
    """The venue's balance is five more than all that was booked."""
    life = lived()
    life.balance = 14_299.5
    life.look(MONDAY + 31 * DAY - HOUR)
    life.facts.sort(key=lambda fact: fact.at)
    month = told(journaled(tmp_path, life.facts), JANUARY)

    assert (5.0, 14_299.5) == (month.off, month.ended.balance)


def test_what_the_journal_does_not_cover_is_said(tmp_path: Path) -> None:
    """The month is told as far as it goes, and a day on which no daemon ran is named."""
    life = Life(MONDAY + DAY)
    life.look(MONDAY + 2 * DAY)
    path = journaled(tmp_path, life.facts)
    again = Life(MONDAY + 4 * DAY)
    journaled(tmp_path, [LinkUp(at=MONDAY + 4 * DAY, account=an_account()), *again.facts[1:]])
    month = told(path, JANUARY)

    assert not month.whole
    assert (MONDAY + DAY, MONDAY + 4 * DAY + 1, MONDAY + DAY) == (month.from_, month.until, month.since)
    assert (Gap(MONDAY + 2 * DAY, MONDAY + 4 * DAY, "not running"),) == month.gaps


@pytest.mark.parametrize("month", ["2023-12", "2024-03"])
def test_a_month_of_which_the_journal_has_nothing_is_refused(month: str, tmp_path: Path) -> None:
    """It says which it has."""
    path = journaled(tmp_path, lived().facts)

    with pytest.raises(DataError, match=f"nothing of {month}: it goes from 2024-01 to 2024-02"):
        told(path, month)


# --- fees -------------------------------------------------------------------------------------------------------------


def test_a_fee_is_owed_at_the_end_of_its_period_and_told_before(tmp_path: Path) -> None:
    """By quarters January's is running; by months it is due. The 294.50 that were made are what is charged."""
    life = lived()
    quarter, month = (
        told(journaled(tmp_path / word, life.facts, fee=0.2, crystallise=word), JANUARY)
        for word in ("quarter", "month")
    )

    assert ((), 58.9) == (quarter.due, quarter.running.fee if quarter.running else None)
    assert [(58.9, 14_000.0, 294.5)] == [(fee.fee, fee.mark, fee.gain) for fee in month.due]
    assert None is month.running


def test_without_terms_there_is_no_fee(tmp_path: Path) -> None:
    """None was agreed."""
    month = told(journaled(tmp_path, lived().facts), JANUARY)

    assert ((), None, None) == (month.due, month.running, month.terms)


# --- whatever happened ------------------------------------------------------------------------------------------------

CENTS = st.integers(-50_000, 50_000).map(lambda n: n / 100.0)
COSTS = st.integers(-2_000, 500).map(lambda n: n / 100.0)
KINDS = ("trade", "balance", "interest", "monthly commission", "credit", "look")
EVENTS = st.lists(
    st.tuples(
        st.integers(1, 75 * 24), st.sampled_from(KINDS),
        CENTS, COSTS, COSTS, st.integers(1, 200),
    ),
    max_size=14,
)  # fmt: skip


def a_life(events: list[tuple[int, str, float, float, float, int]]) -> Life:
    """Return three months in which such things happened; positions last for hours, some beyond a month's end."""
    life = Life()
    for at, kind, money, one, other, lasts in sorted(events):
        moment = MONDAY + at * HOUR
        if kind == "trade":
            life.trade(moment, moment + lasts * HOUR, money, commission=one, swap=other)
        elif kind == "look":
            life.look(moment)
        else:
            life.pays(moment, money, kind)
    life.facts.sort(key=lambda fact: fact.at)
    life.facts = [*truthful(life)]
    return life


def truthful(life: Life) -> Iterator[AnyFact]:
    """Yield the facts with the balance that was there at each look, whose clock stands at weekends."""
    again = Life()
    again.facts = []
    for fact in life.facts:
        if isinstance(fact, DealMade):
            again.balance = cents(again.balance + fact.deal.money)
            again.facts.append(fact)
        elif type(fact).__name__ == "Reconciled":
            day = (fact.at - MONDAY) // DAY
            again.look(fact.at if day % 7 < 5 else MONDAY + (day // 7 * 7 + 5) * DAY - 60_000)
        else:
            again.facts.append(fact)
    again.look(MONDAY + 92 * DAY)
    life.balance = again.balance
    yield from again.facts


@settings(max_examples=15)  # each writes a journal and tells three months of it
@given(EVENTS)
def test_months_add_up_and_follow_each_other(events: list[tuple[int, str, float, float, float, int]]) -> None:
    """To the cent: balance, statement, trades and days; each begins where the one before ended, returns multiply."""
    life = a_life(events)
    with TemporaryDirectory() as folder:
        path = journaled(Path(folder), life.facts)
        months = [told(path, Month(2024, n)) for n in (1, 2, 3)]

    for m in months:
        booked = cents(m.paid_in + m.taken_out + m.traded + m.mended + m.costs.sum)
        assert (0.0, m.ended.balance) == (m.off, cents(m.began.balance + booked))
        sums, last = row_sums(statement(m))
        assert sums == last == Decimal(f"{m.ended.balance:.2f}")
        assert m.made == cents(sum(day.made for day in m.days))
        assert cents(sum(t.net for t in m.trades)) == cents(sum(b.money for b in m.bookings if b.traded))
    assert [m.ended.worth for m in months[:2]] == [m.began.worth for m in months[1:]]
    assert life.balance == months[-1].ended.balance
    whole = chained(m.gained for m in months)
    if not whole.estimated and whole.factor is not None:
        assert whole.factor == pytest.approx(months[-1].gained_since.factor, rel=1e-9)


# --- recorded accounts ------------------------------------------------------------------------------------------------


def test_the_demos_account_is_told_month_by_month(tmp_path: Path) -> None:
    """Its journal was played over bars, with one look: what is open is priced by bars; months follow and multiply."""
    path = unpacked(DATA / "demo.sqlite.gz", tmp_path)
    months = [told(path, Month(2004, n)) for n in range(1, 6)]

    assert {0.0} == {m.off for m in months}
    assert [m.ended.worth for m in months[:-1]] == [m.began.worth for m in months[1:]]
    assert chained(m.gained for m in months).factor == pytest.approx(months[-1].gained_since.factor)
    assert [True, False] == [any(m.ended.source == source for m in months) for source in ("bars", "venue")]
    assert {"reversion"} == {trade.strategy for m in months for trade in m.trades}
    made = cents(sum(trade.net for m in months for trade in m.trades))
    assert made == cents(months[-1].ended.balance - months[0].began.balance)


@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
def test_a_recorded_account_is_told_month_by_month(shared_data: Path, recording: Recording, tmp_path: Path) -> None:
    """Each row of its statements has the balance of the report; months follow each other and multiply."""
    table = rows(shared_data / "mt5" / f"deals-{recording.files}.csv")
    deals = recorded_deals(table)
    life = Life(deals[0].at, number(table[0]["Balance"]), ticket=deals[0].ticket)
    life.facts += [DealMade(at=deal.at, deal=deal) for deal in deals[1:]]
    life.balance = number(table[-1]["Balance"])
    life.look(deals[-1].at + DAY)
    gold = {recording.symbol: GOLD, "XAUUSD": GOLD}
    path = journaled(tmp_path, life.facts, a_plan(a_lane({}), symbols=gold))
    month, last, found = month_at("UTC", deals[0].at), month_at("UTC", deals[-1].at), list[ClientMonth]()
    while month <= last:
        found.append(told(path, month))
        month = month.after

    parts = [list(csv.DictReader(io.StringIO(statement(m), newline="")))[1:] for m in found]
    assert [f"{number(row['Balance']):.2f}" for row in table[1:]] == [row["balance"] for part in parts for row in part]
    assert {0.0} == {m.off for m in found}
    assert [m.ended.worth for m in found[:-1]] == [m.began.worth for m in found[1:]]
    assert len(deals) - 1 == sum(len(m.bookings) for m in found)
    assert chained(m.gained for m in found).factor == pytest.approx(found[-1].gained_since.factor)
    assert number(table[-1]["Balance"]) / number(table[0]["Balance"]) == pytest.approx(found[-1].gained_since.factor)
