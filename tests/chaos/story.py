"""A story: all that is drawn from one seed: market, strategies' wishes, faults, hands, operator's words, crashes."""

import random

from typing import Any, ClassVar

import msgspec

from market.types import Bar
from strategies.exits import ExitPlan
from strategies.protocol import Entry, Exit, FeatureRef, View, Want
from tests.chaos.points import FAULTS, OF_AN_ORDER, OF_THE_BUS, POINTS, VICTIMS, Crash, Fault
from tests.chaos.words import Lanes, Said, some_foreign, some_scoped, some_words
from tests.trade_server import GOLD, HOUR, OIL, START

HISTORY = 4
QUIET = 4
"""Bars after the story in which nothing goes wrong any more, and trading must have come back."""
SPECS = {"GOLD": GOLD, "OIL": OIL}
SYMBOLS = tuple(SPECS)


class Strike(msgspec.Struct, frozen=True):
    """A fault of the trade server or terminal."""

    fault: Fault
    at: int
    """Which trade request it strikes, or after which bar."""
    seconds: float = 0.0
    pick: int = 0
    """Which of the things it could be about."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What happens in one seed's world, as far as chance decides it."""

    seed: int
    lanes: Lanes
    """A strategy each: its symbol, and what it wants at each bar."""
    bars: dict[str, tuple[Bar, ...]]
    length: int
    """Bars that are traded before the quiet ones."""
    lockstep: bool
    bar_s: float
    poll_s: float
    reconcile_s: float
    commit_s: float
    line_s: float
    strikes: tuple[Strike, ...]
    said: tuple[Said, ...]
    crashes: tuple[Crash, ...]
    stays_halted: bool
    netting: bool = False
    """The account has one position a symbol; no two strategies share one there."""

    @property
    def modelled(self) -> bool:
        """The first strategy listens to a model, which stops it from nothing: words are about it."""
        return any(said.scope.startswith("model:") for said in self.said)

    @property
    def has_bus(self) -> bool:
        """The account listens to a message broker."""
        return any(said.over_bus for said in self.said) or of_the_bus(self.strikes)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols traded."""
        return tuple(self.bars)


class Planted:
    """A strategy that wants at each bar what its script says, at prices near that bar's close."""

    name: ClassVar[str] = "planted"
    version: ClassVar[int] = 1

    def __init__(self, script: list[list[float]], first: int) -> None:
        """Take the script; `first` is the time of its first bar."""
        self.script, self.first = script, first

    def features(self) -> dict[str, FeatureRef]:
        """Return a mean of two closes, so that there is something to warm."""
        return {"mean": ("sma", (2.0,))}

    def init(self) -> dict[str, Any]:
        """Return a count of the bars seen."""
        return {"bars": 0}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Look up the bar's line: action, kind, offset, stop, target, trail, bars, expiry."""
        state["bars"] += 1
        place = (view.bar.time - self.first) // HOUR
        if not 0 <= place < len(self.script) or not self.script[place][0]:
            return None, float(state["bars"])
        action, kind, offset, stop, target, trail, bars, expiry = self.script[place]
        if action == 2:
            return Exit(), float(state["bars"])
        plan = ExitPlan(stop=stop, target=target, trail=trail, bars=int(bars))
        name: Any = ("market", "limit", "stop")[int(kind)]
        price = round(view.bar.close + offset, 2)
        side: Any = int(action)
        return Entry(side=side, plan=plan, kind=name, price=price, expiry=int(expiry)), float(state["bars"])


NOTHING = (0.0,) * 8


def a_want(draw: random.Random) -> tuple[float, ...]:
    """Draw one line of a script."""
    dice = draw.random()
    if dice < 0.25:
        return NOTHING
    if dice < 0.37:
        return (2.0, *NOTHING[1:])
    side = draw.choice((1.0, -1.0))
    kind = draw.choice((0.0, 0.0, 0.0, 1.0, 2.0))
    offset = 0.0 if not kind else side * (-1.0 if kind == 1.0 else 1.0) * draw.choice((0.4, 0.8, 1.5))
    target = draw.choice((0.0, 0.0, 2.0, 4.0))
    return (
        side, kind, offset, draw.choice((2.0, 3.0, 5.0)), target, draw.choice((0.0, 0.0, 1.5, 2.5)),
        draw.choice((0.0, 1.0, 2.0, 4.0)), draw.choice((1.0, 2.0, 3.0)),
    )  # fmt: skip


class Busy(Planted):
    """A strategy that never rests: what it wants at a bar is drawn from its seed and the bar's time."""

    name: ClassVar[str] = "busy"

    def __init__(self, seed: int) -> None:
        """Take the seed."""
        super().__init__([], START)
        self.seed = seed

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Draw one line of a script for this bar."""
        self.script = [list(a_want(random.Random(f"{self.seed} {view.bar.time}")))]
        self.first = view.bar.time
        return super().decide(state, view)


PROBE = (1.0, 0.0, 0.0, 20.0, 0.0, 0.0, 1.0, 1.0)
"""A market order that is left a bar later: what the quiet bars are asked for."""


def some_bars(draw: random.Random, symbol: str, count: int) -> tuple[Bar, ...]:
    """Draw a walk of hours."""
    price, bars = draw.choice((1990.0, 2000.0, 2010.0)), []
    for place in range(count):
        opened = price
        price = round(price + draw.uniform(-2.0, 2.0), 2)
        high = round(max(opened, price) + draw.uniform(0.0, 1.5), 2)
        low = round(min(opened, price) - draw.uniform(0.0, 1.5), 2)
        bars.append(Bar(symbol, "H1", START + place * HOUR, opened, high, low, price, 7.0, 20.0))
        price = round(price + draw.uniform(-0.5, 0.5), 2)
    return tuple(bars)


def some_strikes(draw: random.Random, first: Fault, length: int) -> tuple[Strike, ...]:
    """Draw what goes wrong: surely `first`, perhaps more."""
    faults: list[Fault] = [first] if first != "none" else []
    faults += [draw.choice(FAULTS[1:]) for _ in range(draw.choice((0, 0, 1, 1, 2)))]
    strikes: dict[tuple[bool, int], Strike] = {}
    for fault in faults:
        of_order = fault in OF_AN_ORDER
        at = draw.choice((1, 1, 2, 2, 3, 4)) if of_order else draw.randrange(1, length)
        strikes.setdefault(
            (of_order, at), Strike(fault, at, draw.choice((0.05, 0.3, 0.7, 1.5)), draw.randrange(1 << 16))
        )
    return tuple(strikes.values())


def some_crashes(draw: random.Random, place: int, fault: Fault, strikes: tuple[Strike, ...]) -> tuple[Crash, ...]:
    """Draw who dies where: mostly at the point that is this seed's turn, after its fault; sometimes more, or nobody."""
    if draw.random() < 0.05:
        return ()
    struck = {strike.fault for strike in strikes}
    after: Fault = fault if fault in struck and draw.random() < 0.7 else "none"
    crashes = [Crash(POINTS[place], draw.choice((1, 1, 1, 2, 3)), draw.choice(VICTIMS), after)]
    others = range(draw.choice((0, 0, 1, 1, 2)))
    crashes += [Crash(draw.choice(POINTS), draw.choice((1, 1, 2, 3)), draw.choice(VICTIMS)) for _ in others]
    if POINTS[place].startswith("recovery"):  # somebody must die first
        crashes.append(Crash(draw.choice(POINTS[:16]), draw.choice((1, 2)), draw.choice(("daemon", "both")), after))
    return tuple(crashes)


def struck(strikes: tuple[Strike, ...], fault: Fault) -> bool:
    """Say whether a fault is among those drawn."""
    return any(strike.fault == fault for strike in strikes)


def of_the_bus(strikes: tuple[Strike, ...]) -> bool:
    """Say whether a fault strikes the message broker."""
    return any(strike.fault in OF_THE_BUS for strike in strikes)


def words_of(draw: random.Random, strikes: tuple[Strike, ...], length: int, lanes: Lanes) -> tuple[Said, ...]:
    """Draw what people say, mostly where it is this seed's turn that somebody speaks."""
    said: tuple[Said, ...] = ()
    if struck(strikes, "halt") or draw.random() < 0.1:
        said += some_words(draw, length)
    if struck(strikes, "halt of a scope") or draw.random() < 0.1:
        said += some_scoped(draw, length, lanes)
    if struck(strikes, "foreign trade"):
        said += tuple(some_foreign(draw, length, tuple(dict.fromkeys(symbol for symbol, _ in lanes))))
    if of_the_bus(strikes):
        words = *some_words(draw, length), *some_words(draw, length), *some_scoped(draw, length, lanes)
        said += tuple(msgspec.structs.replace(one, over_bus=True, foreign=False) for one in words)
    return said


def story_of(seed: int) -> Story:
    """Draw everything from one seed; which point and which fault are met follows from the seed's place in the row."""
    draw = random.Random(seed)
    place, turn = seed % len(POINTS), seed // len(POINTS) % len(FAULTS)
    length = draw.randrange(5, 10)
    count = HISTORY + length + QUIET
    symbols = SYMBOLS if draw.random() < 0.3 else SYMBOLS[:1]
    bars = {symbol: some_bars(draw, symbol, count) for symbol in symbols}
    lanes = list(symbols)
    if draw.random() < 0.3:
        lanes.append(symbols[0])
    scripts = []
    for symbol in lanes:
        wants = [a_want(draw) for _ in range(length)]
        scripts.append((symbol, (*wants, PROBE, NOTHING, PROBE, NOTHING)))
    strikes = some_strikes(draw, FAULTS[turn], length)
    said = words_of(draw, strikes, length, tuple(scripts))
    clock = struck(strikes, "wrong clock")  # of recorded time it would be nobody's fault
    claimed = struck(strikes, "done, not worked")  # only looks that take their time tell
    bar_s, reconcile_s = draw.choice((1.0, 3.0)), draw.choice((2.0, 10.0, 60.0))
    return Story(
        seed=seed, lanes=tuple(scripts), bars=bars, length=length,
        lockstep=draw.random() < 0.6 and not (clock or claimed or of_the_bus(strikes)), bar_s=3.0 if claimed else bar_s,
        poll_s=draw.choice((0.5, 1.0)), reconcile_s=2.0 if claimed else reconcile_s,
        commit_s=draw.choice((0.0, 0.002, 0.02)), line_s=draw.choice((0.0001, 0.002)), strikes=strikes, said=said,
        crashes=some_crashes(draw, place, FAULTS[turn], strikes), stays_halted=draw.random() < 0.2,
        netting=draw.random() < 0.3 and len(lanes) == len(symbols) and not struck(strikes, "foreign trade"),
    )  # fmt: skip
