"""What reads the bars for a strategy of a compiled drive, part by part: features, its regime and its gate."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backtests.engine_columns import APART, Read
from backtests.engine_features import SLOTS, TOLD, features_loop, slots_of
from backtests.engine_hearing import hearing_loop
from backtests.engine_layout import (
    ALIKE,
    ALLOWED,
    BLIND,
    DATED,
    DENSITY,
    ENDS,
    EXPOSED,
    HAS_MARKS,
    HEARD,
    HEARING,
    LENGTH,
    LISTENS,
    MAX_AGE,
    MINDS,
    NOVELTY,
    ORDINAL,
    READING,
    STATES,
    UNLIKE,
    WEIGHS,
    WIDTH,
)
from backtests.engine_place import Beside, Place, dues_of
from backtests.engine_regime import regime_loop
from backtests.kept_reading import Fold, KeptReading, read_nothing
from backtests.scratch import parts_of, room
from market.bars import Bars
from market.feature import Of
from market.halts import halt_init
from regimes.bundle import RegimeModel
from regimes.filter import filter_init
from regimes.filter_shaped import shape_of
from regimes.gate import gate_init
from regimes.likeness import likeness_init, likeness_params
from regimes.novelty import novelty_init
from regimes.pit import pit_init
from runtime.core.core import Core
from runtime.core.feeds import Feed
from runtime.core.plan import Plan
from runtime.core.readings import REMEMBERED, RegimeReading
from runtime.core.state import Lane

CHUNK = 16_384
"""Bars that are read, then played, between two looks at the clock; buffers of deals and wishes hold as many."""
NAMES = ("time", "open", "high", "low", "close", "volume")
NOTHING = np.zeros(0, np.int8)


class Readers:
    """Makes readers of bars: each is room for what a strategy is told, and two things to do with a part of the bars."""

    def __init__(self, core: Core, place: Place, kept: KeptReading | None) -> None:
        """Read what a core's lanes read; `kept` keeps what is read for the next drive that reads the same."""
        self.core, self.place, self.kept = core, place, kept
        self.told = columns_of(place.tape, *NAMES)

    def reader(self, lane: Lane, beside: Beside | None, barred: Any) -> tuple[Read, Fold, Fold]:  # noqa: ANN401 - an array
        """Return room, what is done with a part of the bars first, and what reads it then.

        beside: what the lane's regime reads, where that is none of the strategies' bars. barred: as `Read` has it.
        """
        tape = self.place.tape
        feed, reading = self.core.feeds[tape.symbol, tape.timeframe], self.core.decider.readings.get(lane.plan.regime)
        read = room_for(len(tape), len(lane.picks), reading, apart=beside is not None)
        seen = reading.picks if reading and beside is None else ()
        folds = Folds(feed, (*lane.picks, *seen))
        picked, of_regime = folds.places_of(lane.picks), folds.places_of(seen)
        rows = np.empty((2, CHUNK if seen else 0, len(seen)))  # one part may be read while the next one is folded
        made_from = (folds.made_from, tape, self.place.begin, self.place.first, self.place.hours, picked, of_regime)

        def fold(begin: int, end: int) -> None:
            folds(self.told, (begin, end), (picked, of_regime), (read.features, rows[self._turn(begin)]))

        if reading is None:
            return self._kept(made_from, read, read_nothing, fold, barred)
        if beside is not None:
            hearing = Hearing(self.core, lane, reading, beside, self.place, read)
            return self._kept((*made_from, *hearing.made_from), read, fold, hearing, barred)
        regime = Regime(self.core.plan, lane, reading, tape.frame)

        def look(begin: int, end: int) -> None:
            regime(self.told, (begin, end), rows[self._turn(begin)], read)

        return self._kept((*made_from, *regime.made_from), read, fold, look, barred)

    def _turn(self, begin: int) -> int:
        """Return in which half of what features leave to the regime a part of the bars stands."""
        return (begin - self.place.first) // CHUNK % 2

    def _kept(
        self, made_from: tuple[Any, ...], read: Read, first: Fold, last: Fold, barred: Any  # noqa: ANN401 - an array
    ) -> tuple[Read, Fold, Fold]:  # fmt: skip
        if self.kept is not None:
            read, first, last = self.kept.reader(made_from, read, first, last)
        return read._replace(barred=barred), first, last


class Folds:
    """Features of one feed, folded by a compiled loop."""

    def __init__(self, feed: Feed, wanted: Sequence[int], sorts: Sequence[Of] = TOLD) -> None:
        """Stand where the feed stands; `wanted` are the places of the features that are asked for."""
        slots, self.places = slots_of(feed, wanted, sorts)
        self.loop = features_loop(*(step for step, _, _ in slots))
        self.states, self.params = (tuple(array_of(slot[n]) for slot in slots) for n in (1, 2))
        self.given = np.zeros(SLOTS)
        self.made_from = (self.loop, self.states, self.params)

    def __call__(self, told: Any, span: tuple[int, int], places: Any, out: Any) -> None:  # noqa: ANN401 - arrays
        """Fold the bars of a span; leave what stands at the places in each of two tables."""
        self.loop(told, span, (self.states, self.params, self.given), places, out)

    def places_of(self, picks: Sequence[int]) -> Any:  # noqa: ANN401 - an array
        """Return in which slots features stand."""
        return np.array([self.places[pick] for pick in picks], dtype=np.int64)


class Regime:
    """A regime and a strategy's gate, folded by a compiled loop."""

    def __init__(self, plan: Plan, lane: Lane, reading: RegimeReading, frame: int) -> None:
        """Stand before the first bar; the regime's are `frame` ms long."""
        self.loop: Any = regime_loop(shape_of(reading.model.weights), rule=bool(reading.rule))
        self.state = state_of(plan, lane, reading, frame)
        self.made_from = (self.loop, self.state)

    def __call__(self, told: Any, span: tuple[int, int], rows: Any, read: Read) -> None:  # noqa: ANN401 - arrays
        """Read the bars of a span, whose features stand in `rows`."""
        self.loop(told[0], told[4], span, rows, self.state, tuple(read)[1:APART])


class Hearing:
    """A regime that reads other bars, and what is heard of it with each bar of the strategies."""

    def __init__(
        self, core: Core, lane: Lane, reading: RegimeReading, beside: Beside, place: Place, read: Read
    ) -> None:
        """Stand before the first bar."""
        self.lane, self.reading, self.beside, self.place, self.read = lane, reading, beside, place, read
        self.folds = Folds(reading.feed, reading.picks)
        self.within = [k for k, pick in enumerate(reading.picks) if reading.feed.folds[pick][2] == "parts"]
        """Which of the model's features are of what went on within the longer bars."""
        self.regime = Regime(core.plan, lane, reading, beside.frame)
        self.said: tuple[Any, ...] = ()
        gate = array_of(gate_init(lane.gate_flat))
        h, m = np.zeros(HEARING), self.regime.state[1].copy()
        h[HEARD], m[ALLOWED] = -1.0, np.nan
        self.state = (h, m, self.regime.state[2], gate, array_of(lane.gate_flat), gate.copy())
        self.clock = place.clock
        self.dues = dues_of(beside, place.hours, self.clock[1], lane.gate.max_age + 1)
        told = tuple(beside.columns.values()), beside.rows, beside.when, beside.bars
        self.made_from = (self.folds.made_from, self.regime.made_from, *told, self.dues)

    def __call__(self, begin: int, end: int) -> None:
        """Read the bars of a span: what the regime has said by then, and how the gate stands."""
        if not self.said:
            self.said = self._all_said()
        b, out = self.beside, tuple(self.read)[1 : APART + 3]
        hearing_loop()(
            self.clock, float(self.place.tape.frame), (begin, end), (b.rows, b.when, b.bars), self.said, self.state, out
        )

    def _all_said(self) -> tuple[Any, ...]:
        """Return what the regime says of all its bars, and when each closed."""
        c, many = self.beside.columns, len(self.beside.columns["time"])
        said = room_for(many, 0, self.reading, apart=False)
        told, picks, none = tuple(c[name] for name in NAMES), self.reading.picks, np.zeros(0, np.int64)
        rows, parts = np.empty((2, CHUNK, len(picks)))
        within = Folds(self.reading.feed, picks, ("parts",)) if self.within else None
        for begin, end in parts_of(many, CHUNK):
            self.folds(told, (begin, end), (none, self.folds.places_of(picks)), (said.features, rows))
            if within is not None:
                moved = (c["time"], c["variance"], c["parts"], c["variance"], c["parts"], c["volume"])
                within(moved, (begin, end), (none, within.places_of(picks)), (said.features, parts))
                rows[:, self.within] = parts[:, self.within]
            self.regime(told, (begin, end), rows, said)
        _, *known = said[:APART]
        del known[5]  # how the gate would stand by the regime's bars alone
        return (*known, c["time"] + self.beside.frame, self.dues)


def room_for(bars: int, features: int, reading: RegimeReading | None, *, apart: bool) -> Read:
    """Return room for what is read of so many bars."""
    told, ordinals = (bars, reading.model.states) if reading else (0, 0)
    heard = bars if apart else 0
    return Read(
        room((bars, features)), room(told, np.int8), room(told, np.int8), room((told, ordinals)), room(told),
        room(told), room(told, np.int8), room(told, np.int8), room(told, np.int32), room(told), room(told),
        room(heard, np.int8), room(heard, np.int8), room(heard, np.int8), NOTHING,
    )  # fmt: skip


def state_of(plan: Plan, lane: Lane, reading: RegimeReading, frame: int) -> tuple[Any, ...]:
    """Return a regime's state and parameters, those of a strategy's gate with it."""
    m, q = np.zeros(READING), np.zeros(DATED + 1)
    m[[BLIND, UNLIKE, NOVELTY, ORDINAL, DENSITY]] = 1 << 30, ALIKE, np.nan, -1.0, np.nan
    m[EXPOSED] = lane.exposure
    gate = lane.gate
    listen = [s for s in plan.strategies if s.regime == reading.name and s.gate and s.gate.mode != "off"]
    model: RegimeModel = reading.model
    width, marks, rule = len(reading.picks), likeness_params(model.quantiles), reading.rule
    q[[STATES, WIDTH, HAS_MARKS]] = model.states, width, bool(model.quantiles)
    q[[ENDS, MAX_AGE, WEIGHS, LISTENS]] = reading.ends, gate.max_age, bool(lane.weights), bool(listen)
    q[[LENGTH, MINDS, DATED]] = float(frame), gate.mode != "off", reading.feed.key[0] in plan.hours
    return (
        array_of(halt_init()), m, q, np.full(width, np.nan),
        np.zeros(REMEMBERED * width if model.quantiles else 1), np.zeros(width), array_of(likeness_init(marks)),
        array_of(marks), array_of(filter_init(model.weights)), array_of(model.weights),
        array_of(pit_init(model.weights, model.evidence)), array_of(novelty_init(rule) if rule else ()),
        array_of(rule), array_of(gate_init(lane.gate_flat)), array_of(lane.gate_flat), array_of(lane.mask),
        array_of(lane.weights),
    )  # fmt: skip


def array_of(numbers: Any) -> Any:  # noqa: ANN401
    """Return numbers as loops take them."""
    return np.array(list(numbers), dtype=np.float64)


def columns_of(tape: Bars, *names: str) -> tuple[Any, ...]:
    """Return columns of a tape, none of them copied."""
    return tuple(np.asarray(getattr(tape, name)) for name in names)
