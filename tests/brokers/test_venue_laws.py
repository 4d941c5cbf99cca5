"""Laws of the venue over any sequence of bars and requests: money adds up, nothing is told twice, restored is same."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from brokers.costs import Costs
from brokers.facts import DealMade, OrderGone
from brokers.requests import AnyRequest, CancelRequest, StopRequest
from brokers.venue import Venue
from market.money import cents
from tests.venues import HOUR, MONDAY, SYMBOLS, close, entry

QUOTED = {"XAUUSD": (100.0, 100.0), "USDJPY": (150.0, 1000.0)}  # start and scale; a random walk in points from there

symbols = st.sampled_from(sorted(QUOTED))
steps = st.integers(-150, 150)
distances = st.integers(1, 200)

Act = Callable[[Venue], None]


def _move(symbol: str, gap: int, up: int, down: int, part: int, hours: int, spread: int) -> Act:
    """Play one bar: gap in points from the last quote, extremes, and the close between them in percent."""

    def act(venue: Venue) -> None:
        start, scale = QUOTED[symbol]
        opened = round((venue.quote(symbol)[0] or start) * scale) + gap
        low, high = opened - down, opened + up
        at = venue.at - venue.at % HOUR + hours * HOUR
        venue.open_bar(symbol, at, opened / scale, float(spread))
        venue.play_bar(symbol, at + HOUR - 1, high / scale, low / scale, (low + (high - low) * part // 100) / scale)

    return act


def _ask(number: int, symbol: str, kind: str, side: int, away: int, stop: int, target: int, volume: int) -> Act:
    """Send an entry with levels in points from the quote."""

    def act(venue: Venue) -> None:
        scale = QUOTED[symbol][1]
        bid, ask = venue.quote(symbol)
        price = round((ask if side > 0 else bid) * scale)
        if kind != "market":
            price += away * (side if kind == "stop" else -side)
        venue.send(
            entry(
                number,
                symbol=symbol,
                kind=kind,
                side=side,
                price=price / scale,
                stop=(price - side * (stop + 20)) / scale if stop < 150 else 0.0,
                target=(price + side * (target + 20)) / scale if target < 150 else 0.0,
                volume=volume / 100,
                expiry=venue.at + away * HOUR if kind != "market" else 0,
            )
        )

    return act


def _change(number: int, which: int, what: str, points: int) -> Act:
    """Close a part, move the stop or cancel, whatever stands at that place."""

    def act(venue: Venue) -> None:
        standing, resting = venue.positions(), venue.orders()
        request: AnyRequest | None = None
        if what == "cancel" and resting:
            o = resting[which % len(resting)]
            request = CancelRequest(id=number, symbol=o.symbol, order=o.ticket, decided_at=0)
        elif standing:
            p = standing[which % len(standing)]
            stop = venue.quote(p.symbol)[0] - p.side * points / QUOTED[p.symbol][1]
            stop = round(stop * 1000) / 1000 if p.symbol == "USDJPY" else round(stop * 100) / 100
            request = StopRequest(
                id=number, symbol=p.symbol, position=p.ticket, stop=stop, target=p.target, decided_at=0
            )
            if what == "close":
                volume = p.volume if points % 2 else round(p.volume * 50) / 100
                request = close(p.ticket, number, symbol=p.symbol, side=p.side, volume=volume)
        if request is not None:
            venue.send(request)

    return act


moves = st.builds(
    _move, symbols, steps, distances, distances, st.integers(0, 100), st.integers(1, 60), st.integers(0, 30)
)
asks = st.builds(
    _ask,
    st.integers(1, 999),
    symbols,
    st.sampled_from(["market", "limit", "stop"]),
    st.sampled_from([1, -1]),
    distances,
    distances,
    distances,
    st.integers(1, 300),
)
changes = st.builds(
    _change,
    st.integers(1, 999),
    st.integers(0, 9),
    st.sampled_from(["close", "stop", "cancel"]),
    st.integers(1, 100),
)
days = st.lists(moves | asks | asks | changes, max_size=30)


def opened(balance: float = 5000.0) -> Venue:
    """Return a venue with costs of every kind, quoted in both symbols."""
    costs = {
        "XAUUSD": Costs(spread=12.0, slippage=1.5, commission=3.33),
        "USDJPY": Costs(spread=9.0, slippage=0.5, commission=2.5),
    }
    venue = Venue(SYMBOLS, costs, currency="USD", balance=balance, leverage=100, at=MONDAY)
    for symbol, (price, _) in QUOTED.items():
        venue.open_bar(symbol, MONDAY, price, 0.0)
    return venue


@given(days, st.sampled_from([5000.0, 700.0]))
def test_money_always_adds_up(acts: list[Act], balance: float) -> None:
    """After every act the balance is the sum of all deals, and the equity that plus what floats, to the cent."""
    venue = opened(balance)
    for act in acts:
        act(venue)
        standing = venue.positions()

        assert cents(sum(d.money for d in venue.deals)) == venue.balance
        assert cents(venue.balance + sum(p.profit + p.swap for p in standing)) == venue.equity()
        assert (venue.margin() == 0.0) == (standing == ())


@given(days)
def test_everything_is_told_once_and_in_order(acts: list[Act]) -> None:
    """News are all deals in order of ticket, each once, and each resting order ends at most once."""
    venue = opened()
    told = venue.news()
    for act in acts:
        act(venue)
        told += venue.news()
    made = [fact.deal for fact in told if isinstance(fact, DealMade)]
    gone = [fact.order for fact in told if isinstance(fact, OrderGone)]

    assert made == venue.deals
    assert sorted({d.ticket for d in made}) == [d.ticket for d in made]
    assert len(set(gone)) == len(gone)
    assert not {o.ticket for o in venue.orders()} & set(gone)
    assert sorted(fact.at for fact in told) == [fact.at for fact in told]


@given(days)
def test_volumes_in_and_out_balance_for_every_position(acts: list[Act]) -> None:
    """What came in and did not go out is what stands open, position by position."""
    venue = opened()
    for act in acts:
        act(venue)
    left: dict[int, float] = {}
    for d in venue.deals[1:]:
        left[d.position] = left.get(d.position, 0.0) + (d.volume if d.entry == "in" else -d.volume)

    assert {p.ticket: p.volume for p in venue.positions()} == {
        ticket: round(volume, 2) for ticket, volume in left.items() if abs(volume) > 1e-9
    }


@given(days, days)
def test_a_restored_venue_behaves_as_if_nothing_had_been(before: list[Act], after: list[Act]) -> None:
    """A venue written down and read back anywhere makes the same deals and news as the one that went on."""
    venue = opened()
    for act in before:
        act(venue)
    restored = Venue.restore(venue.snapshot())
    for act in after:
        act(venue)
        act(restored)

    assert venue.deals == restored.deals
    assert venue.snapshot() == restored.snapshot()
    assert venue.news() == restored.news()


@given(days, st.integers(1, 3))
def test_a_venue_that_keeps_few_deals_goes_on_like_one_that_keeps_all(acts: list[Act], kept: int) -> None:
    """Deals that are let go of have moved the money and were told: nothing else hangs on them."""
    whole, brief = opened(), opened()
    for act in acts:
        act(whole)
        act(brief)
        brief.keep(kept)

    assert whole.deals[-kept:] == brief.deals
    assert whole.news() == brief.news()
    assert (whole.account(), whole.positions(), whole.orders()) == (brief.account(), brief.positions(), brief.orders())


@given(st.booleans(), distances, distances, st.integers(0, 100))
def test_where_both_were_reached_it_is_always_the_stop(long: bool, stop: int, target: int, part: int) -> None:  # noqa: FBT001
    """A bar that spans both levels never pays the target."""
    venue = opened()
    side = 1 if long else -1
    _ask(1, "XAUUSD", "market", side, 0, min(stop, 149), min(target, 149), 10)(venue)
    _move("XAUUSD", 0, 300, 300, part, 1, 5)(venue)

    assert ["stop"] == [d.reason for d in venue.deals if d.entry == "out"]
    assert 1 == venue.ambiguous
