"""The return of an account into which money is paid and from which it is taken: time-weighted.

Between two flows an account grows by what it is worth at the end over what it was worth at the beginning; the growths
are multiplied (TWR, as the GIPS standards ask for it). Where nobody knows what the account was worth just before a
flow, the stretch around it is estimated by the modified Dietz method: what was made, over the money that was there on
the average, each flow weighted by the share of the stretch for which it was there.
"""

from collections.abc import Iterable, Sequence

import msgspec

from market.money import cents


class Worth(msgspec.Struct, frozen=True):
    """What an account was worth at a moment: balance and open profit, account money; UTC milliseconds."""

    at: int
    money: float


class Flow(msgspec.Struct, frozen=True):
    """Money that was paid in, or taken out where it is negative."""

    at: int
    money: float
    before: float | None = None
    """What the account was worth just before; None: nobody knows."""


class Growth(msgspec.Struct, frozen=True):
    """By what an account has grown."""

    factor: float | None
    """1.0: by nothing. None: it cannot be said, because there was no money from which to grow."""
    estimated: int = 0
    """Flows around which it was estimated."""

    @property
    def share(self) -> float | None:
        """The return, as a share."""
        return None if self.factor is None else self.factor - 1.0


def growth(began: Worth, flows: Sequence[Flow], ended: Worth) -> Growth:
    """Return how an account grew from one moment to another, with the flows between, in the order of their times."""
    factor: float | None = 1.0
    unknown: list[Flow] = []
    estimated = 0
    for flow in (*flows, Flow(ended.at, 0.0, ended.money)):
        if flow.before is None:
            unknown.append(flow)
            estimated += 1
            continue
        factor = _times(factor, _stretch(began, unknown, Worth(flow.at, flow.before)))
        began, unknown = Worth(flow.at, cents(flow.before + flow.money)), []
    return Growth(factor, estimated)


def chained(growths: Iterable[Growth]) -> Growth:
    """Return the growth of stretches that follow each other."""
    factor: float | None = 1.0
    estimated = 0
    for one in growths:
        factor, estimated = _times(factor, one.factor), estimated + one.estimated
    return Growth(factor, estimated)


def _stretch(began: Worth, flows: Sequence[Flow], ended: Worth) -> float | None:
    """Return the growth of a stretch at both ends of which the worth is known; by modified Dietz with flows within."""
    made, there = ended.money - began.money, began.money
    for flow in flows:
        made -= flow.money
        there += flow.money * _left(began.at, flow.at, ended.at)
    made = cents(made)
    if made == 0.0:
        return 1.0
    return 1.0 + made / there if there > 0.0 else None


def _left(began: int, at: int, ended: int) -> float:
    return (ended - at) / (ended - began) if ended > began else 0.0


def _times(a: float | None, b: float | None) -> float | None:
    """Return the growth of a stretch and the one after it; nothing grows from an account that has lost all and more."""
    return None if a is None or b is None or (a <= 0.0 and b != 1.0) else a * b
