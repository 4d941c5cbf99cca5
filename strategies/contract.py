"""The contract of a strategy, as questions that any strategy can be asked: built in, a user's, kernel or class.

A strategy that passes can be restarted in mid-trade, replayed bit for bit and believed in a backtest. None of this says
that it earns.
"""

import contextlib
import itertools
import math

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from market.features import FeatureSet
from market.kernel import KERNELS
from market.types import Bar
from strategies.adapter import Runner, runner_of
from strategies.contract_probes import looks_of, scribbled, strange_part
from strategies.harness import sample_bars, walk
from strategies.protocol import (
    EXIT,
    LIMIT,
    LONG,
    MARKET,
    NOTHING,
    SHORT,
    STOP_ENTRY,
    FlatWant,
    KernelStrategy,
    Strategy,
)
from strategies.window import WindowStrategy

SLACK = 64
"""Bytes by which a state may be larger in the second half of the bars than it ever was in the first."""


class Finding(msgspec.Struct, frozen=True):
    """The answer to one question of the contract."""

    name: str
    ok: bool
    detail: str
    """What was asked, or in which way it failed."""


class Subject(NamedTuple):
    """A strategy under question, what it looked like before its first run and what it wanted in that run."""

    strategy: Strategy
    bars: Sequence[Bar]
    born: dict[str, str]
    told: list[FlatWant]


def check(
    strategy: Strategy,
    bars: Sequence[Bar] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Finding]:
    """Ask every question over the bars (made-up ones, if none are given); a strategy that raises fails the question.

    `progress` is told how many questions of how many were asked.
    """
    bars = sample_bars() if bars is None else bars
    born = looks_of(strategy)
    try:
        told = list(walk(strategy, bars))
    except Exception as error:  # noqa: BLE001 - whatever a user's class raises
        return [Finding("runs", ok=False, detail=_story(error))]
    subject = Subject(strategy, bars, born, told)
    findings = [Finding("runs", ok=True, detail="Run over the bars.")]
    for question in QUESTIONS:
        progress(len(findings), len(QUESTIONS) + 1)
        findings.append(_asked(question, subject))
    return findings


def _asked(question: Callable[[Subject], str], subject: Subject) -> Finding:
    try:
        failure = question(subject)
    except Exception as error:  # noqa: BLE001 - likewise
        failure = _story(error)
    asked = (question.__doc__ or "").partition("\n")[0]
    return Finding(question.__name__, ok=not failure, detail=failure or asked)


def trades(subject: Subject) -> str:
    """Want at least one entry: on bars where none is wanted, the other answers prove little."""
    if any(want[0] in (LONG, SHORT) for want in subject.told):
        return ""
    return f"no entry wanted on {len(subject.told)} bars: give it bars on which it trades"


def stateless(subject: Subject) -> str:
    """Keep nothing on the instance or the class: all that is remembered is in the state, fresh for every run."""
    looks = looks_of(subject.strategy)
    changed = [name for name in {**subject.born, **looks} if subject.born.get(name) != looks.get(name)]
    if changed:
        return f"a run changed {', '.join(changed)}: keep it in the state"
    if len(subject.strategy.init()) > 0 and subject.strategy.init() is subject.strategy.init():
        return "init() returned the same object twice: build a fresh state"
    return ""


def deterministic(subject: Subject) -> str:
    """Want the same in a second run over the same bars."""
    return _difference(subject.told, walk(subject.strategy, subject.bars))


def prefix_invariant(subject: Subject) -> str:
    """Want the same where the bars end earlier."""
    for end in (len(subject.bars) // 3, 2 * len(subject.bars) // 3):
        failure = _difference(subject.told[:end], walk(subject.strategy, subject.bars[:end]))
        if failure:
            return failure
    return ""


def poison_proof(subject: Subject) -> str:
    """Want the same before a moment after which all prices are NaN or 1e9, and again afterwards without them."""
    end = len(subject.bars) // 2
    for price in (math.nan, 1e9):
        spoilt = [
            msgspec.structs.replace(b, open=price, high=price, low=price, close=price) for b in subject.bars[end:]
        ]
        stream = walk(subject.strategy, [*subject.bars[:end], *spoilt])
        failure = _difference(subject.told[:end], itertools.islice(stream, end))
        with contextlib.suppress(Exception):  # what it does with such prices is not the question
            deque(stream, maxlen=0)
        failure = failure or _difference(subject.told, walk(subject.strategy, subject.bars))
        if failure:
            return f"{failure} (later prices: {price})"
    return ""


def not_aliased(subject: Subject) -> str:
    """Leave the features as they are shown, and keep none of them: they are overwritten after every bar."""
    probe = scribbled(subject.strategy)
    failure = _difference(subject.told, walk(probe, subject.bars))
    if probe.changed:
        return "it changed the features it was shown: copy what you change"
    return f"it keeps what it was shown: {failure}" if failure else ""


def bounded_memory(subject: Subject) -> str:
    """Have a state that does not grow with the number of bars."""
    sizes: list[int] = []

    def measured(runner: Runner) -> Runner:
        sizes.append(len(msgspec.msgpack.encode(runner.state)))
        return runner

    deque(walk(subject.strategy, subject.bars, measured), maxlen=0)
    filled = subject.strategy.window if isinstance(subject.strategy, WindowStrategy) else 0
    half = max(len(sizes) // 2, filled)
    early, late = max(sizes[:half], default=0), max(sizes[half:], default=0)
    return f"its state grew from {early} to {late} bytes: keep a window" if late > early + SLACK else ""


def restorable(subject: Subject) -> str:
    """Go on as if nothing had happened when saved and restored after every bar, in mid-trade too."""

    def restarted(runner: Runner) -> Runner:
        strange = strange_part(runner.state)
        if strange:
            raise TypeError(f"its state holds a {strange}: use plain numbers, strings, lists and dicts")
        saved = msgspec.msgpack.encode(runner.snapshot())
        fresh = runner_of(subject.strategy)
        fresh.restore(msgspec.msgpack.decode(saved))
        return fresh

    return _difference(subject.told, walk(subject.strategy, subject.bars, restarted))


def silent_until_warm(subject: Subject) -> str:
    """Want nothing while any one of the features is NaN."""
    for masked, name in enumerate(subject.strategy.features()):
        runner = runner_of(subject.strategy)
        features = FeatureSet(refs=tuple(runner.refs.values()))
        folds = features.init()
        for i, bar in enumerate(subject.bars):
            values = list(features.step(folds, bar))
            values[masked] = math.nan
            if runner.step_flat(tuple(values), bar, 0, 0)[0] != NOTHING:
                return f"bar {i}: wants something though {name!r} is NaN"
    return ""


def guarded(subject: Subject) -> str:
    """Give every entry a protective stop at a finite distance above 0, and numbers a venue can work with."""
    for i, want in enumerate(subject.told):
        failure = _unguarded(want)
        if failure:
            return f"bar {i}: {failure}"
    return ""


def flat(subject: Subject) -> str:
    """Be recorded, if a kernel, with ten floats out and a state whose length never changes."""
    if not isinstance(subject.strategy, KernelStrategy):
        return ""
    step = subject.strategy.step
    name = getattr(step, "__name__", repr(step))
    if not any(step is known for known in KERNELS):
        return f"{name} is not recorded: put @kernel above it"
    if any(len(want) != 10 or any(type(x) is not float for x in want) for want in subject.told):
        return f"{name} must return ten floats on every path: write 0.0, not 0"
    runner = runner_of(subject.strategy)
    born = len(runner.state)
    deque(walk(subject.strategy, subject.bars, lambda _: runner), maxlen=0)
    return "" if len(runner.state) == born else f"its state had {born} numbers, then {len(runner.state)}"


QUESTIONS: tuple[Callable[[Subject], str], ...] = (
    trades,
    stateless,
    deterministic,
    prefix_invariant,
    poison_proof,
    not_aliased,
    bounded_memory,
    restorable,
    silent_until_warm,
    guarded,
    flat,
)
"""Every question, in the order in which it is asked; each answers with its failure, or with nothing."""


def _unguarded(want: FlatWant) -> str:
    action, kind, price, stop, target, trail, breakeven, bars, expiry, _ = want
    if action in (NOTHING, EXIT):
        return ""
    if action not in (LONG, SHORT) or kind not in (MARKET, LIMIT, STOP_ENTRY):
        return f"action {action} or kind {kind} is none there is"
    if not (math.isfinite(stop) and stop > 0.0):
        return f"an entry whose protective stop is {stop}: it must be a finite distance above 0"
    if not all(math.isfinite(x) and x >= 0.0 for x in (target, trail, breakeven, bars)):
        return f"target {target}, trail {trail}, breakeven {breakeven}, bars {bars}: 0 means not used, none is negative"
    if kind != MARKET and not (math.isfinite(price) and price > 0.0 and expiry >= 1.0):
        return f"a resting entry at {price} for {expiry} bars: it needs a price and at least one bar"
    return ""


def _difference(expected: Sequence[FlatWant], actual: Iterable[FlatWant]) -> str:
    """Return where two runs first differ in any bit; empty if nowhere."""
    for i, (one, other) in enumerate(itertools.zip_longest(expected, actual)):
        if repr(one) != repr(other):
            return f"bar {i}: wanted {one}, then {other}"
    return ""


def _story(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
