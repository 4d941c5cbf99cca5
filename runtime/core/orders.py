"""The life of an order, as a table; a short reader walks it.

Rule 1: everything that may happen to an order of ours stands in `LIFE`. Rule 2: an illegal transition raises with the
order's story and changes nothing. `(MISSING, "filled")` and `(REFUSED, "filled")` are legal: a venue may deny or refuse
an order and fill it all the same; `(FILLED, "absent")`: it may say that it filled one of which no deal ever shows; and
`(CANCELLED, "part")`: the end of an order may be told before a deal that was made just before it.
"""

from typing import Literal

import msgspec

State = Literal[
    "NEW", "SENT", "WORKING", "PARTIAL", "FILLED", "REFUSED", "CANCELLED", "IN_DOUBT", "MISSING"
]  # fmt: skip
Verb = Literal["entry", "close", "stop", "cancel"]
Happening = Literal["sent", "placed", "part", "filled", "refused", "gone", "doubt", "absent"]

LIFE: dict[tuple[State, Happening], State] = {
    ("NEW", "sent"): "SENT",
    ("NEW", "refused"): "REFUSED",
    ("SENT", "placed"): "WORKING",
    ("SENT", "part"): "PARTIAL",
    ("SENT", "filled"): "FILLED",
    ("SENT", "refused"): "REFUSED",
    ("SENT", "doubt"): "IN_DOUBT",
    ("WORKING", "part"): "PARTIAL",
    ("WORKING", "filled"): "FILLED",
    ("WORKING", "gone"): "CANCELLED",
    ("WORKING", "doubt"): "IN_DOUBT",
    ("PARTIAL", "part"): "PARTIAL",
    ("PARTIAL", "filled"): "FILLED",
    ("PARTIAL", "gone"): "CANCELLED",
    ("PARTIAL", "doubt"): "IN_DOUBT",
    ("IN_DOUBT", "placed"): "WORKING",
    ("IN_DOUBT", "part"): "PARTIAL",
    ("IN_DOUBT", "filled"): "FILLED",
    ("IN_DOUBT", "refused"): "REFUSED",
    ("IN_DOUBT", "gone"): "CANCELLED",
    ("IN_DOUBT", "doubt"): "IN_DOUBT",
    ("IN_DOUBT", "absent"): "MISSING",
    ("MISSING", "placed"): "WORKING",
    ("MISSING", "part"): "PARTIAL",
    ("MISSING", "filled"): "FILLED",
    ("MISSING", "gone"): "CANCELLED",
    ("FILLED", "filled"): "FILLED",
    ("FILLED", "placed"): "FILLED",
    ("FILLED", "gone"): "FILLED",
    ("FILLED", "absent"): "MISSING",
    ("REFUSED", "part"): "PARTIAL",
    ("REFUSED", "filled"): "FILLED",
    ("CANCELLED", "part"): "CANCELLED",
    ("CANCELLED", "filled"): "FILLED",
}

OPEN: frozenset[State] = frozenset({"NEW", "SENT", "WORKING", "PARTIAL", "IN_DOUBT", "MISSING"})
"""States in which the strategy must not send another entry."""


class OrderRecord(msgspec.Struct, kw_only=True):
    """One request of ours to the venue, from intent to end."""

    id: int
    verb: Verb
    strategy: int
    symbol: str
    decision: int
    magic: int
    side: int
    volume: float
    price: float
    stop: float = 0.0
    target: float = 0.0
    kind: str = "market"
    plan: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Trail, breakeven, maximum bars and the intended risk in account money."""
    position: int = 0
    cancelling: int = 0
    """Instruction that is taking it back, 0: none."""
    stays: bool = False
    """The venue has refused to take it back: no flatten waits for that any more."""
    ticket: int = 0
    deal: int = 0
    state: State = "NEW"
    code: int = 0
    reason: str = ""
    unseen: bool = False
    """The venue said yes, and a look did not find what must have come of it."""
    story: list[str] = []

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.verb} {self.id} on {self.symbol}"


class IllegalTransitionError(RuntimeError):
    """Something happened to an order that cannot happen; carries the order's story."""

    def __init__(self, order: OrderRecord, happening: str) -> None:
        """Tell the story."""
        told = "; ".join(order.story)
        super().__init__(f"{order.name} is {order.state}: {happening!r} is impossible. Its story: {told}")


def walk(order: OrderRecord, happening: Happening, note: str = "") -> State:
    """Move an order along the table and write its story; raise and change nothing where the table has no row."""
    after = LIFE.get((order.state, happening))
    if after is None:
        raise IllegalTransitionError(order, happening)
    order.story.append(f"{order.state} -{happening}-> {after}{' (' + note + ')' if note else ''}")
    order.state = after
    return after
