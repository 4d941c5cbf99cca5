"""Where every cent went: the balance is outcomes, open trades, trades of others and the ledger, whatever happens."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.commission import PerLot
from brokers.costs import Costs
from brokers.facts import DealMade
from brokers.requests import CloseByRequest
from brokers.venue import Venue
from market.money import cents
from market.types import Deal, Flow, Side
from runtime.core.decision import Decision
from runtime.core.instructions import Alert
from runtime.journal.projections import deal_rows
from runtime.outcomes.book import OutcomeBook
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome
from runtime.outcomes.tally import Tally
from tests.chaos_world import COSTS
from tests.cores import BALANCE, a_lane, a_plan, buy, hour, reconciled
from tests.recorded import RECORDINGS, Recording, number, recorded_deals, rows
from tests.told import Told, in_trade, of_kind
from tests.venues import HOUR, MONDAY, SYMBOLS, close, entry

OURS, ALIEN = 7_000, 9
"""Magic numbers from OURS on are wishes of ours; others' have this one."""
WISH = Told(a_plan(a_lane({3: buy()}))).decide(3)
FLOWS = sorted(set(get_args(Flow)) - {""})


class Account:
    """A venue where we and others trade, and the books that are told each of its deals once."""

    def __init__(self, *, hedging: bool) -> None:
        """Open it with costs of every kind; a quote fills no more than a lot."""
        costs = Costs(spread=12.0, slippage=1.5, commission=PerLot(rate=3.33), depth=1.0)
        self.venue = Venue(
            SYMBOLS, {"XAUUSD": costs}, currency="USD", balance=50_000.0, leverage=100, at=MONDAY, hedging=hedging
        )
        self.venue.open_bar("XAUUSD", MONDAY, 100.0, 0.0)
        self.venue.news()
        self.book, self.tally = OutcomeBook("live"), Tally()
        self.tally.begin(self.venue.balance, 0.0)
        self.deals: list[Deal] = []
        self.outcomes: list[Outcome] = []
        self.asked = 0

    def hear(self) -> None:
        """Tell the books what the venue tells."""
        for fact in self.venue.news():
            if isinstance(fact, DealMade):
                self.deals.append(fact.deal)
                self.outcomes += told(self.book, self.tally, fact.deal)


def told(book: OutcomeBook, tally: Tally, deal: Deal) -> list[Outcome]:
    """Tell book and tally a deal, as the books of an account do; return what it closed."""
    outcome = book.deal(deal)
    tally.deal(deal, book.took)
    if outcome is None:
        return []
    tally.closed(outcome)
    return [outcome]


Act = Callable[[Account], None]


def _move(gap: int, up: int, down: int, hours: int) -> Act:
    def act(a: Account) -> None:
        opened = round(a.venue.quote("XAUUSD")[0] * 100.0) + gap
        at = a.venue.at - a.venue.at % HOUR + hours * HOUR
        a.venue.open_bar("XAUUSD", at, opened / 100.0, 12.0)
        a.venue.play_bar("XAUUSD", at + HOUR - 1, (opened + up) / 100.0, (opened - down) / 100.0, opened / 100.0)

    return act


def _ask(side: Side, volume: int, stop: int, target: int, kind: str, *, ours: bool) -> Act:
    def act(a: Account) -> None:
        a.asked += 1
        magic = OURS + a.asked if ours else ALIEN
        price = a.venue.quote("XAUUSD")[side > 0] - (0.0 if kind == "market" else side * 0.3)
        if ours:
            a.book.decided(wished(magic, side, volume / 10.0))
        a.venue.send(
            entry(
                a.asked, side=side, volume=volume / 10.0, kind=kind, price=round(price, 2), magic=magic,
                stop=round(price - side * stop / 100.0, 2), target=round(price + side * target / 100.0, 2),
            )
        )  # fmt: skip

    return act


def _leave(which: int, share: int, magic: int) -> Act:
    """Close all or a part of what stands at a place; or all of it against an opposite position."""

    def act(a: Account) -> None:
        standing = a.venue.positions()
        if not standing:
            return
        p = standing[which % len(standing)]
        other = next((o for o in standing if o.side != p.side), None)
        if share == 0 and other is not None:
            a.venue.send(
                CloseByRequest(
                    id=1, symbol="XAUUSD", position=p.ticket, by=other.ticket, magic=magic, decided_at=0, comment=""
                )
            )
        else:
            volume = max(0.01, round(p.volume * share / 100.0, 2)) if share else p.volume
            a.venue.send(close(p.ticket, side=p.side, volume=volume, magic=magic))

    return act


def _flow(kind: Flow, amount: int) -> Act:
    def act(a: Account) -> None:
        a.venue.flow(kind, amount / 100.0)

    return act


def wished(magic: int, side: int = 1, volume: float = 1.0) -> Decision:
    """Return a wish of ours."""
    return msgspec.structs.replace(WISH, magic=magic, side=side, volume=volume)


sides = st.sampled_from([1, -1])
acts = st.one_of(
    st.builds(_move, st.integers(-90, 90), st.integers(0, 200), st.integers(0, 200), st.integers(1, 60)),
    st.builds(
        _ask, sides, st.integers(1, 30), st.integers(30, 200), st.integers(30, 200),
        st.sampled_from(["market", "limit"]), ours=st.booleans(),
    ),
    st.builds(_leave, st.integers(0, 5), st.sampled_from([0, 33, 50, 100]), st.sampled_from([ALIEN, OURS])),
    st.builds(_flow, st.sampled_from(FLOWS), st.integers(-20_000, 20_000)),
)  # fmt: skip


@given(st.lists(acts, max_size=40), st.booleans())
def test_every_cent_of_the_balance_has_its_place(done: list[Act], hedging: bool) -> None:  # noqa: FBT001 - drawn
    """After each fill, part, turn, close-by, night, commission and flow, of ours and of others, the sums are equal."""
    a = Account(hedging=hedging)
    for act in done:
        act(a)
        a.hear()

        assert a.venue.balance == a.tally.sum(a.book.standing())


@given(st.lists(acts, max_size=40))
def test_where_positions_stand_apart_each_has_the_money_of_its_own_deals(done: list[Act]) -> None:
    """On a hedging account ours are all deals of positions that a wish of ours opened, and nothing else is."""
    a = Account(hedging=True)
    for act in done:
        act(a)
        a.hear()
    mine = {d.position for d in a.deals if d.entry == "in" and d.magic >= OURS}
    traded = [d for d in a.deals if d.entry != "none"]

    assert cents(sum(d.money for d in traded if d.position not in mine)) == a.tally.foreign
    assert cents(sum(d.money for d in traded if d.position in mine)) == cents(a.tally.outcomes + a.book.standing())
    for position in {o.position for o in a.outcomes} - a.book.held.keys():
        made = cents(sum(o.net for o in a.outcomes if o.position == position))
        assert cents(sum(d.money for d in traded if d.position == position)) == made
    by_kind = {kind: cents(sum(d.money for d in a.deals if d.flow == kind)) for kind in FLOWS if kind != "balance"}
    assert by_kind == {kind: a.tally.ledger.get(kind, 0.0) for kind in by_kind}


def test_what_turns_a_position_round_is_shared_by_lots() -> None:
    """Ours was one lot of three that somebody sold: its profit is ours, two thirds of the commission are not."""
    book, tally = OutcomeBook("live"), Tally()
    tally.begin(BALANCE, 0.0)
    book.decided(wished(OURS))
    told(book, tally, a_deal(20, "in", 1.0, commission=-3.0, magic=OURS))
    (outcome,) = told(book, tally, a_deal(21, "inout", 3.0, profit=50.0, swap=-1.5, commission=-9.01, fee=-0.02))

    assert (50.0, -1.5, -6.0, -0.01) == (outcome.profit, outcome.swap, outcome.commission, outcome.fee)
    assert (outcome.net, -6.02) == (tally.outcomes, tally.foreign)


def a_deal(ticket: int, how: str, volume: float = 0.0, **fields: object) -> Deal:
    """Return a deal of position 900, or one that moves money only."""
    given: dict[str, object] = {
        "ticket": ticket, "order": ticket, "position": 900 if volume else 0, "at": hour(4), "symbol": "XAUUSD",
        "side": 1 if how == "in" else -1, "entry": how, "volume": volume, "price": 100.0, "reason": "expert",
    }  # fmt: skip
    return Deal(**(given | fields))  # type: ignore[arg-type]  # its fields


# --- through the core -------------------------------------------------------------------------------------------------


def followed(told: Told) -> tuple[Told, Books]:
    """Return a core, and books that have followed it up to now."""
    books = Books(told.core, COSTS, shadows=False)
    books.observe(reconciled(told.balance), told.core.handle(reconciled(told.balance)))
    return told, books


others = st.sampled_from([
    ("in", 0.5, {"commission": -1.11}), ("out", 0.5, {"profit": 12.34, "swap": -0.07}), ("none", 0.0, {"profit": 99.5}),
    ("none", 0.0, {"profit": -3.21, "flow": "daily commission", "reason": "balance"}),
    ("none", 0.0, {"profit": 77.0, "flow": "credit", "reason": "balance"}),
])  # fmt: skip


@given(st.lists(others, max_size=6), st.permutations(range(4)))
def test_the_books_of_an_account_explain_its_balance_in_whatever_order_deals_are_told(
    more: list[tuple[str, float, dict[str, object]]], order: list[int]
) -> None:
    """An entry in two parts and an exit in two, told in any order among deals of others and money that moves."""
    told, books = followed(Told(a_plan(a_lane({3: buy()}))))
    books.live.decided(told.decide(3))
    wish = told.core.ledger.orders[max(told.core.ledger.orders)]
    given_: list[tuple[str, dict[str, object]]] = [
        ("in", {"commission": -1.5}), ("in", {"commission": -1.51}), ("out", {"profit": 31.0, "swap": -2.2}),
        ("out", {"profit": -7.77, "reason": "stop"}),
    ]  # fmt: skip
    mine = [
        a_deal(20 + n, how, 0.5, magic=wish.magic, **fields) for n, (how, fields) in enumerate(given_)
    ]  # tickets in the order in which they were made
    alien = [
        a_deal(40 + n, how, lots, position=901 if lots else 0, **fields) for n, (how, lots, fields) in enumerate(more)
    ]
    for deal in [mine[n] for n in order] + alien:
        fact = DealMade(at=hour(5), deal=deal)
        books.observe(fact, told.core.handle(fact))

        assert 0.0 == books.unexplained
    assert cents(BALANCE + sum(d.money for d in mine + alien)) == cents(told.balance)
    assert cents(sum(d.money for d in mine)) == books.tally.outcomes
    assert cents(sum(d.money for d in alien if d.entry != "none")) == books.tally.foreign


def test_books_that_wake_go_on_counting() -> None:
    """What was tallied is part of their rest."""
    told, books = followed(in_trade({}))
    told.tell(reconciled(told.balance))
    fact = DealMade(at=hour(5), deal=a_deal(30, "none", profit=-5.0, flow="tax", reason="balance"))
    books.observe(fact, told.core.handle(fact))
    again = Books(told.core, COSTS, shadows=False)
    again.restore(books.snapshot())

    assert ({"tax": -5.0}, 0.0) == (again.tally.ledger, again.unexplained)


# --- recorded accounts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
@pytest.mark.parametrize("ours", [1, 2, 3], ids=["all ours", "every second", "every third"])
def test_a_recorded_account_is_explained_to_the_cent(shared_data: Path, recording: Recording, ours: int) -> None:
    """After each deal the sums make the balance that the report says, whoever traded; the deposit is the ledger's."""
    table = rows(shared_data / "mt5" / f"deals-{recording.files}.csv")
    book, tally, made = OutcomeBook("live"), Tally(), []
    tally.begin(0.0, 0.0)
    for row, deal in zip(table, recorded_deals(table), strict=True):
        if deal.entry == "in" and deal.ticket // 2 % ours == 0:
            book.decided(wished(deal.ticket, deal.side, deal.volume))
        made += told(book, tally, deal)

        assert number(row["Balance"]) == tally.sum(book.standing())
    assert {"deposit": number(table[0]["Balance"])} == tally.ledger
    assert (len(table) - 1) // 2 == len(made) or ours > 1


# --- the ledger -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "money", "kind"),
    [
        ("balance", 100.0, "deposit"), ("balance", -100.0, "withdrawal"), ("credit", 50.0, "credit"),
        *((flow, -1.0, flow) for flow in FLOWS if flow not in {"balance", "credit"}),
    ],
)  # fmt: skip
def test_the_ledger_says_what_kind_of_money_moved(flow: Flow, money: float, kind: str) -> None:
    """A deposit is no bonus, and a commission of the month no dividend; a credit moves no balance."""
    told = Told(a_plan(a_lane({})))
    deal = a_deal(20, "none", profit=money, flow=flow, reason="balance")
    *_, (table, row) = deal_rows(1, deal, (), told.core, OutcomeBook("live"))

    assert ("ledger", kind, deal.money) == (table, row["kind"], row["money"])


def test_money_of_a_kind_that_nobody_knows_is_told_to_people() -> None:
    """It is counted all the same, and in the ledger under a kind of its own."""
    told = Told(a_plan(a_lane({})))
    deal = a_deal(20, "none", profit=7.0, flow="other", reason="balance", comment="type 18: gift")
    step = told.tell(DealMade(at=hour(4), deal=deal))

    assert BALANCE + 7.0 == told.balance
    said = "deal 20 moved +7.00, and is of a kind that nobody here knows (type 18: gift)"
    assert [f"{said}: it is counted as money put in or taken out"] == [alert.text for alert in of_kind(step, Alert)]
