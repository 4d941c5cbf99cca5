"""Money that comes and goes without a trade, deals that show late, and what the venue does when margin runs out."""

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import Accepted, DealMade, OrderGone, Rejected
from brokers.venue import Venue, VenueError
from market.money import cents
from market.types import Flow
from tests.venues import GOLD, HOUR, MONDAY, SYMBOLS, a_venue, close, entry, sent

NOON = MONDAY + 12 * HOUR

# --- flows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["balance", "charge", "correction", "bonus", "commission", "interest", "dividend", "tax", "other"]
)
def test_money_comes_and_goes_by_deals_of_its_kind(kind: Flow) -> None:
    """Each kind moves the balance, is a deal without a trade, and is told."""
    venue = a_venue()
    came, went = venue.flow(kind, 100.0, "came"), venue.flow(kind, -30.005, "went")

    assert (kind, "none", "balance", 100.0, "came") == (came.flow, came.entry, came.reason, came.money, came.comment)
    assert (-30.01, 10_069.99) == (went.money, venue.balance)
    assert [came, went] == [n.deal for n in venue.news() if isinstance(n, DealMade)]


def test_a_credit_counts_in_equity_and_free_margin_but_not_in_the_balance() -> None:
    """Ninety of one's own carry no lot that binds a hundred, with twenty of the broker's they do."""
    venue = a_venue(balance=90.0)
    alone = venue.send(entry())
    deal = venue.flow("credit", 20.0)
    lent = venue.send(entry(2))

    assert isinstance(alone, Rejected)
    assert isinstance(lent, Accepted)
    assert (90.0, 20.0, 100.0, 20.0, 0.0) == (
        venue.balance, venue.credit, venue.equity(), venue.account().credit, deal.money,
    )  # fmt: skip


def test_a_credit_can_be_taken_back() -> None:
    """What the broker takes back is gone from the equity alone."""
    venue = a_venue()
    venue.flow("credit", 50.0)
    venue.flow("credit", -50.0)

    assert (10_000.0, 0.0, 10_000.0) == (venue.balance, venue.credit, venue.equity())


def test_the_deposit_is_a_flow_too() -> None:
    """An account begins with a balance operation."""
    assert ["balance"] == [d.flow for d in a_venue().deals]


# --- late deals -----------------------------------------------------------------------------------------------------


def late(after: int = 300) -> Venue:
    """Return a venue whose deals show later, and whose deposit is seen."""
    venue = Venue(SYMBOLS, {}, currency="USD", balance=1e4, leverage=100, at=NOON, visible_after_ms=after)
    venue.tick("XAUUSD", NOON + after, 100.0, 100.0)
    venue.news()
    return venue


def test_a_deal_shows_in_history_news_and_balance_only_later() -> None:
    """Position and equity are there at once; the deal, its money and its news come with the time."""
    venue = late()
    position = sent(venue, entry(stop=0.0)).order
    venue.tick("XAUUSD", venue.at, 101.0, 101.0)
    sent(venue, close(position))
    at_once = (len(venue.deals), venue.news(), venue.balance, venue.account().balance, venue.equity())
    venue.tick("XAUUSD", venue.at + 299, 101.0, 101.0)
    nearly = (len(venue.deals), venue.news())
    venue.tick("XAUUSD", venue.at + 1, 101.0, 101.0)

    assert (1, [], 10_000.0, 10_000.0, 10_100.0) == at_once
    assert (1, []) == nearly
    assert (3, ["in", "out"], 10_100.0) == (
        len(venue.deals), [n.deal.entry for n in venue.news() if isinstance(n, DealMade)], venue.balance,
    )  # fmt: skip


@pytest.mark.parametrize(("venue", "newest"), [(late(), 1), (a_venue(), 0)])
def test_deals_are_kept_where_something_hangs_on_them(venue: Venue, newest: int) -> None:
    """What can be seen of a balance is the sum of the deals seen; and the last one always stays."""
    with pytest.raises(VenueError, match="cannot be kept"):
        venue.keep(newest)


def test_a_late_fact_tells_when_it_shows_and_its_deal_when_it_was_made() -> None:
    """Facts are told at their own time, in order, the end of an order after its deal."""
    venue = late()
    sent(venue, entry(kind="limit", price=99.0, stop=0.0))
    venue.tick("XAUUSD", venue.at, 99.0, 99.0)
    made = venue.at
    venue.tick("XAUUSD", made + 300, 99.0, 99.0)
    deal, gone = venue.news()

    assert isinstance(deal, DealMade)
    assert isinstance(gone, OrderGone)
    assert (made + 300, made + 300, made) == (deal.at, gone.at, deal.deal.at)


def test_what_was_not_seen_yet_is_not_lost_with_a_restart() -> None:
    """A venue restored in between tells it when its time has come."""
    venue = late()
    sent(venue, entry(stop=0.0))
    restored = Venue.restore(venue.snapshot())
    restored.tick("XAUUSD", venue.at + 300, 100.0, 100.0)

    assert 1 == len(restored.news())


@given(st.integers(0, 500), st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(0, 400)), max_size=12))
def test_balance_news_and_deals_show_the_same(after: int, acts: list[tuple[int, int]]) -> None:
    """Whatever the delay, the balance is the sum of the deals that show, and those are what was told."""
    venue = Venue(SYMBOLS, {}, currency="USD", balance=1e6, leverage=100, at=NOON, visible_after_ms=after)
    venue.tick("XAUUSD", NOON, 100.0, 100.0)
    told = []
    for number, (side, wait) in enumerate(acts):
        venue.send(entry(number, side=side, volume=0.1, stop=0.0))
        venue.tick("XAUUSD", venue.at + wait, 100.0 + number, 100.0 + number)
        for p in venue.positions()[:1]:
            venue.send(close(p.ticket, side=p.side, volume=0.1))
        told += [n.deal for n in venue.news() if isinstance(n, DealMade)]

        assert told == venue.deals
        assert cents(sum(d.money for d in told)) == venue.balance


# --- margin call and stop-out ---------------------------------------------------------------------------------------


def calls(venue: Venue, *bids: float) -> list[tuple[bool, int]]:
    """Return after each quote of gold whether the account is called, and how many positions stand."""
    found = []
    for bid in bids:
        venue.tick("XAUUSD", NOON, bid, bid)
        found.append((venue.called(), len(venue.positions())))
    return found


def test_the_account_is_called_before_it_is_closed() -> None:
    """Below the margin itself there is a call, below half of it the stop-out."""
    venue = a_venue(balance=150.0, spread=0.0)
    venue.tick("XAUUSD", NOON, 100.0, 100.0)
    sent(venue, entry(stop=0.0))
    found = calls(venue, 99.6, 99.4, 98.9)

    assert [(False, 1), (True, 1), (False, 0)] == found


def test_a_stop_out_by_money_looks_at_the_equity() -> None:
    """Whatever the margin level, the account keeps forty dollars, or is closed."""
    venue = Venue(
        SYMBOLS, {}, currency="USD", balance=150.0, leverage=100, at=NOON, stop_out_money=40.0, margin_call=60.0
    )
    venue.tick("XAUUSD", NOON, 100.0, 100.0)
    sent(venue, entry(stop=0.0))
    found = calls(venue, 99.2, 98.91, 98.89)

    assert [(False, 1), (True, 1), (False, 0)] == found
    assert "so: 39.00%/39.00/100.00" == venue.deals[-1].comment


def test_covered_positions_that_bind_nothing_are_closed_when_the_equity_is_gone() -> None:
    """No margin is no reason to go on for ever: a widening spread ends it, the greater loss first."""
    contract = msgspec.structs.replace(GOLD, margin_hedged=0.0)
    venue = Venue({"XAUUSD": contract}, {}, currency="USD", balance=150.0, leverage=100, at=NOON)
    venue.tick("XAUUSD", NOON, 100.0, 100.0)
    sent(venue, entry(stop=0.0))
    sent(venue, entry(2, side=-1, stop=0.0))
    bound = venue.margin()
    venue.tick("XAUUSD", NOON, 99.5, 101.5)

    assert 0.0 == bound
    assert [("stop_out", -150.0, "so: 0.00%/-50.00/0.00"), ("stop_out", -50.0, "so: -50.00%/-50.00/100.00")] == [
        (d.reason, d.profit, d.comment) for d in venue.deals if d.entry == "out"
    ]


def test_a_credit_keeps_positions_open() -> None:
    """The margin level counts what the broker lends."""
    venue = a_venue(balance=150.0)
    venue.flow("credit", 100.0)
    sent(venue, entry(stop=0.0))
    venue.tick("XAUUSD", NOON, 98.9, 98.9)

    assert 1 == len(venue.positions())
