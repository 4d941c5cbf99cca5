"""Whether a regime model may be believed on a user's own bars: nothing later leaks in, and it says what it means."""

import math
import random

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import msgspec
import numpy as np

from backtests.regime_calibration import calibrated
from backtests.regime_compiled import filtered_compiled
from backtests.regime_reading import Array, Read, bar_returns, new_born, read_regime
from backtests.train import content_hash
from backtests.words import day, fine_share, share
from config.errors import DataError
from market.bars import COLUMNS, WITHIN, Bars
from regimes.bundle import RegimeModel
from runtime.core.feeds import Feed, FeedSnapshot, feed_snapshot, restore_feed
from runtime.core.readings import ReadingSnapshot, RegimeReading, reading_snapshot, restore_reading

Reader = Callable[[RegimeModel, Bars], Read]
Differs = Callable[[RegimeModel, Bars, Array, int], bool]
"""Tells of a place at which the bars are cut whether anything comes out otherwise."""
Answer = Literal["yes", "NO", "-"]

POISONS = (float("nan"), 1e9)
AFTER = 100
"""Bars that follow a cut: poisoned ones, or those told after a restart."""
FEWEST = 100
SAME = 1e-9
LEAST_SHARE = 0.01
"""Of the bars, below which a state counts as never seen."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One question, its answer and what was found."""

    question: str
    answer: Answer
    detail: str


def check_regime(
    model: RegimeModel,
    bars: Bars,
    *,
    cuts: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    read: Reader = read_regime,
) -> list[Finding]:
    """Ask a model every question over its recorded bars; `read` is what is asked, the daemon's way by default.

    DataError where the bars are fewer than `FEWEST`.
    """
    if len(bars) < FEWEST:
        raise DataError(f"{bars.symbol}: {len(bars)} bars are too few to check a model: at least {FEWEST} are needed")
    whole = read(model, bars)
    places = sorted(random.Random(seed).choices(range(FEWEST // 2, len(bars)), k=cuts))  # noqa: S311 - no secret
    return [
        *_nothing_later(read, model, bars, whole, places, progress),
        _compiled_too(model, whole),
        _in_order(model, whole),
        _all_seen(model, whole),
        _as_trained(model, bars),
        *_calibrated(model, bars),
    ]


def _calibrated(model: RegimeModel, bars: Bars) -> Iterator[Finding]:
    """Say of the bars learnt from, and of those after them, whether they fall where they were predicted."""
    for name, found in zip(("calibrated learnt", "calibrated later"), calibrated(model, bars), strict=True):
        yield Finding(question=name, answer=found.answer, detail=found.detail)


def _nothing_later(
    read: Reader,
    model: RegimeModel,
    bars: Bars,
    whole: Read,
    places: list[int],
    progress: Callable[[int, int], None],
) -> Iterator[Finding]:
    """Cut the bars at every place, three times: nothing follows, poison follows, a restart follows."""
    asked: dict[str, tuple[Differs, str]] = {
        "prefix": (partial(_prefix, read), "what is said of a bar is the same to the bit where nothing follows it"),
        "poison": (partial(_poisoned, read), "bars of NaN and of 1e9 that follow change nothing before them"),
        "resume": (_resumed, "a restart from a snapshot changes nothing after it"),
    }
    told = _bits(whole)
    for turn, (name, (differs, meaning)) in enumerate(asked.items()):
        wrong = []
        for done, place in enumerate(places, 1):
            if differs(model, bars, told, place):
                wrong.append(place)
            progress(turn * len(places) + done, len(asked) * len(places))
        verdict = f"{len(wrong)} of {len(places)} cuts differ"
        first = f", the first at {day(bars.time[wrong[0]])}" if wrong else ""
        yield Finding(question=name, answer="NO" if wrong else "yes", detail=f"{meaning}: {verdict}{first}")


def _bits(read: Read) -> Array:
    """Return what is compared, a row a bar."""
    return np.column_stack((read.posteriors, read.log_densities))


def _prefix(read: Reader, model: RegimeModel, bars: Bars, told: Array, place: int) -> bool:
    return _bits(read(model, bars.part(0, place))).tobytes() != told[:place].tobytes()


def _poisoned(read: Reader, model: RegimeModel, bars: Bars, told: Array, place: int) -> bool:
    sick = bars.part(0, place + AFTER)
    for name in (*COLUMNS[1:], *WITHIN):
        column = getattr(sick, name)
        for i in range(place, len(column)):
            column[i] = POISONS[i % len(POISONS)]
    return _bits(read(model, sick))[:place].tobytes() != told[:place].tobytes()


def _resumed(model: RegimeModel, bars: Bars, told: Array, place: int) -> bool:
    """Fold up to the cut, write the snapshot as the journal does, and go on from it in a new-born reading."""
    feed, reading = new_born(model, bars)
    _fold(feed, reading, bars.part(0, place))
    kept = msgspec.msgpack.encode((feed_snapshot(feed), reading_snapshot(reading)))
    feed_then, reading_then = msgspec.msgpack.decode(kept, type=tuple[FeedSnapshot, ReadingSnapshot])
    feed, reading = new_born(model, bars)
    restore_feed(feed, feed_then)
    restore_reading(reading, reading_then)
    later = _fold(feed, reading, bars.part(place, place + AFTER))
    return np.array(later).tobytes() != told[place : place + AFTER].tobytes()


def _fold(feed: Feed, reading: RegimeReading, bars: Bars) -> list[tuple[float, ...]]:
    rows = []
    for bar in bars:
        feed.fold(bar)
        reading.fold()
        rows.append((*reading.posterior, reading.log_density))
    return rows


def _compiled_too(model: RegimeModel, whole: Read) -> Finding:
    """Hold the daemon's fold, bar by bar, against the compiled loop over all rows at once."""
    posteriors, densities = filtered_compiled(model.weights, whole.rows)
    apart = (np.column_stack((posteriors, densities)).view(np.int64) != _bits(whole).view(np.int64)).any(axis=1)
    apart &= ~(np.isnan(densities) & np.isnan(whole.log_densities) & (posteriors == whole.posteriors).all(axis=1))
    detail = "the daemon's fold is the compiled batch, to the bit"
    return Finding(
        question="live is batch", answer="NO" if apart.any() else "yes",
        detail=f"{detail}: {int(apart.sum())} of {len(apart)} bars differ",
    )  # fmt: skip


def _in_order(model: RegimeModel, whole: Read) -> Finding:
    """Hold the order of the states' volatilities here against that of training: it is what an ordinal means."""
    here = [_volatility(whole, state) for state in range(model.states)]
    then = [profile.volatility for profile in model.profiles]
    same = bool((np.argsort(here) == np.argsort(then)).all())
    both = "; ".join(
        f"{k}: {fine_share(a)} (trained {fine_share(b)})" for k, (a, b) in enumerate(zip(here, then, strict=True))
    )
    return Finding(
        question="order of states", answer="yes" if same else "NO",
        detail=f"volatilities a bar stand in the order of training: {both}",
    )  # fmt: skip


def _volatility(read: Read, state: int) -> float:
    """Return the standard deviation of the log return, each bar weighted by the state's posterior."""
    returns = bar_returns(read.closes)
    known = read.warm & np.isfinite(returns)
    weight, moves = read.posteriors[known, state], returns[known]
    mean = (weight * moves).sum() / weight.sum()
    return math.sqrt((weight * (moves - mean) ** 2).sum() / weight.sum())


def _all_seen(model: RegimeModel, whole: Read) -> Finding:
    shares = whole.posteriors[whole.warm].mean(axis=0).tolist()
    told = ", ".join(f"{k}: {share(s)}" for k, s in enumerate(shares))
    return Finding(
        question="states are seen", answer="yes" if min(shares) >= LEAST_SHARE else "NO",
        detail=f"each of {model.states} states has {share(LEAST_SHARE, 0)} of the bars or more: {told}",
    )  # fmt: skip


def _as_trained(model: RegimeModel, bars: Bars) -> Finding:
    """Compute the printed profiles again from the bars that the model says it has learnt from."""
    learnt = bars.between(model.data.first, model.data.last + 1)
    question = "profiles"
    if content_hash(learnt, model.features) != model.data.hash:
        detail = "the bars it learnt from are not among these, or have changed: nothing to hold the profiles against"
        return Finding(question=question, answer="-", detail=detail)
    read = read_regime(model, learnt)
    used = np.isfinite(read.rows).all(axis=1) & np.isfinite(bar_returns(read.closes))
    apart = max(
        max(
            abs(_volatility(read, p.state) / p.volatility - 1.0),
            abs(read.posteriors[used, p.state].mean() - p.occupancy),
        )
        for p in model.profiles
    )
    return Finding(
        question=question, answer="yes" if apart < SAME else "NO",
        detail=f"volatility and occupancy in training come out again as they are printed: apart by {apart:.1e} at most",
    )  # fmt: skip
