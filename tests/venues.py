"""Venues to test on: contracts, an account and requests, with numbers easy to reckon in the head."""

from typing import Any

from brokers.costs import Costs
from brokers.facts import Accepted, DealMade
from brokers.requests import CloseRequest, EntryRequest
from brokers.venue import Venue
from market.types import Deal, Symbol

DAY = 86_400_000
HOUR = 3_600_000
MONDAY = 1_704_067_200_000  # 2024-01-01 00:00

EURUSD = Symbol(
    name="EURUSD",
    digits=5,
    tick_size=0.00001,
    contract_size=100_000.0,
    volume_min=0.01,
    volume_max=50.0,
    volume_step=0.01,
    currency_base="EUR",
    currency_profit="USD",
    calc="forex",
    stops_level=10,
    swap_long=-7.0,
    swap_short=3.0,
)
USDJPY = Symbol(
    name="USDJPY",
    digits=3,
    tick_size=0.001,
    contract_size=100_000.0,
    volume_min=0.01,
    volume_max=50.0,
    volume_step=0.01,
    currency_base="USD",
    currency_profit="JPY",
    calc="forex",
    swap_long=6.0,
    swap_short=-17.0,
)
GOLD = Symbol(
    name="XAUUSD",
    digits=2,
    tick_size=0.01,
    contract_size=100.0,
    volume_min=0.01,
    volume_max=20.0,
    volume_step=0.01,
    currency_base="XAU",
    currency_profit="USD",
    swap_long=-60.0,
    swap_short=40.0,
)
SYMBOLS = {s.name: s for s in (EURUSD, USDJPY, GOLD)}


def a_venue(*, bid: float = 100.0, spread: float = 10.0, balance: float = 10_000.0, **costs: Any) -> Venue:  # noqa: ANN401
    """Return a venue whose gold is quoted at `bid` with `spread` points, as of Monday noon, and nothing told yet."""
    venue = Venue(
        SYMBOLS, {"XAUUSD": Costs(**costs)}, currency="USD", balance=balance, leverage=100, at=MONDAY + 12 * HOUR
    )
    venue.open_bar("XAUUSD", MONDAY + 12 * HOUR, bid, spread)
    venue.news()
    return venue


def entry(number: int = 1, **fields: Any) -> EntryRequest:  # noqa: ANN401
    """Return a request to buy a lot of gold at the market, five dollars above its stop; fields may be changed."""
    given: dict[str, Any] = {
        "id": number,
        "symbol": "XAUUSD",
        "side": 1,
        "kind": "market",
        "volume": 1.0,
        "price": 0.0,
        "stop": 95.0,
        "magic": 7,
        "decided_at": 0,
    }
    return EntryRequest(**(given | fields))


def close(position: int, number: int = 9, **fields: Any) -> CloseRequest:  # noqa: ANN401
    """Return a request to close a lot of a long gold position; fields may be changed."""
    given: dict[str, Any] = {
        "id": number,
        "symbol": "XAUUSD",
        "position": position,
        "side": 1,
        "volume": 1.0,
        "price": 0.0,
        "magic": 7,
        "decided_at": 0,
    }
    return CloseRequest(**(given | fields))


def sent(venue: Venue, request: EntryRequest | CloseRequest) -> Accepted:
    """Send a request that must be accepted."""
    answer = venue.send(request)

    assert isinstance(answer, Accepted), answer
    return answer


def bar(
    venue: Venue, at: int, o: float, h: float, low: float, c: float, spread: float = 10.0, symbol: str = "XAUUSD"
) -> list[Deal]:
    """Play a whole bar of an hour and return the deals it made."""
    venue.open_bar(symbol, at, o, spread)
    venue.play_bar(symbol, at + HOUR - 1, h, low, c)
    return deals(venue)


def deals(venue: Venue) -> list[Deal]:
    """Return the deals told since the last call."""
    return [fact.deal for fact in venue.news() if isinstance(fact, DealMade)]
