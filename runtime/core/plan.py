"""What a core is built from: the strategies, regimes, limits and contracts of one account, as plain frozen values."""

from collections.abc import Mapping
from typing import Literal, assert_never

import msgspec

from brokers.hours import Hours
from brokers.limits import Limits
from brokers.made import MadeRule, said_of
from config.controls import ControlsSection
from config.drawdown import DrawdownSection
from config.protections import ProtectionsSection
from config.refits import after
from market.types import TIMEFRAMES, Symbol
from regimes.bundle import RegimeModel
from regimes.gate import GateParams
from regimes.novelty import e_process
from runtime.core.windows import Windows
from strategies.protocol import Strategy
from strategies.sizing import AnySizing, ByRisk

Mode = Literal["observe", "paper", "live"]
Watch = Literal["model", "e-process", "off"]
"""By whose limits the bars of a regime are novel: its model's own, those of a rule that needs none, nobody's."""


class NoModel(msgspec.Struct, frozen=True):
    """Why a regime has no model: nothing is in its place, or what is there cannot be read."""

    why: str

    @property
    def said(self) -> str:
        """The same as a decision tells it."""
        return f"no model: {self.why}"

    @property
    def fingerprint(self) -> str:
        """That of no model."""
        return ""


def novelty_by(watch: Watch, model: RegimeModel | NoModel) -> tuple[float, ...]:
    """Return the rule by which a regime's bars are novel; () where nobody looks."""
    if isinstance(model, NoModel):
        return ()
    match watch:
        case "model":
            return model.novelty
        case "e-process":
            return e_process(len(model.features))
        case "off":
            return ()
        case _:
            assert_never(watch)


class RegimePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A regime model and the bars it reads."""

    name: str
    symbol: str
    timeframe: str
    model: RegimeModel | NoModel
    """Without one nothing is read: a gate that listens to it is shut, and what is open is left to its own plan."""
    novelty: tuple[float, ...] = ()
    """Parameters of `regimes/novelty.py`; (): nobody looks whether the model explains the bars."""
    watch: Watch = "model"
    """Where the rule of a model that comes after this one is from."""
    max_age: str = ""
    """How old its model may get, like "12 months", from the close of the last bar that it learnt from; empty: any."""
    made: MadeRule | None = None
    """How its bars are made of shorter ones; None: its bars are told as they are."""

    learnt_from: str = ""
    """Another symbol whose bars its model may have learnt from; empty: none."""

    @property
    def told(self) -> str:
        """The timeframe of the bars that have to be told for it."""
        return self.made.made_of if self.made else self.timeframe

    def other_symbol(self, model: RegimeModel) -> str:
        """Return whose bars a model has learnt from, where nobody means it to; empty: of this symbol, or unknown."""
        return model.data.other_symbol(self.symbol, self.learnt_from)

    def other_bars(self, model: RegimeModel) -> str:
        """Return in which way a model was learnt from bars that are none of these; empty: in none that is known."""
        return model.data.other_bars(self.timeframe, said_of(self.made))

    @property
    def ends(self) -> int:
        """From which moment on, UTC milliseconds, nothing that its model says counts; 0: never."""
        if not self.max_age or isinstance(self.model, NoModel):
            return 0
        return after(self.model.data.last + TIMEFRAMES[self.timeframe] * 1000, self.max_age)

    def read_by(self, model: RegimeModel) -> "RegimePlan":
        """Return the same regime, read by another model."""
        return msgspec.structs.replace(self, model=model, novelty=novelty_by(self.watch, model))


class StrategyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy, the bars it reads, what it may risk, and the gate before it."""

    number: int
    """1, 2, 3 …: part of every magic number it sends."""
    name: str
    strategy: Strategy
    symbol: str
    timeframe: str
    risk: float
    """Share of equity lost at the stop, at most."""
    size: AnySizing = ByRisk()
    gate: GateParams | None = None
    regime: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the core of one account knows before its first fact."""

    mode: Mode
    currency: str
    leverage: int
    limits: Limits
    symbols: Mapping[str, Symbol]
    strategies: tuple[StrategyPlan, ...]
    regimes: tuple[RegimePlan, ...] = ()
    config: str = ""
    """Fingerprint of the configuration."""
    settle_s: float = 6.0
    """Longest time in which an order in flight may still turn up at the venue; see docs/guarantees.md."""
    zone: str = "UTC"
    """The rule of the server's clock, at whose midnight nights are charged."""
    hedging: bool = True
    """Each position stands by itself; else there is one net position a symbol."""
    reopen_spread: float = 0.0
    """Points at which a position is closed at most that a flatten had to keep until its market opened; 0.0: any."""
    hands: Literal["restore", "accept"] = "restore"
    """What becomes of a stop that somebody removed or widened by hand."""
    unguarded_s: float = 300.0
    """Seconds of server time for which a trade may have no stop at the venue before it is left; 0.0: for ever."""
    deviation: int = 0
    """Points a market order may slip where the venue honours it."""
    hours: Mapping[str, Hours] = {}
    """When each symbol is traded; one that is not named never shuts."""
    controls: ControlsSection = ControlsSection()
    """Limits beyond the mandatory ones."""
    drawdown: DrawdownSection | None = None
    """What may be lost in a day and in all; None: nothing is said beyond the mandatory limit of a day."""
    windows: Windows | None = None
    """Named windows of time without entries; None: there are none."""
    protections: ProtectionsSection | None = None

    def of(self, name: str) -> RegimePlan:
        """Return a regime by its name."""
        return next(r for r in self.regimes if r.name == name)

    def read_by(self, name: str, model: RegimeModel) -> "Plan":
        """Return the same plan, one regime of which is read by another model; itself where it is so already."""
        regimes = tuple(
            r.read_by(model) if r.name == name and r.model.fingerprint != model.fingerprint else r for r in self.regimes
        )
        return self if regimes == self.regimes else msgspec.structs.replace(self, regimes=regimes)
