"""Decisions as columns: what a summary and a report ask of all of them, whichever drive has made them.

There are two of these: over decisions that are words already, and over the columns of a compiled drive. Whoever counts
goes through their parts, so that no more than one lies in memory at a time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from numpy.typing import NDArray

from backtests.scratch import parts_of
from runtime.core.decision import OUTCOMES, Decision
from runtime.outcomes.kept_out import GATE_OF

Array = NDArray[Any]
PLACES: dict[str, int] = {name: place for place, name in enumerate(OUTCOMES)}
GATES = {**GATE_OF, "observed": "mode observe", "missed": "away"}
"""What keeps an entry out, by the class of the decision, in the order in which they are told."""
Why = tuple[str, str]
"""The gate that kept an entry out, and its reason."""


class Part(NamedTuple):
    """Some decisions in the order in which they were made, (n,) each."""

    at: Array
    bar_time: Array
    """UTC milliseconds both."""
    strategy: Array
    symbol: Array
    """Places among the names."""
    outcome: Array
    """Place in `runtime.core.decision.OUTCOMES`."""
    regime: Array
    bid: Array
    ask: Array
    why: Array
    """Place in `whys` of what kept an entry out that was wanted; -1: nothing did."""


class Entries(NamedTuple):
    """The decisions that were traded, (n,) each, in order."""

    symbol: Array
    """Places among the names."""
    magic: Array
    price: Array
    stop: Array
    target: Array
    spread: Array
    """Ask minus bid, in price."""


class Decided(Protocol):
    """Decisions as columns."""

    strategies: Sequence[str]
    symbols: Sequence[str]
    whys: list[Why]
    """Grows with the parts that are asked for."""
    models: dict[str, str]
    """Fingerprint of the regime model of each strategy that has one, as of its last decision."""

    def __len__(self) -> int:
        """Return how many decisions there are."""
        ...

    @property
    def since(self) -> int:
        """When the earliest bar opened that was decided on, UTC milliseconds; 0: none was."""
        ...

    def part(self, begin: int, end: int) -> Part:
        """Return the decisions from one place to another."""
        ...

    def entries(self) -> Entries:
        """Return those that were traded."""
        ...


def parts(decided: Decided) -> Iterator[Part]:
    """Yield all decisions, part after part."""
    for begin, end in parts_of(len(decided)):
        yield decided.part(begin, end)


def place_of(names: Sequence[str], name: str) -> int:
    """Return the place of a name; -1 where it is not among them."""
    return names.index(name) if name in names else -1


def classes_of(decided: Decided) -> Counter[tuple[str, str]]:
    """Return how many decisions of each strategy are of each class."""
    many = len(OUTCOMES)
    total = np.zeros(max(1, len(decided.strategies)) * many, np.int64)
    for part in parts(decided):
        total += np.bincount(part.strategy.astype(np.int64) * many + part.outcome, minlength=len(total))
    names = [(strategy, outcome) for strategy in decided.strategies for outcome in OUTCOMES]
    return Counter({key: int(count) for key, count in zip(names, total, strict=False) if count})


def decided_of(decisions: Sequence[Decision]) -> Decided:
    """Return decisions as columns: those of the drive where it has written some, else made of the words."""
    found: Decided | None = getattr(decisions, "decided", None)
    return Worded(decisions) if found is None else found


class Worded:
    """Columns made of decisions that are words already."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        """Take the decisions, in order."""
        self.decisions = decisions
        self.strategies: Sequence[str] = list(dict.fromkeys(d.strategy for d in decisions))
        self.symbols: Sequence[str] = list(dict.fromkeys(d.symbol for d in decisions))
        self.models = {d.strategy: d.model for d in decisions if d.model}
        self.whys: list[Why] = []

    def __len__(self) -> int:
        return len(self.decisions)

    @property
    def since(self) -> int:
        """When the earliest bar opened that was decided on; 0: none was."""
        return min((d.bar_time for d in self.decisions), default=0)

    def part(self, begin: int, end: int) -> Part:
        """Return the decisions from one place to another."""
        return Part(*(column[begin:end] for column in self._whole))

    @cached_property
    def _whole(self) -> Part:
        rows = self.decisions
        strategies = {name: place for place, name in enumerate(self.strategies)}
        symbols = {name: place for place, name in enumerate(self.symbols)}
        found = [why_of(d) for d in rows]
        places = {why: place for place, why in enumerate(dict.fromkeys(why for why in found if why is not None))}
        self.whys.extend(places)
        return Part(
            at=np.array([d.at for d in rows], np.int64),
            bar_time=np.array([d.bar_time for d in rows], np.int64),
            strategy=np.array([strategies[d.strategy] for d in rows], np.int16),
            symbol=np.array([symbols[d.symbol] for d in rows], np.int16),
            outcome=np.array([PLACES[d.outcome] for d in rows], np.int8),
            regime=np.array([d.regime for d in rows], np.int16),
            bid=np.array([d.bid for d in rows], np.float64),
            ask=np.array([d.ask for d in rows], np.float64),
            why=np.array([-1 if why is None else places[why] for why in found], np.int32),
        )

    def entries(self) -> Entries:
        """Return those that were traded."""
        rows = [d for d in self.decisions if d.outcome == "traded"]
        symbols = {name: place for place, name in enumerate(self.symbols)}
        return Entries(
            symbol=np.array([symbols[d.symbol] for d in rows], np.int16),
            magic=np.array([d.magic for d in rows], np.int64),
            price=np.array([d.price for d in rows], np.float64),
            stop=np.array([d.stop for d in rows], np.float64),
            target=np.array([d.target for d in rows], np.float64),
            spread=np.array([d.ask - d.bid for d in rows], np.float64),
        )


def why_of(decision: Decision) -> Why | None:
    """Return gate and reason of an entry that was wanted and refused; None for any other decision."""
    gate = GATES.get(decision.outcome)
    if gate is None or decision.position or abs(decision.action) != 1.0:
        return None
    if gate == "regime":
        return gate, decision.gate_reason
    if gate == "hold":
        return gate, ", ".join(decision.holds)
    return gate, ", ".join(decision.reasons)
