"""A bar that is told anew: it is folded in as it is told now, and once more all that came after it.

Features, filters and longer bars are then to the bit what they would be had it been told so from the beginning. What
was decided stays decided: the states of strategies, exits and gates are memories of that.
"""

from collections.abc import Iterable

from market.types import Bar
from runtime.core.feeds import Feed
from runtime.core.made import MadeFeed
from runtime.core.readings import RegimeReading

Made = tuple[MadeFeed, RegimeReading]
"""A feed that is made of shorter bars, and what reads it."""


def fold(feed: Feed, readings: Iterable[RegimeReading], made: Iterable[Made], bar: Bar) -> None:
    """Fold one closed bar into features, into the regimes that read them, and into the longer bars it is a part of."""
    feed.fold(bar)
    for reading in readings:
        reading.fold()
    for longer, reading in made:
        for whole in longer.take(bar):
            longer.feed.fold(whole)
            reading.fold()


def fold_anew(feed: Feed, readings: list[RegimeReading], made: list[Made], bar: Bar) -> list[RegimeReading] | None:
    """Fold a bar in as it is told now; return the regimes of which something else is read by that.

    None: what came before the bar is remembered no more, and nothing has changed but the bars that are kept as they
    are. A bar that was not folded in at all, since it was none when it was told first, is folded in where it belongs.
    """
    feed.told_anew(bar)
    later = [known for known in feed.known if known.time > bar.time]
    back = len(later) + any(known.time == bar.time for known in feed.known)
    if not _reach(feed, readings, made, bar, back):
        return None
    every = [*readings, *(reading for _, reading in made)]
    before = [_said(reading) for reading in every]
    for longer, reading in made:
        reading.take_back(longer.over_with(back))
        longer.take_back(back)
    feed.take_back(back)
    for reading in readings:
        reading.take_back(back)
    for one in (bar, *later):
        fold(feed, readings, made, one)
    for reading, (*_, unlike) in zip(every, before, strict=True):
        reading.doubted = bool(reading.unlike and not unlike)
    return [reading for reading, said in zip(every, before, strict=True) if _said(reading) != said]


def _reach(feed: Feed, readings: list[RegimeReading], made: list[Made], bar: Bar, back: int) -> bool:
    """Say whether all of them remember what they were before so many bars, this one the first of them."""
    if not feed.known or bar.time < feed.known[0].time:
        return False
    remembered = min([len(feed.before), *(len(r.before) for r in readings), *(len(m.before) for m, _ in made)])
    if remembered < back:
        return False
    return all(m.over_with(back) <= min(len(m.feed.before), len(r.before)) for m, r in made)


def _said(reading: RegimeReading) -> tuple[int, tuple[float, ...], bool, str]:
    return reading.bars, reading.posterior, reading.novel, reading.unlike
