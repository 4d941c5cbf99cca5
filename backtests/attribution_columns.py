"""Closed trades as columns: numbers as arrays, words by the number of their first place."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.blocks import BLOCKS
from market.types import DAY_MS, MINUTE_MS

Places = NDArray[np.intp]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]

COLUMNS = ("book", "closed", "net", "r", "strategy", "opened", "side", "unclear", "decision")
"""What is read of a trade."""


class Money(NamedTuple):
    """Closed trades, each array (n,)."""

    shadow: NDArray[np.bool_]
    day: Longs
    """The place in `blocks` of the day it was closed on."""
    net: Reals
    r: Reals
    """In multiples of the risk taken; NaN where that is unknown."""
    unclear: NDArray[np.bool_]
    """Whether its last bar reached stop and target, and it was counted as stopped for that."""
    group: Longs
    groups: list[str]
    """The names that `group` numbers."""
    whose: Longs
    owners: list[tuple[str, str]]
    """Account and strategy, which `whose` numbers."""
    decided: Longs
    """Of whom and its decision as one number: by what a trade is found again in another book; without one never."""
    who: Longs
    """Of whom, minute of opening and side as one number: likewise, where the other book does not know its decision."""
    beside: Longs
    """Bits of the shadow books that stood beside a live trade (`attribution_runs.py`)."""
    blocks: dict[str, Longs]
    """Of each day on which trades were closed, in order, the number of its block, by the name of such blocks."""


def money_of(
    columns: Sequence[Sequence[Any]], accounts: Sequence[str], group: Sequence[str], beside: Sequence[int]
) -> Money:  # fmt: skip
    """Return trades as columns, given those of COLUMNS.

    accounts: of each trade the account's name; group: of each the name of its group; beside: the books beside it.
    """
    book, closed, net, r, strategy, opened, side, unclear, decision = columns
    whose, owners = coded(zip(accounts, strategy, strict=True))
    numbers, groups = coded(group)
    days, day = np.unique(np.array(closed, dtype=np.int64) // DAY_MS, return_inverse=True)
    shadow = np.array([one != "live" for one in book], dtype=np.bool_)
    named = np.array([bool(one) for one in decision], dtype=np.bool_)
    minute = np.array(opened, dtype=np.int64) // MINUTE_MS
    return Money(
        shadow=shadow, day=day, net=np.array(net, dtype=np.float64), r=np.array(r, dtype=np.float64),
        unclear=np.array([bool(one) for one in unclear], dtype=np.bool_), group=numbers, groups=groups,
        whose=whose, owners=owners, decided=np.where(named, whose << 32 | coded(decision)[0], -1 - shadow),
        who=whose << 42 | minute << 2 | np.array(side, dtype=np.int64) + 1,
        beside=np.array(beside, dtype=np.int64),
        blocks={
            name: np.array([number(int(one) * DAY_MS) for one in days], dtype=np.int64)
            for name, number in BLOCKS.items()
        },
    )  # fmt: skip


def coded(words: Iterable[Any]) -> tuple[Longs, list[Any]]:
    """Return the number of each word, and the words that they number, in the order of their first places.

    >>> coded("abba")
    (array([0, 1, 1, 0]), ['a', 'b'])
    """
    numbers: defaultdict[Any, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    return np.fromiter(map(numbers.__getitem__, words), dtype=np.int64), list(numbers)


def places_of(numbers: Longs, of: int) -> list[Places]:
    """Return the places of each number below `of`, in order.

    >>> [places.tolist() for places in places_of(np.array([1, 0, 1]), 3)]
    [[1], [0, 2], []]
    """
    ordered = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers, minlength=of)).tolist()
    return [ordered[first:end] for first, end in zip([0, *ends], ends, strict=False)]
