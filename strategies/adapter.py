"""One face for both sorts of strategy: closed bar in, flat tuple out, and a plain state that can be restored."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Protocol

import msgspec

from market.feature import NAN
from market.types import TIMEFRAMES, Bar
from strategies.beside import Columns, aligned
from strategies.protocol import (
    EXIT,
    KINDS,
    NOTHING,
    Entry,
    Exit,
    FeatureRef,
    FlatWant,
    KernelStrategy,
    PythonStrategy,
    Strategy,
    StrategyError,
    View,
    Want,
    want_of,
)
from strategies.window import COLUMNS, WindowStrategy, put

HEARD = "heard"
"""Where the answers of another process stand in a state."""


class Runner(Protocol):
    """A strategy in motion: the only thing that changes is `state`."""

    name: str
    version: int
    refs: dict[str, FeatureRef]
    """Its features by its own names, in the order in which their values are given."""
    state: Any
    """Plain values that msgpack can write: a list of floats for a kernel, a dict for a class."""
    unanswered: str
    """Why nobody knows what it wants of the last bar; empty: it was asked, and has answered."""

    def step_flat(self, features: Sequence[float], bar: Bar, position: int, held: int) -> FlatWant:
        """Fold one closed bar and return the flat want; `position` is -1, 0 or 1, `held` counts its closed bars."""
        ...

    def step(self, features: Sequence[float], bar: Bar, position: int, held: int) -> tuple[Want, float]:
        """Fold one closed bar and return what is wanted, and the score behind it."""
        ...

    def snapshot(self) -> Any:  # noqa: ANN401 - plain values
        """Return a copy of the state that later bars do not change."""
        ...

    def restore(self, state: Any) -> None:  # noqa: ANN401 - plain values
        """Take a copy of a snapshot as the state."""
        ...

    def told_anew(self, bar: Bar) -> None:
        """Take a bar of before as it is told now; what it has decided on it stays decided."""
        ...

    def forget(self) -> None:
        """Forget the bars it keeps: they are told anew."""
        ...


class Unmoved:
    """A runner that answers where it is asked, and does nothing about history that is told anew: it keeps no bars."""

    __slots__ = ()

    unanswered: str = ""

    def told_anew(self, bar: Bar) -> None:
        """Leave the state alone: it is a memory of what was decided."""

    def forget(self) -> None:
        """Leave the state alone."""


class KernelRunner(Unmoved):
    """Drives a kernel strategy in plain Python."""

    __slots__ = ("_params", "_step", "name", "refs", "state", "version")

    def __init__(self, strategy: KernelStrategy) -> None:
        self.name, self.version, self.refs = strategy.name, strategy.version, strategy.features()
        self._step = strategy.step
        self._params = tuple(float(x) for x in strategy.params())
        self.state: Any = [float(x) for x in strategy.init()]

    def step_flat(self, features: Sequence[float], bar: Bar, position: int, held: int) -> FlatWant:
        """Call the kernel with floats throughout, as the compiled loop does."""
        want: FlatWant = self._step(
            self.state, self._params, features, bar.high, bar.low, bar.close, float(position), float(held)
        )
        return want

    def step(self, features: Sequence[float], bar: Bar, position: int, held: int) -> tuple[Want, float]:
        """Call the kernel and dress what it returns."""
        return want_of(self.step_flat(features, bar, position, held))

    def snapshot(self) -> list[float]:
        """Return a copy of the flat state."""
        return list(self.state)

    def restore(self, state: Sequence[float]) -> None:
        """Take a copy of a flat state; ValueError where its length is not this strategy's."""
        if len(state) != len(self.state):
            raise ValueError(f"strategy {self.name}: a state of {len(state)} numbers, but it has {len(self.state)}")
        self.state = [float(x) for x in state]


class PythonRunner(Unmoved):
    """Drives a strategy written as an ordinary class."""

    __slots__ = ("_names", "_strategy", "name", "refs", "state", "version")

    def __init__(self, strategy: PythonStrategy) -> None:
        self.name, self.version, self.refs = strategy.name, strategy.version, strategy.features()
        self._strategy = strategy
        self._names = tuple(self.refs)
        self.state: Any = strategy.init()

    def step_flat(self, features: Sequence[float], bar: Bar, position: int, held: int) -> FlatWant:
        """Ask the class and flatten what it returns."""
        return flat_of(*self.step(features, bar, position, held))

    def step(self, features: Sequence[float], bar: Bar, position: int, held: int) -> tuple[Want, float]:
        """Ask the class; TypeError where it answers with anything but a want and a score."""
        named = dict(zip(self._names, features, strict=True))
        view = View(bar=bar, features=named, position=position, held=held)
        return checked(self.name, self._strategy.decide(self.state, view))

    def snapshot(self) -> Any:  # noqa: ANN401 - plain values
        """Return the state as it comes back from the disk; TypeError where it is not made of plain values."""
        return _copied(self.state)

    def restore(self, state: Any) -> None:  # noqa: ANN401 - plain values
        """Take a copy of a snapshot as the state."""
        self.state = _copied(state)


class WindowRunner(PythonRunner):
    """Drives a function over the last bars: they are what it remembers, so they follow what is told of them."""

    __slots__ = ("_shown", "_size", "beside")

    def __init__(self, strategy: WindowStrategy) -> None:
        super().__init__(strategy)
        self._size, self._shown = strategy.window, strategy
        self.beside: Mapping[str, Columns] = {}
        """The rings of other feeds that it is shown, by its names for them; whoever tells these feeds fills them."""

    def step(self, features: Sequence[float], bar: Bar, position: int, held: int) -> tuple[Want, float]:
        """Ask the function; TypeError where it answers with anything but a want and a score."""
        view = View(bar=bar, features=dict(zip(self._names, features, strict=True)), position=position, held=held)
        return checked(self.name, self._shown.decide(self.state, view, self.shown_beside(bar)))

    def shown_beside(self, bar: Bar) -> dict[str, Columns] | None:
        """Return the rows of other feeds that the function is shown when a bar has closed; None: too few, or too old.

        StrategyError where nobody tells those feeds.
        """
        closed, found = bar.time + TIMEFRAMES[bar.timeframe] * 1000, {}
        for name, beside in self._shown.others.items():
            if name not in self.beside:
                raise StrategyError(
                    f"strategy {self.name}: it reads bars of {' '.join(beside.key)}, which are not told here: "
                    "`tidegate lookahead` looks at it in its account"
                )
            rows = aligned(self.beside[name], beside, closed)
            if rows is None:
                return None
            found[name] = rows
        return found

    def told_anew(self, bar: Bar) -> None:
        """Put the bar among those it keeps, if it is not older than all of them."""
        put(self.state, bar, self._size)

    def forget(self) -> None:
        """Empty the ring."""
        self.state = self._strategy.init()


class AskedRunner(WindowRunner):
    """Keeps the bars of a function that is called in another process, and what that has answered of the next one."""

    __slots__ = ("unanswered",)

    def __init__(self, strategy: WindowStrategy) -> None:
        super().__init__(strategy)
        self.unanswered = ""
        self.forget()

    def forget(self) -> None:
        """Empty the ring."""
        self.state = {**self._strategy.init(), HEARD: []}

    def shown(self, bar: Bar) -> Columns | None:
        """Return the rows that the function is shown when a bar has closed; None while there are too few."""
        ring: Columns = {name: list(self.state[name]) for name in COLUMNS}
        put(ring, bar, self._size)
        return ring if len(ring["time"]) == self._size else None

    def hear(self, time: int, position: int, held: int, want: Sequence[float], failure: str) -> None:
        """Keep what was answered of the bar that opened at `time`, had it this position for so long."""
        self.state[HEARD].append([time, position, held, list(want), failure])

    def step_flat(self, features: Sequence[float], bar: Bar, position: int, held: int) -> FlatWant:
        """Take the bar in, and return what was answered of it; nothing is wanted where nothing was."""
        put(self.state, bar, self._size)
        heard, self.state[HEARD], self.unanswered = self.state[HEARD], [], ""
        asked = len(self.state["time"]) == self._size and all(x == x for x in features)
        if asked and self.shown_beside(bar) is not None:
            self.unanswered = "nobody has asked it"
            for *of, want, failure in heard:
                if of == [bar.time, position, held]:
                    self.unanswered = failure
                    if not failure:
                        return tuple(want)
        return flat_of(None, NAN)

    def step(self, features: Sequence[float], bar: Bar, position: int, held: int) -> tuple[Want, float]:
        """Take the bar in and dress what was answered of it."""
        return want_of(self.step_flat(features, bar, position, held))


_WANTS = Entry, Exit
"""Named once: a union of types is made anew for every answer that is held against it."""


def checked(name: str, answer: object) -> tuple[Want, float]:
    """Return a user's answer; TypeError where it is anything but a want and a score."""
    if isinstance(answer, tuple) and len(answer) == 2:
        want, score = answer
        if (want is None or isinstance(want, _WANTS)) and (type(score) is float or isinstance(score, Real)):
            return want, float(score)
    raise TypeError(f"strategy {name}: decide returned {answer!r}; return (Entry | Exit | None, score)")


def _copied(state: Any) -> Any:  # noqa: ANN401 - plain values
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state))


def runner_of(strategy: Strategy) -> Runner:
    """Return a fresh runner; what has a `step` kernel runs as a kernel, also if it has `decide`."""
    if hasattr(strategy, "step") and isinstance(strategy, KernelStrategy):  # a protocol is slow to say no
        return KernelRunner(strategy)
    if isinstance(strategy, WindowStrategy):
        return WindowRunner(strategy) if strategy.function else AskedRunner(strategy)
    return PythonRunner(strategy)


def flat_of(want: Want, score: float) -> FlatWant:
    """Flatten the words of a plain strategy into a kernel's tuple: the inverse of `want_of`."""
    if want is None:
        return NOTHING, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, score
    if isinstance(want, Exit):
        return EXIT, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, score
    plan = want.plan
    return (
        float(want.side),
        float(KINDS.index(want.kind)),
        float(want.price),
        float(plan.stop),
        float(plan.target),
        float(plan.trail),
        float(plan.breakeven),
        float(plan.bars),
        float(want.expiry),
        score,
    )
