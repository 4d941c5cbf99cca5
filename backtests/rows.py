"""A strategy that is no kernel in a compiled drive: it is asked bar by bar in Python, between loops that play the bars.

It is shown what the plain drive shows it, and answers in the same words. Most answers change nothing of the account,
and are only written down; `backtests/engine_rows.py` says how bars are played before they are asked about.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from backtests.engine_rows import (
    AFTER,
    BEFORE,
    BOARD,
    CLOSE,
    HELD,
    HIGH,
    KEPT,
    LEAVING,
    LENT,
    LOOK,
    LOW,
    MASS,
    NEITHER,
    NOTED,
    OPEN,
    OUTCOME,
    POSITION,
    SEEN,
    SHARE,
    SPREAD,
    STANDS_OPEN,
    TIME,
    TOLD,
    rows_loop,
)
from market.bars import COLUMNS, WITHIN, Bars
from market.types import Bar
from strategies.adapter import Runner, WindowRunner, checked, flat_of
from strategies.protocol import EXIT, LONG, MARKET, SHORT, FlatWant, PythonStrategy, View

NONE = np.empty(0)
FEW = 16
"""Bars that are played ahead after a want; twice as many after each time that nothing was wanted."""
NAN = float("nan")


Row = tuple[int, int, int, int, Bar, dict[str, float]]
"""Place, position, for how long, what matters, and what is shown."""


class Answers(NamedTuple):
    """What a strategy said of some bars: a score of each, and what it wanted of those on which it wanted anything."""

    scores: list[float]
    wants: list[tuple[int, FlatWant]]


class Asked:
    """Plays bars as a compiled loop of a kernel strategy does, and is called as that is."""

    def __init__(self, strategy: PythonStrategy, runner: Runner, tape: Bars) -> None:
        """Ask a strategy about a tape, in the state of its runner."""
        self.strategy, self.runner, self.tape = strategy, runner, tape
        self.names = tuple(runner.refs)
        self.loop = rows_loop()
        self.kept = np.empty(0)

    def __call__(self, bars: Any, span: Any, account: Any, strategy: Any, told: Any, out: Any) -> None:  # noqa: ANN401 - as a loop takes them
        """Play the bars of a span and write down what came of them."""
        first, told_from, begin, end, warm_from = span
        if begin == 0:
            self._fold_in(told[0], told_from, first)
            self.kept = np.empty(LOOK * (KEPT + sum(map(len, account[:3]))))
        place, count = first + begin, end - begin
        board, seen = _laid_out(bars, told, first, place, count), np.empty((SEEN, count), np.int64)
        left = len(self.tape) - place
        limits = (count - 1 if left == count else -1, warm_from - place, -1 if begin == 0 else 0)
        shown = self._shown(told[0], place, place + count)
        answers = self._ask(board, seen, (*account, strategy[-1]), limits, shown)
        _write_down(out, slice(begin, end), board, seen, answers)

    def _fold_in(self, features: Any, begin: int, end: int) -> None:  # noqa: ANN401 - an array
        """Let it see the history; a window takes its bars in, and need not be asked."""
        for bar, named in zip(*self._shown(features, begin, end), strict=True):
            if isinstance(self.runner, WindowRunner):
                self.runner.told_anew(bar)
            else:
                self.runner.step_flat(tuple(named.values()), bar, 0, 0)

    def _shown(self, features: Any, begin: int, end: int) -> tuple[Iterator[Bar], Iterator[dict[str, float]]]:  # noqa: ANN401
        """Return bars and their features as they are shown, made as they are asked for."""
        tape = self.tape
        names = (*COLUMNS, *WITHIN) if tape.parts else COLUMNS
        columns = [getattr(tape, name)[begin:end] for name in names]
        bars = map(Bar, repeat(tape.symbol), repeat(tape.timeframe), *columns)
        return bars, _named(self.names, [column.tolist() for column in features[begin:end].T], end - begin)

    def _ask(
        self, board: Any, seen: Any, account: Any, limits: tuple[int, int, int], shown: tuple[Any, Any]  # noqa: ANN401
    ) -> Answers:  # fmt: skip
        """Play the bars of a board, and ask about every one of them, in order and once."""
        count, (last, warm, back) = seen.shape[1], limits
        answers, queue = Answers([], []), array("d")
        at, begin, look = 0, 0, FEW
        while at < count or queue:
            end = min(count, at + look)
            wants = np.frombuffer(queue) if queue else NONE
            self.loop(board, seen, self.kept, account, wants, (begin, end, last, warm, back))
            queue = array("d")
            rows = (part.tolist() for part in seen[:, at:end])
            cut = self._hear(zip(range(at, end), *rows, *shown, strict=False), answers, queue)
            at, look = (end, min(2 * look, LOOK)) if cut < 0 else (cut + 1, FEW)
            begin, back = (int(queue[0]), 1) if queue else (at, 0)
        return answers

    def _hear(self, rows: Iterable[Row], answers: Answers, queue: "array[float]") -> int:
        """Ask about bars until what is wanted changes the account; return on which one, -1 where none does.

        What the account must be told, if only to write it down, is put into the queue.
        """
        decide, state, (scores, wants) = self.strategy.decide, self.runner.state, answers
        for k, position, held, matter, bar, named in rows:
            answer: object = decide(state, View(bar=bar, features=named, position=position, held=held))
            if type(answer) is tuple and len(answer) == 2 and answer[0] is None and type(answer[1]) is float:
                scores.append(answer[1])  # by far the most
                continue
            flat = flat_of(*checked(self.runner.name, answer))
            scores.append(flat[9])
            wants.append((k, flat))
            if flat[0] == EXIT if matter == LEAVING else matter != NEITHER and flat[0] in {LONG, SHORT}:
                queue.append(k)
                queue.extend(flat)
                if flat[1] != MARKET:
                    int(flat[8])  # a lifetime that is no number of bars is a bug of the strategy, and told as such
                if matter != NOTED:
                    return k
        return -1


def _named(names: Sequence[str], columns: Sequence[list[float]], count: int) -> Iterator[dict[str, float]]:
    """Return the features of each bar by name; few are written out, which takes a third of the time."""
    match names:
        case ():
            return ({} for _ in range(count))
        case (a,):
            return ({a: x} for x in columns[0])
        case (a, b):
            return ({a: x, b: y} for x, y in zip(*columns, strict=True))
        case (a, b, c):
            return ({a: x, b: y, c: z} for x, y, z in zip(*columns, strict=True))
        case (a, b, c, d):
            return ({a: x, b: y, c: z, d: u} for x, y, z, u in zip(*columns, strict=True))
        case _:
            return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


def _laid_out(bars: Any, told: Any, first: int, place: int, count: int) -> Any:  # noqa: ANN401 - arrays
    """Return a board of some bars, and of the one after them if there is one."""
    board = np.empty((BOARD, count + 1))
    for row, column in zip((TIME, OPEN, HIGH, LOW, CLOSE, SPREAD), bars, strict=True):
        part = column[place : place + count + 1]
        board[row, : len(part)] = part
    for row, column, without in zip((TOLD, STANDS_OPEN, MASS, SHARE), told[1:5], (0.0, 0.0, NAN, 1.0), strict=True):
        board[row, :count] = column[place : place + count] if len(column) else without
    if len(told[5]):
        board[LENT, :count] = told[5][place - first : place - first + count]
    return board


def _write_down(out: Any, rows: slice, board: Any, seen: Any, answers: Answers) -> None:  # noqa: ANN401 - arrays
    outcomes, actions, kinds, scores, positions, helds, equities, before = out
    count = seen.shape[1]
    outcomes[rows], equities[rows], before[rows] = board[OUTCOME, :count], board[AFTER, :count], board[BEFORE, :count]
    positions[rows], helds[rows], scores[rows] = seen[POSITION], seen[HELD], answers.scores
    actions[rows], kinds[rows] = 0, 0
    for k, flat in answers.wants:
        actions[rows.start + k], kinds[rows.start + k] = flat[0], flat[1]
