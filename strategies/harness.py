"""A strategy over recorded bars, in the simplest market there is: entry at the next open, stop, target and exit plan.

No spread, no costs, no account: what it is for is the contract suite, which asks whether a strategy is well behaved
and not whether it earns. Money is made and lost in `brokers/venue.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from market.features import FeatureSet
from market.types import Bar
from strategies.adapter import Runner, runner_of
from strategies.exits import EXIT_STATE, HELD, LEAVE_TIME, STOP, exit_step
from strategies.protocol import EXIT, KINDS, NOTHING, FlatWant, Strategy, Want, want_of

Watch = Callable[[Runner], Runner]
"""Called after every bar; returns the runner that takes the next one."""


class Book:
    """The one position of one strategy, and the one entry that waits for it."""

    __slots__ = ("_exit", "_plan", "_target", "_waiting", "leaving", "order", "side")

    def __init__(self) -> None:
        self.side = 0
        self.order: FlatWant | None = None
        self.leaving = False
        self._exit = [0.0] * EXIT_STATE
        self._plan = (0.0, 0.0, 0.0, 0.0, 0.0)
        self._target = 0.0
        self._waiting = 0.0

    @property
    def held(self) -> int:
        """Closed bars since the entry."""
        return int(self._exit[HELD]) if self.side else 0

    def play(self, bar: Bar) -> None:
        """Play a bar: what was decided on the last one at its open, then what its range touches; the stop is first."""
        if self.leaving:
            self.side, self.leaving = 0, False
        if self.order is not None and self._triggered(self.order, bar):
            self._enter(self.order, bar)
        if self.side and self._touched(bar):
            self.side = 0
        if self.side:
            self.leaving = exit_step(self._exit, self._plan, bar.high, bar.low) == LEAVE_TIME

    def take(self, want: FlatWant) -> None:
        """Take what the strategy wants at the close of a bar; a new entry replaces one that waits."""
        if want[0] == EXIT:
            self.leaving = self.side != 0
        elif want[0] != NOTHING and not self.side:
            self.order, self._waiting = want, want[8]

    def _triggered(self, order: FlatWant, bar: Bar) -> bool:
        side, kind, price = order[0], KINDS[int(order[1])], order[2]
        if kind == "market":
            return True
        self._waiting -= 1.0
        rises = (side > 0.0) == (kind == "stop")
        touched = bar.high >= price if rises else bar.low <= price
        if not touched and self._waiting <= 0.0:
            self.order = None
        return touched

    def _enter(self, order: FlatWant, bar: Bar) -> None:
        side, kind, price, stop, target, trail, breakeven, bars, _, _ = order
        if kind == 0.0 or (bar.open - price) * side * (1.0 if KINDS[int(kind)] == "stop" else -1.0) > 0.0:
            price = bar.open
        self.side = 1 if side > 0.0 else -1
        self._plan = (side, price, trail, breakeven, bars)
        self._exit = [0.0, price, price - side * stop]
        self._target = price + side * target if target > 0.0 else 0.0
        self.order = None

    def _touched(self, bar: Bar) -> bool:
        against, ahead = (bar.low, bar.high) if self.side > 0 else (bar.high, bar.low)
        stopped = (against - self._exit[STOP]) * self.side <= 0.0
        return stopped or (self._target > 0.0 and (ahead - self._target) * self.side >= 0.0)


def walk(strategy: Strategy, bars: Iterable[Bar], watch: Watch | None = None) -> Iterator[FlatWant]:
    """Yield what a fresh run of the strategy wants at the close of each bar."""
    runner = runner_of(strategy)
    features = FeatureSet(refs=tuple(runner.refs.values()))
    folds, book = features.init(), Book()
    for bar in bars:
        book.play(bar)
        want = runner.step_flat(features.step(folds, bar), bar, book.side, book.held)
        book.take(want)
        if watch is not None:
            runner = watch(runner)
        yield want


def drive(strategy: Strategy, bars: Sequence[Bar]) -> list[tuple[Want, float]]:
    """Return what the strategy wants at the close of each bar, and the score behind it."""
    return [want_of(want) for want in walk(strategy, bars)]


def sample_bars(count: int = 1200, symbol: str = "SAMPLE") -> list[Bar]:
    """Return hourly bars of a walk whose drift and width change every so often: the same at every call.

    The draws are those of a linear congruential generator (Knuth's MMIX constants); they resemble no market, and are
    there so that a strategy has trends, ranges and gaps to be asked about.
    """
    bars: list[Bar] = []
    seed, close = 20_200_316, 100.0
    for i in range(count):
        draws = []
        for _ in range(4):
            seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
            draws.append(seed / 2**64 - 0.5)
        width = 0.3 if (i // 150) % 2 else 0.9
        drift = (0.08, -0.08, 0.0)[(i // 60) % 3]
        opened = close + 0.1 * width * draws[0]
        close = opened + drift + width * draws[1] - 0.02 * (opened - 100.0)
        high = max(opened, close) + width * (draws[2] + 0.5) / 2.0
        low = min(opened, close) - width * (draws[3] + 0.5) / 2.0
        prices = [round(x, 5) for x in (opened, high, low, close)]
        bars.append(Bar(symbol, "H1", 3_600_000 * i, *prices))
    return bars
