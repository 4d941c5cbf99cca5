"""What becomes of an open trade when its strategy's gate shuts: the policies a configuration may name, as numbers.

Pure arithmetic on a trade's stop and volume. When a policy is asked, and how its answer is carried out, belongs to the
core. None of them opens anything or takes protection away: a stop is never widened, lots are only closed.
"""

from typing import Literal, assert_never

import msgspec

from market.kernel import Params, kernel
from market.money import lots_down, to_grid

Word = Literal["keep", "breakeven", "tighten", "reduce"]
"""Policies that need no number, or have a usual one."""

KEEP, BREAKEVEN, TIGHTEN, REDUCE, CLOSE_AFTER = 0.0, 1.0, 2.0, 3.0, 4.0

# Parameters, flat: the policy, and its number.
POLICY, AMOUNT = 0, 1

HALF = 0.5
_SLACK = 0.001  # of a point: what a distance may lose when prices are binary floats
_DUST = 1e-9  # lots, likewise


class OnShut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy with its number; exactly one is named."""

    tighten: float | None = None
    """The stop moves to this share of its distance from the price, in (0, 1)."""
    reduce: float | None = None
    """This share of the lots is closed, in (0, 1): rounded down to a volume step, nothing where that is below the
    smallest lot, all where the rest would be."""
    close_after: int | None = None
    """The trade is closed at the close of the n-th bar of its strategy in a row on which the gate is shut, from 1."""

    def __post_init__(self) -> None:
        """Refuse none, several, and numbers that cannot be meant."""
        given = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"on_shut: name one of tighten, reduce and close_after, got {' and '.join(given) or 'none'}"
            )
        for name, part in (("tighten", self.tighten), ("reduce", self.reduce)):
            if part is not None and not 0.0 < part < 1.0:
                raise ValueError(f"on_shut: need 0 < {name} < 1, got {part:g}")
        if self.close_after is not None and self.close_after < 1:
            raise ValueError(f"on_shut: need close_after >= 1, got {self.close_after}")


def flat_policy(policy: Word | OnShut) -> tuple[float, float]:
    """Return a policy as the kernels read it; `tighten` and `reduce` as bare words mean one half."""
    if isinstance(policy, OnShut):
        if policy.tighten is not None:
            return TIGHTEN, policy.tighten
        if policy.reduce is not None:
            return REDUCE, policy.reduce
        return CLOSE_AFTER, float(policy.close_after or 1)
    match policy:
        case "keep":
            return KEEP, 0.0
        case "breakeven":
            return BREAKEVEN, 0.0
        case "tighten":
            return TIGHTEN, HALF
        case "reduce":
            return REDUCE, HALF
        case _:
            assert_never(policy)


@kernel
def shut_stop(
    p: Params, side: float, entry: float, stop: float, quote: float, level: float, scale: float, tick: float
) -> float:
    """Return the stop that a policy wants for an open trade: `stop` as it is, or a tighter one that the venue may take.

    quote: the price the trade would leave at now; level: points a stop must keep from it; scale: 10**digits; tick: the
    tick size in points. Where the price does not allow the stop wanted, nothing changes: it may on a later bar. A trade
    without a stop (0.0) is in somebody's hands, and is left there.
    """
    wanted = stop
    if p[POLICY] == BREAKEVEN:
        wanted = to_grid(entry, scale, tick)
    elif p[POLICY] == TIGHTEN:
        wanted = to_grid(quote - (quote - stop) * p[AMOUNT], scale, tick)
    room = (quote - wanted) * side * scale
    if stop > 0.0 and (wanted - stop) * side > 0.0 and room > 0.0 and room >= level - _SLACK:
        return wanted
    return stop


@kernel
def shut_lots(p: Params, bars: float, volume: float, step: float, low: float) -> float:
    """Return the lots that a policy wants closed of an open trade, its gate being shut for so many bars; 0.0: none.

    step, low: volume step and smallest lot. A part is rounded down to a step; below the smallest lot it is nothing,
    and where less than that would be left it is all.
    """
    if p[POLICY] == CLOSE_AFTER:
        if bars >= p[AMOUNT]:
            return volume
        return 0.0
    if p[POLICY] != REDUCE:
        return 0.0
    part = lots_down(volume * p[AMOUNT], step)
    if part < low - _DUST:
        return 0.0
    if volume - part < low - _DUST:
        return volume
    return part
