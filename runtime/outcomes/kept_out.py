"""What kept an entry out: which gates, and within each of them which checks, by what was decided on its bar."""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

Gate = Literal["regime", "hold", "risk", "all"]
"""regime: its regime gate. hold: windows, protections, the throttle, losses of a day and in all. risk: every check of
an entry's size and of what the account would carry. all: all of them."""


GATE_OF: dict[str, Gate] = {"vetoed_by_regime": "regime", "held": "hold", "refused_by_risk": "risk"}
"""The gate that a decision of each class met first."""
AND = " + "
NAMED = "WINDOW"
"""Holds whose subject is what was said in the configuration, not whom they hold."""


class Check(NamedTuple):
    """A check that said no; the regime gate is one by itself, without a name."""

    gate: Gate
    name: str

    def __str__(self) -> str:
        """Return what people call it."""
        return f"{self.gate} {self.name}".rstrip()


def books_of(*, gated: bool, held: bool, apart: bool) -> tuple[Gate, ...]:
    """Return what books are kept of a strategy: one without each of its gates, and one without all.

    One that has neither a regime gate (`gated`) nor anything that holds it (`held`) has none: without limits it is
    another account's. One whose regime reads other bars than its own (`apart`) has none in which that gate stays: it is
    told such a bar before its own, and a book that lives by its own bars would take an order back that was filled in
    them.
    """
    if not gated:
        return ("hold", "risk", "all") if held else ()
    if apart:
        return ("regime", "all")
    return ("regime", "hold", "risk", "all") if held else ("regime", "risk", "all")


def kept_out(class_: str, holds: Iterable[str], reasons: Iterable[str]) -> tuple[Check, ...]:
    """Return every check that said no to an entry, in the order of the gates; none where its class is another.

    >>> [str(check) for check in kept_out("held", ["THROTTLE:trend", "WINDOW:news"], ["spread"])]
    ['hold THROTTLE', 'hold WINDOW:news', 'risk spread']
    """
    if class_ not in GATE_OF:
        return ()
    regime = [Check("regime", "")] if class_ == "vetoed_by_regime" else []
    held = [Check("hold", name) for name in dict.fromkeys(map(_name_of, holds))]
    return (*regime, *held, *(Check("risk", name) for name in reasons))


def _name_of(hold: str) -> str:
    """Return what sort of hold it is, whomever it holds."""
    name = hold.partition(":")[0]
    return hold if name == NAMED else name


def said(checks: Sequence[Check]) -> str:
    """Return checks in words: those that said no together are told together."""
    return AND.join(map(str, checks))


def book_of(checks: Iterable[Check]) -> Gate:
    """Return which shadow book lets in what these checks keep out: that without their gate, or without all."""
    gates = {check.gate for check in checks}
    return gates.pop() if len(gates) == 1 else "all"


def once(gate: str, checks: Iterable[Check], kept: Collection[str]) -> bool:
    """Say whether a trade of the book without a gate is the one that counts of those that these checks kept out.

    kept: the books there are of its strategy; where none is without their gate alone, that without all counts.
    """
    book = book_of(checks)
    return gate == (book if book in kept else "all")
