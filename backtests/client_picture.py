"""The picture of what an account was worth, as numbers that are drawn in HTML and in PDF alike."""

import math

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from backtests.words import whole
from runtime.clients.month import ClientMonth
from runtime.clients.months import date_at
from runtime.clients.returns import Worth

WIDTH, HEIGHT = 1060.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 84.0, 10.0, 12.0, 30.0
MOST = 700
"""Points of the line: more than can be seen."""
INK, MUTED, LINE, GRID, FLOW = "#1f2933", "#6b7785", "#1464a5", "#e2e7ec", "#b8860b"


class Mark(NamedTuple):
    """A word at a place: of an axis, or of money that was paid in or taken out."""

    at: float
    text: str


class Picture(NamedTuple):
    """Places within a frame of WIDTH by HEIGHT, from its upper left corner."""

    line: tuple[tuple[float, float], ...]
    heights: tuple[Mark, ...]
    days: tuple[Mark, ...]
    flows: tuple[Mark, ...]


def picture_of(month: ClientMonth) -> Picture | None:
    """Return the picture of a month; None where there are too few points for a line."""
    points = thinned(month.points)
    if len(points) < 2 or points[-1].at <= points[0].at:
        return None
    low, high, step = _scale([p.money for p in points])
    first, last = points[0].at, points[-1].at

    def x(at: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - first) / (last - first)

    def y(money: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (money - low) / (high - low)

    ticks = range(round((high - low) / step) + 1)
    zone = month.client.zone
    starts = [day.began for day in month.days]
    every = max(1, math.ceil(len(starts) / 10))
    return Picture(
        line=tuple((x(p.at), y(p.money)) for p in points),
        heights=tuple(Mark(y(low + n * step), f"{low + n * step:,.{0 if step >= 1 else 2}f}") for n in ticks),
        days=tuple(Mark(x(at), str(date_at(zone, at).day)) for at in starts[::every]),
        flows=tuple(Mark(x(b.at), whole(b.money)) for b in month.bookings if b.flows),
    )


def thinned(points: Sequence[Worth]) -> list[Worth]:
    """Return few enough points for a line: of each stretch its first, lowest and highest."""
    size = -(-3 * len(points) // MOST)
    if size <= 3:
        return list(points)
    found = [points[-1]]
    for start in range(0, len(points), size):
        part = points[start : start + size]
        found += [part[0], min(part, key=lambda p: p.money), max(part, key=lambda p: p.money)]
    return sorted(set(found), key=lambda p: p.at)


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Return round numbers below and above all values, and a round step between."""
    low, high = min(values), max(values)
    span = max(high - low, abs(high) * 0.001, 0.04)
    rough = span / 4.0
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(n * size for n in (1.0, 2.0, 5.0, 10.0) if n * size >= rough)
    bottom = math.floor(low / step) * step
    top = math.ceil(high / step) * step
    return bottom, top if top > bottom else bottom + step, step


def svg(p: Picture) -> str:
    """Return the picture as SVG, to stand in a page."""
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [
        f'<line x1="{LEFT:g}" x2="{right:g}" y1="{m.at:.1f}" y2="{m.at:.1f}" stroke="{GRID}"/>'
        f'<text x="{LEFT - 8:g}" y="{m.at + 4:.1f}" text-anchor="end">{escape(m.text)}</text>'
        for m in p.heights
    ]
    parts += [f'<text x="{m.at:.1f}" y="{bottom + 16:g}" text-anchor="middle">{escape(m.text)}</text>' for m in p.days]
    for mark in p.flows:
        end = "end" if mark.at > WIDTH - 120 else "start"
        shift = -5 if end == "end" else 5
        parts.append(
            f'<line x1="{mark.at:.1f}" x2="{mark.at:.1f}" y1="{TOP:g}" y2="{bottom:g}" stroke="{FLOW}" '
            f'stroke-dasharray="3 3"/>'
            f'<line x1="{mark.at - 9:.1f}" x2="{mark.at + 9:.1f}" y1="{bottom + 21:g}" y2="{bottom + 21:g}" '
            f'stroke="{FLOW}" stroke-width="3"/>'
            f'<text x="{mark.at + shift:.1f}" y="{TOP + 10:g}" text-anchor="{end}" fill="{FLOW}">'
            f"{escape(mark.text)}</text>"
        )
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in p.line)
    parts.append(f'<polyline points="{way}" fill="none" stroke="{LINE}" stroke-width="1.8"/>')
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="100%" role="img" font-size="12" fill="{MUTED}" '
        f'aria-label="what the account was worth, day by day">{"".join(parts)}</svg>'
    )
