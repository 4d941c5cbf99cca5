"""A strategy that is no kernel in a compiled drive: it is asked bar by bar in Python, between loops that play the bars.

It is shown what the plain drive shows it, and answers in the same words. Most answers change nothing of the account,
and are only written down; `backtests/engine_rows.py` says how bars are played before they are asked about.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import Any, NamedTuple

import numpy as np

from backtests.engine_rows import CHANGES, LOOK, NEITHER, Ahead
from backtests.rows_windows import Windows
from market.bars import COLUMNS, WITHIN, Bars
from market.types import Bar
from strategies.adapter import Runner, checked, flat_of
from strategies.protocol import PythonStrategy, View, lifetime
from strategies.window import WindowStrategy

FEW = 16
"""Bars that are played ahead after a want; twice as many after each time that nothing was wanted."""


class Answers(NamedTuple):
    """What a strategy said of some bars: a score of each, and its wants of which the account need not be told."""

    scores: list[float]
    wants: "array[float]"
    """Row, action and kind of order of each."""


class Asked:
    """Plays bars as a compiled loop of a kernel strategy does, and is called as that is."""

    def __init__(self, strategy: PythonStrategy, runner: Runner, tape: Bars) -> None:
        """Ask a strategy about a tape, in the state of its runner."""
        self.strategy, self.runner, self.tape = strategy, runner, tape
        self.names = tuple(runner.refs)
        self.decide: Any = strategy.decide
        self.ahead: Ahead | None = None
        self.windows: Windows | None = None

    def __call__(self, bars: Any, span: Any, account: Any, strategy: Any, told: Any, out: Any) -> None:  # noqa: ANN401 - as a loop takes them
        """Play the bars of a span and write down what came of them."""
        first, told_from, begin, end, warm = span
        if self.ahead is None:
            self._begin(told[0], told_from, first)
            self.ahead = Ahead((bars, account, strategy, told, out), first, warm)
        try:
            answers = self._ask(self.ahead, begin, end, *self._shown(told[0], first + begin, first + end))
        finally:
            if self.windows is not None:
                self.windows.leave(self.runner.state)
        _, actions, kinds, scores, *_ = out
        scores[begin:end] = answers.scores
        wanted = np.array(answers.wants).reshape(-1, 3)
        rows = wanted[:, 0].astype(np.int64)
        actions[rows], kinds[rows] = wanted[:, 1], wanted[:, 2]

    def _begin(self, features: Any, begin: int, end: int) -> None:  # noqa: ANN401 - an array
        """Let it see the history; a function over windows is not asked about it."""
        if isinstance(self.strategy, WindowStrategy):
            self.windows = Windows(self.strategy, self.tape, begin, end)
            self.decide = self.windows.decide
            return
        for bar, named in zip(*self._shown(features, begin, end), strict=True):
            self.runner.step_flat(tuple(named.values()), bar, 0, 0)

    def _shown(self, features: Any, begin: int, end: int) -> tuple[Iterator[Bar], Iterator[dict[str, float]]]:  # noqa: ANN401
        """Return bars and their features as they are shown, made as they are asked for."""
        tape = self.tape
        names = (*COLUMNS, *WITHIN) if tape.parts else COLUMNS
        columns = [getattr(tape, name)[begin:end] for name in names]
        bars = map(Bar, repeat(tape.symbol), repeat(tape.timeframe), *columns)
        return bars, _named(self.names, [column.tolist() for column in features[begin:end].T], end - begin)

    def _ask(
        self, ahead: Ahead, begin: int, end: int, bars: Iterator[Bar], named: Iterator[dict[str, float]]
    ) -> Answers:
        """Play rows and ask about every one of them, in order and once."""
        answers, at, look, many = Answers([], array("d")), begin, FEW, 0
        while at < end or many:
            until = min(end, at + look)
            ahead.play(at, until, many)
            positions, helds = ahead.asked_with(at, until)
            many = self._hear(map(View, islice(bars, until - at), named, positions, helds), ahead, at, answers)
            at = begin + len(answers.scores)
            look = min(2 * look, LOOK) if at == until else FEW
        return answers

    def _hear(self, views: Iterable[View], ahead: Ahead, row: int, answers: Answers) -> int:
        """Ask about bars until what is wanted changes the account; return how many wants that must be told."""
        decide, state, (scores, wants) = self.decide, self.runner.state, answers
        before, many = row - len(scores), 0
        for view in views:
            answer: object = decide(state, view)
            if type(answer) is tuple and len(answer) == 2:
                want, score = answer
                if want is None and type(score) is float:
                    scores.append(score)  # by far the most
                    continue
            flat, row = flat_of(*checked(self.runner.name, answer)), before + len(scores)
            scores.append(flat[9])
            effect = ahead.effect(row, flat[0])
            if effect == NEITHER:
                wants.extend((row, flat[0], flat[1]))
                continue
            ahead.want(many, row, flat)
            many += 1
            lifetime(self.runner.name, flat)  # one that is none is a bug of the strategy, and told as such
            if effect == CHANGES:
                break
        return many


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
