"""Controls beyond the mandatory limits: what the whole account would carry with an entry, each a number and a limit.

They are evaluated for every decision, all of those that are configured, none hiding another; their numbers and limits
stand in the decision behind those of `risk.CHECKS`, in the order of `names`. What needs an intent is NaN without one.
"""

from config.controls import ControlsSection
from runtime.core.accounting import Accounting
from runtime.core.marks import losses
from runtime.core.plan import Plan
from runtime.core.risk import CHECKS, Intent, share
from runtime.core.stakes import Stake, Valued, stakes
from runtime.core.state import Lane
from runtime.core.throttle import sent_within

NAN = float("nan")

SIZED = ("symbol position", "strategy position", "account position", "currency", "open risk", "margin level")
"""Controls whose number is that of an intent."""


def limits_of_controls(plan: Plan) -> dict[str, float]:
    """Return the limit of each control that is configured, by its name, in the order in which decisions tell them."""
    c, d = plan.controls, plan.drawdown
    level = c.min_margin_level
    every = {
        "symbol position": c.max_symbol,
        "strategy position": c.max_strategy,
        "account position": c.max_account,
        "currency": c.max_currency,
        "open orders": c.max_orders,
        "open risk": c.max_open_risk,
        "margin level": None if level is None else 1.0 / level,
        "entries sent": None if c.throttle is None else c.throttle.entries,
        "daily drawdown": None if d is None else d.soft * d.most_daily,
        "total drawdown": None if d is None else d.soft * d.most,
    }
    return {name: float(limit) for name, limit in every.items() if limit is not None}


class Controls:
    """The controls of one core."""

    __slots__ = ("account", "checks", "limits", "names", "said")

    def __init__(self, account: Accounting) -> None:
        """Hold what one account carries against the limits of its plan."""
        limits = limits_of_controls(account.plan)
        self.account, self.said = account, account.plan.controls
        self.names, self.limits = tuple(limits), tuple(limits.values())
        self.checks = (*CHECKS, *self.names)
        """Names of all checks whose numbers a decision has, in its order."""

    def standing(self, lane: Lane) -> tuple[float, ...]:
        """Return the number of each, in the order of `names`; NaN where it is that of an intent."""
        if not self.names:
            return ()
        told = _standing(self.account, self.said, lane)
        return tuple(told.get(name, NAN) for name in self.names)

    def sized(self, standing: tuple[float, ...], lane: Lane, intent: Intent, margin: float) -> tuple[float, ...]:
        """Return what stands with the numbers of an intent; `margin` is its own."""
        if not self.names:
            return ()
        told = _sized(self.account, self.said, intent, lane, margin)
        return tuple(told.get(name, number) for name, number in zip(self.names, standing, strict=True))

    def broken(self, numbers: tuple[float, ...], *, sized: bool) -> tuple[str, ...]:
        """Return which are not within their limits; of an intent without a size only those that need none."""
        held = zip(self.names, numbers, self.limits, strict=True)
        return tuple(name for name, x, top in held if not x <= top and (sized or name not in SIZED))


def _standing(account: Accounting, said: ControlsSection, lane: Lane) -> dict[str, float]:
    """Return the numbers that need no intent: were one sent now, how many there would be."""
    ledger = account.ledger
    resting = sum(1 for s in stakes(ledger, account.lanes) if s.rests)
    sent = sent_within(ledger, lane.name, said.throttle) if said.throttle is not None else 0
    told = {"open orders": resting + 1.0, "entries sent": sent + 1.0}
    if (rule := account.plan.drawdown) is not None:
        marks = (account.host or account).ledger.marks
        told["daily drawdown"], told["total drawdown"] = losses(marks, rule, account.worth())
    return told


def _sized(account: Accounting, said: ControlsSection, intent: Intent, lane: Lane, margin: float) -> dict[str, float]:
    """Return the numbers with an intent: values in multiples of equity, the loss and the margin as shares of it."""
    mine = Stake(
        intent.symbol, intent.side, intent.volume, intent.price, intent.stop, rests=True, strategy=lane.number
    )  # fmt: skip
    there = Valued(account, said.unstopped)
    there.all.append(mine)
    worth = account.worth()
    same = [s for s in there.all if s.symbol == intent.symbol and s.side == intent.side]
    own = [s for s in there.all if s.strategy == lane.number]
    unknown = there.unknown
    return {
        "symbol position": share(sum(map(there.value, same)), worth),
        "strategy position": share(sum(map(there.value, own)), worth),
        "account position": share(sum(map(there.value, there.all)) + unknown, worth),
        "currency": share(_most_exposed(there, intent.symbol), worth),
        "open risk": share(sum(map(there.loss, there.all)) + unknown * said.unstopped, worth),
        "margin level": share(account.used_margin() + margin, worth),
    }


def _most_exposed(there: Valued, symbol: str) -> float:
    """Return the largest net value, long or short, in one of a symbol's two currencies."""
    s = there.account.contracts[symbol].symbol
    return max(max(-low, high) for low, high in map(there.exposed, (s.currency_base, s.currency_profit)))
