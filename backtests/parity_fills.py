"""Deals that were lived beside those made again: how much of a worse price the quote was, and how much slippage."""

import math

from collections.abc import Mapping, Sequence

import msgspec

from backtests.cost_calibration import asked_by
from market.types import Deal, DealEntry, Side
from runtime.core.decision import Decision


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """A deal and its twin; points are against us where positive, NaN where one of both is not there."""

    symbol: str
    side: Side
    entry: DealEntry
    at: int
    """When it was lived, UTC ms; 0: it was not."""
    at_again: int
    """0: it was not made again."""
    price: float
    price_again: float
    volume: float
    volume_again: float
    points: float
    """By which the lived price is worse."""
    quote: float
    """Of these, points by which the quote was worse when it was decided; NaN where no decision asked for the deal."""
    slippage: float
    """The rest; all of it where no decision asked for the deal."""
    latency_s: float
    """From the tick that was decided on to the deal, as it was lived."""


def fills_of(
    lived: Sequence[Deal], again: Sequence[Deal], decided: tuple[Sequence[Decision], Sequence[Decision]],
    scales: Mapping[str, float], within_ms: int,
) -> list[Fill]:  # fmt: skip
    """Return each deal with its twin: the same symbol, side and sort, nearest in time, at most so far apart."""
    left, found = list(again), []
    asked = [_asked(decisions) for decisions in decided]
    for deal in lived:
        twins = [d for d in left if (d.symbol, d.side, d.entry) == (deal.symbol, deal.side, deal.entry)]
        twin = min(twins, key=lambda d: abs(d.at - deal.at), default=None)
        if twin is not None and abs(twin.at - deal.at) <= within_ms:
            left.remove(twin)
        else:
            twin = None
        found.append(_fill(deal, twin, asked, scales))
    return found + [_fill(None, deal, asked, scales) for deal in left]


def _asked(decisions: Sequence[Decision]) -> dict[tuple[int, int], Decision]:
    """Return the last decision that asked for deals of a magic number on a side."""
    return {(d.magic, d.side): d for d in decisions if d.magic and d.instruction}


def _fill(
    deal: Deal | None, twin: Deal | None, asked: Sequence[Mapping[tuple[int, int], Decision]],
    scales: Mapping[str, float],
) -> Fill:  # fmt: skip
    one = deal or twin
    assert one is not None  # noqa: S101 - one of both is there
    mine = asked_by(deal, asked[0]) if deal else None
    theirs = asked_by(twin, asked[1]) if twin else None
    scale = scales[one.symbol] * one.side
    points = (deal.price - twin.price) * scale if deal and twin else math.nan
    quote = (_quoted(mine, one.side) - _quoted(theirs, one.side)) * scale if mine and theirs else math.nan
    return Fill(
        symbol=one.symbol, side=one.side, entry=one.entry, at=deal.at if deal else 0, at_again=twin.at if twin else 0,
        price=deal.price if deal else math.nan, price_again=twin.price if twin else math.nan,
        volume=deal.volume if deal else 0.0, volume_again=twin.volume if twin else 0.0,
        points=points, quote=quote, slippage=points - quote if quote == quote else points,
        latency_s=(deal.at - mine.at) / 1000.0 if deal and mine else math.nan,
    )  # fmt: skip


def _quoted(decision: Decision, side: int) -> float:
    return decision.ask if side > 0 else decision.bid
