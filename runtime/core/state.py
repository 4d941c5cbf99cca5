"""All that moves in a core, and how it is put to rest and woken again byte for byte."""

from typing import Any, Literal

import msgspec

from brokers.latch import Level
from market.types import Deal, Order, Position, Symbol
from regimes.gate import GateParams, gate_init
from regimes.shut import flat_policy
from runtime.core.ended import Ended
from runtime.core.feeds import FeedSnapshot
from runtime.core.instructions import Asker
from runtime.core.made import MadeSnapshot
from runtime.core.marks import Marks
from runtime.core.orders import OrderRecord
from runtime.core.plan import StrategyPlan
from runtime.core.positions import Trade
from runtime.core.readings import ReadingSnapshot
from strategies.adapter import runner_of

OFF = GateParams(mode="off")


class Lane:
    """One strategy at work: its own state, its gate, and what it holds."""

    __slots__ = (
        "allowed", "exposure", "gate", "gate_flat", "gate_open", "gate_reason", "gate_state", "lived", "mask", "name",
        "number", "order", "picks", "plan", "range_pick", "runner", "shut_flat", "silent_ms", "trade", "weights",
    )  # fmt: skip

    def __init__(self, plan: StrategyPlan, picks: tuple[int, ...], states: int) -> None:
        """Begin flat; `picks` are the places of its features in its feed, `states` its regime model's, 0: none."""
        self.plan = plan
        self.name = plan.name
        self.number = plan.number
        self.runner = runner_of(plan.strategy)
        self.picks = picks
        self.range_pick = -1
        """Place in its feed of what its size is reckoned by; -1: of nothing that bars tell."""
        self.gate = plan.gate or OFF
        self.mask = self.gate.mask(states) if states else ()
        self.weights = self.gate.weights(states) if states else ()
        self.gate_flat = self.gate.flat()
        self.shut_flat = flat_policy(self.gate.on_shut)
        self.gate_state: list[float] = gate_init(self.gate_flat)
        self.gate_open = False
        self.gate_reason = "no regime bar yet"
        self.allowed = float("nan")
        self.exposure = float("nan") if self.gate.weighs else 1.0
        self.silent_ms = 0
        self.lived = 0
        """When the last bar opened that its strategy remembers from a core of before; 0: it remembers none."""
        self.trade: Trade | None = None
        self.order = 0


class LaneSnapshot(msgspec.Struct, frozen=True):
    """A lane at rest."""

    runner: Any
    gate_state: list[float]
    gate_open: bool
    gate_reason: str
    allowed: float
    exposure: float
    silent_ms: int
    trade: Trade | None
    order: int
    lived: int = 0


class Adoption(msgspec.Struct):
    """A position on its way to a strategy: it is taken once its stop is set."""

    asker: Asker
    trade: Trade
    order: int
    """Instruction that sets the stop."""


class Early(msgspec.Struct, frozen=True):
    """A deal that left a position of which no entry was told yet (`early.py`)."""

    deal: Deal
    entry: int
    """Instruction of the entry whose deal is waited for, 0: it may be a stranger's."""


class Standing(msgspec.Struct, frozen=True):
    """Where a scope stands by its own level."""

    level: Level
    force: bool = False
    """Its flatten closes also what is in doubt."""
    foreign: bool = False
    """Its flatten closes also what is not ours."""


class Leaving(msgspec.Struct, kw_only=True):
    """A position that a flatten closes, and what became of it (`leaving.py`)."""

    position: int
    ticket: int
    strategy: str
    symbol: str
    side: int
    lots: float
    """As the flatten found it."""
    state: Literal["asked", "queued", "refused", "closed", "gone", "dropped", "left"] = "asked"
    until: int = 0
    """Queued: when its market opens, server time; 0: nobody knows."""
    why: str = ""
    price: float = 0.0
    """At which it was left last."""
    deal: int = 0
    foreign: bool = False
    """It is not ours (`outsiders.py`)."""
    instruction: int = 0
    """Foreign: that by which its close was sent, 0: none may be worked yet."""


class Ledger(msgspec.Struct):
    """The money and the orders of the account, as the core knows them."""

    run: int = 0
    decisions: int = 0
    instructions: int = 0
    at: int = 0
    level: Level = "halt"
    scopes: dict[str, Standing] = {}
    """Of a strategy, symbol or model that is latched by itself."""
    generation: int = 0
    balance: float = 0.0
    known: bool = False
    """The balance was told by the venue once."""
    counting: bool = False
    """It may hold the money of deals that are yet to show, or lack that of shown ones: it is to be told again."""
    day: int = -1
    day_equity: float = 0.0
    day_size: float = 0.0
    """The least that it was since the day began: deposits add to it only then."""
    lost_day: int = -1
    day_lost: float = 0.0
    """The greatest loss that a day has seen, as a share of its first equity, and which day: what was reached stays so
    until the next one begins, whatever is won back, and counted anew."""
    last_deal: int = 0
    last_deal_at: int = 0
    heard: tuple[int, ...] = ()
    """Tickets of the deals heard last, rising: all up to the first are known. Empty: all up to `last_deal` are."""
    ended: bool = False
    settle_timer: int = 0
    """Instruction id of the newest settle timer, which gives every doubt its whole window; 0: none runs."""
    missing_timers: dict[str, int] = {}
    """Symbol -> instruction id of its newest timer: only that one ends the window of all its missing orders.

    0: it is over, and the next look lifts the hold.
    """
    surplus: dict[int, str] = {}
    """Position of ours that no strategy holds -> why; it is a break until it is gone from the venue."""
    breaks: dict[str, int] = {}
    """Hold of a break -> looks at the venue that found it so far."""
    force: bool = False
    """The operator's flatten closes also what is in doubt."""
    outsiders: bool = False
    """The operator's flatten closes also what is not ours."""
    taken_back: dict[int, int] = {}
    """Foreign order -> instruction by which a flatten had it taken back."""
    leaving: dict[int, Leaving] = {}
    """Position -> what a flatten has made of it, until another one is asked for."""
    holds: dict[str, str] = {}
    orders: dict[int, OrderRecord] = {}
    magics: dict[int, int] = {}
    """Magic number -> instruction, of entries that may still be filled."""
    foreign: tuple[Position, ...] = ()
    foreign_orders: tuple[Order, ...] = ()
    quiet: dict[int, int] = {}
    """Foreign position -> milliseconds of a moving market in which nothing was sent under its magic number."""
    looked_at: int = 0
    """When the venue was looked at last."""
    touched: tuple[int, ...] = ()
    """Foreign positions of which a deal was told since."""
    beyond: int = 0
    """Highest run whose magic numbers were seen before they were made here; 0: none was."""
    adopting: Adoption | None = None
    foreign_margin: float = 0.0
    """Margin that positions of others take, account money."""
    told: dict[str, Symbol] = {}
    """Contracts as the terminal told them last, by canonical name."""
    acknowledged: dict[str, Symbol] = {}
    """Contracts that a person took instead of the configured ones: what is traded is sized with them."""
    tick_values: dict[str, float] = {}
    """Account money of one tick of one lot, as it was when the contract was taken."""
    quotes: dict[str, tuple[float, float]] = {}
    early: tuple[Early, ...] = ()
    off: float = 0.0
    """What the venue's balance was beyond ours at the last look, account money; 0.0: nothing."""
    off_since: int = 0
    """When a look first found it off by that much."""
    taken: float = 0.0
    """What was taken of it last because a person said so, account money."""
    written: dict[int, float] = {}
    """Position that a person has written off -> money that was taken with it."""
    entries: dict[str, tuple[int, ...]] = {}
    """Strategy -> when it has sent its last entries, as many as its throttle counts."""
    ended_trades: dict[str, tuple[Ended, ...]] = {}
    """Strategy -> its last trades that are over, the latest last."""
    judged: dict[str, int] = {}
    """Strategy -> the deal that has ended the last trade by which its protections were judged."""
    until: dict[str, int] = {}
    """Hold that time lifts -> when."""
    marks: Marks = msgspec.field(default_factory=Marks)
    """What the losses of a day and in all are counted from."""
    swaps: dict[int, float] = {}
    """Position of ours -> swap that waits in it, as it was looked at last."""
    sequences: dict[str, int] = {}
    """Name of a key -> the highest sequence of its commands over the bus that were obeyed."""


class CoreSnapshot(msgspec.Struct, frozen=True):
    """A core at rest."""

    ledger: Ledger
    feeds: list[FeedSnapshot]
    readings: list[ReadingSnapshot]
    lanes: list[LaneSnapshot]
    made: list[MadeSnapshot] = msgspec.field(default=[], name="days")
    """Of bars that are made of shorter ones; by the name it had when those were days alone."""


def lane_snapshot(lane: Lane) -> LaneSnapshot:
    """Return all that moves in a lane."""
    return LaneSnapshot(
        lane.runner.snapshot(), list(lane.gate_state), lane.gate_open, lane.gate_reason, lane.allowed, lane.exposure,
        lane.silent_ms, lane.trade, lane.order, lane.lived,
    )  # fmt: skip


def restore_lane(lane: Lane, snapshot: LaneSnapshot) -> None:
    """Put a lane back where it was."""
    lane.runner.restore(snapshot.runner)
    lane.gate_state = list(snapshot.gate_state)
    lane.gate_open, lane.gate_reason = snapshot.gate_open, snapshot.gate_reason
    lane.allowed, lane.exposure, lane.silent_ms = snapshot.allowed, snapshot.exposure, snapshot.silent_ms
    lane.trade, lane.order, lane.lived = snapshot.trade, snapshot.order, snapshot.lived
