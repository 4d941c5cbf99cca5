"""What an execution cost beside the price it was decided at: delay, spread and execution, each by one formula.

All in price, positive against us, and their sum is how far a fill is from the mid of the decision:

- delay = side * (mid at sending - mid at the decision): what the market did while the order was on its way;
- spread = (ask - bid) / 2 at sending: half of it is paid by whoever takes a price;
- execution = side * (fill - the ask at sending for a buy, the bid for a sale): what the venue made of it.

`side` is that of the deal. Where nobody told the quote at sending it is that of the decision, so that the delay is in
the execution. What rests (a limit or stop entry, a protective stop, a target) took no price: it waits for its own, and
all by which that is missed is execution.
"""

from typing import NamedTuple

Quote = tuple[float, float]
"""Bid and ask; zeros where nobody told them."""
UNTOLD: Quote = (0.0, 0.0)
_LEVELS = ("sl ", "tp ")


class Slip(NamedTuple):
    """What one execution cost, in price."""

    delay: float
    spread: float
    execution: float


def taken(side: int, fill: float, decided: Quote, sent: Quote) -> Slip:
    """Return what an execution at the market cost.

    >>> taken(1, 100.5, (100.0, 100.2), (100.1, 100.3))
    Slip(delay=0.1, spread=0.1, execution=0.2)
    """
    bid, ask = sent if sent[1] > 0.0 else decided
    delay = side * ((bid + ask) - (decided[0] + decided[1])) / 2.0
    return Slip(_clean(delay), _clean((ask - bid) / 2.0), _clean(side * (fill - (ask if side > 0 else bid))))


def waited(side: int, fill: float, level: float) -> Slip:
    """Return what an execution cost that waited for its own price.

    >>> waited(-1, 98.9, 99.0), waited(-1, 99.0, 99.0)
    (Slip(delay=0.0, spread=0.0, execution=0.1), Slip(delay=0.0, spread=0.0, execution=0.0))
    """
    return Slip(0.0, 0.0, _clean(side * (fill - level)))


def level_of(comment: str) -> float:
    """Return the level of the stop or target that a venue's comment names, like "sl 99.10"; 0.0 where it names none.

    >>> level_of("[sl 99.10]"), level_of("tp 101"), level_of("by hand")
    (99.1, 101.0, 0.0)
    """
    said = comment.strip("[]")
    try:
        return float(said[3:]) if said.startswith(_LEVELS) else 0.0
    except ValueError:
        return 0.0


def _clean(price: float) -> float:
    """Return a price without the dust of binary floats, and a zero without a sign."""
    return round(price, 10) + 0.0
