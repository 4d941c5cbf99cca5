"""The fee by the high-water mark: a share of what an account has gained beyond the most it was worth at a reckoning.

The mark begins as what the account was worth at first. Money paid in raises it, money taken out lowers it, by the same
amount: neither is a gain or a loss. At the end of each period the fee is `rate` of what the account is worth beyond the
mark and the hurdle, and the mark rises to that worth; it never falls but by money taken out. So a loss has to be made
good before there is a fee again, no gain is charged twice, and none below the hurdle is charged later. A fee that is
paid out of the account is money taken out like any other.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from market.money import cents
from market.types import DAY_MS
from runtime.clients.returns import Flow, Worth

Period = Literal["month", "quarter", "year"]
YEAR_MS = 365 * DAY_MS
"""The year by which a hurdle is reckoned."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What was agreed."""

    rate: float
    """Of each unit of money gained; 0.2 is 20 %."""
    hurdle: float = 0.0
    """What a year must bring before anything is charged, a share of the mark; each period has its part by days."""
    period: Period = "quarter"
    """After which a gain is reckoned and owed for good."""


class Fee(msgspec.Struct, frozen=True, kw_only=True):
    """One reckoning, account money."""

    at: int
    worth: float
    mark: float
    """With the money paid in and taken out since the reckoning before."""
    free: float
    """What the hurdle leaves free beyond the mark."""
    gain: float
    """What is charged: worth beyond mark and hurdle, 0.0 where there is none."""
    fee: float
    after: float
    """The mark from here on."""


def fees(
    began: Worth, flows: Iterable[Flow], reckoned: Sequence[Worth], terms: Terms,
    changes: Sequence[tuple[int, Terms]] = (),
) -> tuple[Fee, ...]:  # fmt: skip
    """Return the fee at each moment at which it is reckoned; flows and moments in the order of their times.

    A flow at the very moment of a reckoning belongs to the time after it, and so do the terms that begin then.
    changes: other terms, each from a moment on at which the ones before it are reckoned.
    """
    found: list[Fee] = []
    mark, since = began.money, began.at
    waiting = [flow for flow in flows if flow.at >= began.at]
    for worth in reckoned:
        within = [flow for flow in waiting if flow.at < worth.at]
        waiting = waiting[len(within) :]
        agreed = next((new for at, new in reversed(changes) if at < worth.at), terms)
        fee = _reckon(mark, since, within, worth, agreed)
        found.append(fee)
        mark, since = fee.after, worth.at
    return tuple(found)


def _reckon(mark: float, since: int, flows: Sequence[Flow], worth: Worth, terms: Terms) -> Fee:
    stood = 0.0
    for flow in flows:
        stood += max(mark, 0.0) * (flow.at - since)
        mark, since = cents(mark + flow.money), flow.at
    stood += max(mark, 0.0) * (worth.at - since)
    free = cents(terms.hurdle * stood / YEAR_MS)
    gain = cents(max(0.0, worth.money - mark - free))
    after = max(mark, worth.money)
    return Fee(
        at=worth.at, worth=worth.money, mark=mark, free=free, gain=gain, fee=cents(terms.rate * gain), after=after
    )
