"""An outcome: what became of one trade wanted, realised at the venue or counterfactual in a shadow book."""

from typing import Literal

import msgspec

Book = Literal["live", "shadow"]
"""live: at the venue. shadow: the same strategy without a gate, in a book of its own, by the venue's model."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One closed trade; money in account currency, `r` in multiples of the risk taken."""

    book: Book
    decision: str
    strategy: str
    symbol: str
    side: int
    volume: float
    position: int
    opened: int
    closed: int
    entry_price: float
    exit_price: float
    profit: float
    commission: float
    swap: float
    fee: float
    net: float
    """profit + commission + swap + fee."""
    r: float
    """net over the intended loss at the stop; NaN if that is unknown."""
    mae: float
    """Largest adverse excursion against the entry over whole bars and the exit, in price, >= 0: a long by their bid,
    a short by their ask."""
    mfe: float
    """Largest favourable excursion, likewise."""
    bars: int
    exit_reason: str
    """stop, target, stop_out, rollover, variation, split; of a close of ours what it said, like "strategy" or "time
    stop"; person, another program, written off; expert: of ours, and the venue has lost what it said."""
    regime: int
    """Most likely regime at the entry's decision."""
    gate_open: bool
    model: str
    tag: str = ""
    """Who else had a hand in it: "manual", "adopted"; empty: nobody."""
    delay: float = 0.0
    """With `spread` and `execution`, what its executions cost that we decided, as `slippage.py` splits it: in price, by
    lots, entry and exit together; an exit that a person or the venue decided adds nothing."""
    spread: float = 0.0
    execution: float = 0.0
    gate: str = ""
    """Of a shadow book, the gate that it leaves out (`without.py`); empty: it is the live book."""
    unclear: bool = False
    """Of a shadow book: its last bar reached stop and target, and nothing told which came first; counted as stopped."""
    again: int = 0
    """How many of its strategy came before it in the same position: its entry was filled in parts, and left between
    them, or others keep a netting position open."""


def outcome_id(outcome: Outcome, run: int) -> str:
    """Return the key of an outcome: book, strategy, run and position; `.1` and so on where one of it came before.

    Of a shadow book without another gate than the regime's, the book is told with that gate.
    """
    again = f".{outcome.again}" if outcome.again else ""
    book = outcome.book if outcome.gate in {"", "regime"} else f"{outcome.book} {outcome.gate}"
    return f"{book}/{outcome.strategy}/{run}/{outcome.position}{again}"
