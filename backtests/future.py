"""Whether anything an account decides knows what comes later: it plays bars that are cut off, and others spoilt.

What was decided up to a moment may depend on nothing after it. So the account is played over its bars twice as they
are, and for several moments twice more: with nothing after the moment, and with wild bars after it. Every field of
every decision up to the moment has to be the same each time, whether it was traded or not. What this cannot see is
what comes from elsewhere: what is read while it plays is therefore named (`backtests/ear.py`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from backtests.backtest import run_backtest
from backtests.ear import EAR
from backtests.recorded import within_of
from config.account import AccountConfig
from config.errors import DataError
from market.bars import Bars, made_bars
from market.types import Bar
from regimes.bundle import RegimeModel
from runtime.core.core import Core
from runtime.core.decision import Decision
from runtime.core.feeds import FeedKey

Tapes = Mapping[FeedKey, Bars]

BARS = 1000
"""Bars that are played, where nothing else is said."""
CUTS = 16
WILD = 30
"""Bars that follow a moment, spoilt."""
SAME = "the same"
HIGHER, LOWER = 3.0, 0.5
"""What prices of spoilt bars are multiplied by, by turns."""


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that is another one when the future is."""

    at: int
    """From when on the future was another, UTC ms."""
    future: str
    """cut off or spoilt; the same: it decides otherwise when it is played again, and nothing else can be said of it."""
    strategy: str
    bar_time: int
    """Of the bar decided on, which closed by then."""
    field: str
    """Of the decision; empty where the decision is not there at all."""
    was: str
    became: str


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and what was found."""

    ok: bool
    decisions: int
    """That were compared, all moments together."""
    moments: list[int]
    leaks: list[Leak]
    """Of each moment, future and strategy the first."""
    opened: list[str]
    """What was read while it played: what stands there may know the future, and this cannot see it."""


def look(
    config: AccountConfig,
    models: Mapping[str, RegimeModel],
    tapes: Tapes,
    *,
    bars: int = BARS,
    cuts: int = CUTS,
    prepare: Callable[[Core, Tapes], None] = lambda _core, _tapes: None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Looked:
    """Play an account over `bars` bars, and hold what it decides against what it decides of other futures.

    DataError where there are too few bars for so many moments.
    """

    def decided(known: Tapes) -> list[Decision]:
        drive, _ = run_backtest(
            config, bars=bars, shadows=False, models=dict(models), recorded=known,
            prepare=lambda core: prepare(core, known),
        )  # fmt: skip
        return list(drive.decisions)

    within_of(config, tapes)  # remembered from here on: what tells the ways of bars is no file of a strategy's
    with EAR.listening() as opened:
        with EAR.following():
            whole = decided(tapes)
        moments = moments_of(whole, cuts)
        leaks, compared = [*leaks_of(whole, decided(tapes), whole[-1].at, SAME)], len(whole)
        for number, at in enumerate(moments if not leaks else ()):
            before = [d for d in whole if d.at <= at]
            for future, known in (("cut off", cut(tapes, at)), ("spoilt", spoilt(tapes, at))):
                leaks += leaks_of(before, [d for d in decided(known) if d.at <= at], at, future)
                compared += len(before)
            progress(number + 1, len(moments))
    return Looked(ok=not leaks, decisions=compared, moments=moments, leaks=leaks, opened=sorted(set(opened)))


def moments_of(decisions: Sequence[Decision], cuts: int) -> list[int]:
    """Return as many moments of decisions, evenly apart and the last one near the end."""
    times = sorted({d.at for d in decisions})
    if len(times) <= 2 * cuts:
        raise DataError(f"{len(times)} bars are decided on, which are too few to look at {cuts} moments of")
    return [times[len(times) * (number + 1) // (cuts + 1)] for number in range(cuts)]


def cut(tapes: Tapes, at: int) -> dict[FeedKey, Bars]:
    """Return the bars that have closed by a moment; of one that is open then, what its first tick told."""
    return {
        key: made_bars(*key, (_first(bar, at, tape.frame) for bar in tape.between(0, at + 1)))
        for key, tape in tapes.items()
    }


def _first(bar: Bar, at: int, frame: int) -> Bar:
    if bar.time + frame <= at:
        return bar
    return msgspec.structs.replace(bar, high=bar.open, low=bar.open, close=bar.open)


def spoilt(tapes: Tapes, at: int) -> dict[FeedKey, Bars]:
    """Return the bars that have closed by a moment, then some wild ones; of one that is open then, the open stays."""
    found = {}
    for key, tape in tapes.items():
        some = tape.part(0, len(tape.between(0, at)) + WILD)
        found[key] = made_bars(*key, (_wild(bar, place, at, tape.frame) for place, bar in enumerate(some)))
    return found


def _wild(bar: Bar, place: int, at: int, frame: int) -> Bar:
    if bar.time + frame <= at:
        return bar
    by = HIGHER if place % 2 else LOWER
    opened = bar.open * by if bar.time > at else bar.open
    prices = (opened, bar.high * by, bar.low * by, bar.close * by)
    return msgspec.structs.replace(
        bar, open=opened, high=max(prices), low=min(prices), close=bar.close * by, volume=bar.volume * 7.0
    )


def leaks_of(before: Sequence[Decision], after: Sequence[Decision], at: int, future: str) -> Iterator[Leak]:
    """Yield the first difference of each strategy."""
    for strategy in dict.fromkeys(d.strategy for d in before):
        mine, others = ([d for d in some if d.strategy == strategy] for some in (before, after))
        for place, decision in enumerate(mine):
            other = others[place] if place < len(others) else None
            if told := _difference(decision, other):
                field, was, became = told
                yield Leak(
                    at=at, future=future, strategy=strategy, bar_time=decision.bar_time, field=field, was=was,
                    became=became,
                )  # fmt: skip
                break


def _difference(one: Decision, other: Decision | None) -> tuple[str, str, str] | None:
    """Return the first field that differs, and how; numbers that nobody knows are equal."""
    if other is None:
        return "", "decided", "not decided"
    for name in one.__struct_fields__:
        was, became = getattr(one, name), getattr(other, name)
        if was != became and msgspec.msgpack.encode(was) != msgspec.msgpack.encode(became):
            return name, str(was), str(became)
    return None
