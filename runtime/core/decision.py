"""A decision: what one strategy did with one closed bar, with every gate it met, also when nothing was done."""

from typing import Literal

import msgspec

from runtime.core.instructions import AnyInstruction

Outcome = Literal[
    "missed",
    "exit",
    "in_position",
    "order_working",
    "warming",
    "no_signal",
    "vetoed_by_regime",
    "held",
    "refused_by_risk",
    "observed",
    "traded",
]
OUTCOMES: tuple[Outcome, ...] = (
    "missed",
    "exit",
    "in_position",
    "order_working",
    "warming",
    "no_signal",
    "vetoed_by_regime",
    "held",
    "refused_by_risk",
    "observed",
    "traded",
)
"""The outcome classes in their order of precedence: a decision has the first that fits. An exit that a level or hold
forbids is `held`; `observed` was approved but the account's mode is observe."""


class Decision(msgspec.Struct, frozen=True, gc=False):
    """One strategy, one closed bar.

    Made by position in `decide.py`, in the order of these fields: by keyword it takes 8 us instead of 0.1.
    """

    run: int
    n: int
    """Number of the decision in its run."""
    at: int
    """Server time at which it was made: the tick that showed the bar as closed."""
    bar_time: int
    strategy: str
    symbol: str
    timeframe: str
    outcome: Outcome
    action: float
    """What the strategy wanted: NOTHING, LONG, SHORT or EXIT of `strategies.protocol`."""
    kind: str
    score: float
    features: tuple[float, ...]
    """The strategy's features, in its own order."""
    position: int
    held_bars: int
    bid: float
    ask: float
    regime: int
    """Most likely regime, as ordinal; -1: no regime bar yet, or the strategy has no gate."""
    posterior: tuple[float, ...]
    log_density: float
    """Log density of the last regime bar under the model's one-step prediction."""
    novelty: float
    """Largest statistic of the test whether any trained regime explains the bars, as a share of its limit: from 1 on
    the alarm is raised, until it has been quiet for a while; NaN: nobody looks."""
    gate_mode: str
    gate_open: bool
    gate_reason: str
    allowed: float
    """Posterior mass of the allowed regimes."""
    exposure: float
    """Share of its risk that the posterior leaves the strategy, 0 to 1; NaN: no reading, and the gate weighs it."""
    shut: str
    """What the shut gate did to the open trade, or under `advise` would have done; empty: nothing."""
    level: str
    holds: tuple[str, ...]
    """All that forbade the act wanted (levels and holds)."""
    numbers: tuple[float, ...]
    """The number of each risk check, in the order of `runtime.core.risk.CHECKS`; NaN where there is no intent."""
    limits: tuple[float, ...]
    reasons: tuple[str, ...]
    """Why risk refused; or, of a strategy in a process of its own, why there is no answer."""
    side: int
    volume: float
    price: float
    stop: float
    target: float
    risk: float
    """Loss at the stop, account money."""
    instruction: int
    """The instruction it gave, 0: none."""
    magic: int
    model: str
    config: str

    @property
    def id(self) -> str:
        """What people call it: run and number."""
        return f"{self.run}-{self.n}"


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one fact led to: decisions, and what they ask for."""

    decisions: tuple[Decision, ...] = ()
    instructions: tuple[AnyInstruction, ...] = ()


NO_STEP = Step()
