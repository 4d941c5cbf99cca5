"""The alarms that a core raises as it stands: what somebody has to know of now.

Whom an alarm reaches, how often and by which way is the shell's affair (`runtime/alerts/`).
"""

from collections.abc import Container, Iterator

from runtime.core.core import Core
from runtime.core.kinds import Alarm
from runtime.core.risk import share

NEAR, AWAY = 0.7, 0.6
"""Shares of the daily loss limit: from the first on somebody is called, below the second it is over."""
LATE_S = 2.0
"""So long after its settle window what is in doubt should be settled: the look at its end takes a while."""


def alarms_of(core: Core, standing: Container[str] = (), *, latched: bool = True) -> tuple[Alarm, ...]:
    """Return all alarms that stand now.

    standing: keys of those that stood before: a loss that wavers about its limit is one alarm. latched: the account
    has had a latch; one that begins halted, and was never let go, is no alarm.
    """
    found = [*_broken(core), *_unguarded(core), *_lost(core, standing)]
    if core.plan.mode == "live":
        found += _novel(core)
    if latched and core.ledger.level in {"halt", "flatten"} and "SWITCH" not in core.ledger.holds:
        found.append(Alarm("halt", "account", f"the account stands at {core.ledger.level}"))
    return tuple(found)


def _broken(core: Core) -> Iterator[Alarm]:
    window_s = core.plan.settle_s + LATE_S
    for hold, why in core.ledger.holds.items():
        name = hold.partition(":")[0]
        if name == "BREAK":
            yield Alarm("break", hold, why)
        elif name == "MISSING":
            yield Alarm("in_doubt", hold, why)
        elif name == "IN_DOUBT":
            yield Alarm("in_doubt", hold, f"{why}: its settle window is over, and nobody knows yet", window_s)


def _unguarded(core: Core) -> Iterator[Alarm]:
    for lane in core.lanes:
        trade = lane.trade
        if trade is not None and not trade.absent and (trade.stop <= 0.0 or trade.seen_stop == 0.0):
            yield Alarm("unguarded", str(trade.position), f"{lane.name}: position {trade.position} has no stop")
    for position in core.ledger.foreign if core.ledger.surplus else ():
        if position.ident in core.ledger.surplus and position.stop <= 0.0:
            yield Alarm("unguarded", str(position.ident), f"position {position.ident} of ours has no stop")


def loss_of_day(core: Core) -> float:
    """Return the loss since the day began, open trades included, as a share of the limit; 0.0 before the first day."""
    ledger = core.ledger
    if ledger.day < 0:
        return 0.0
    return share(ledger.day_equity - core.decider.equity(), ledger.day_equity) / core.plan.limits.max_daily_loss


def _lost(core: Core, standing: Container[str]) -> Iterator[Alarm]:
    loss = loss_of_day(core)
    alarm = Alarm("daily_loss", str(core.ledger.day), f"{loss:.0%} of what may be lost in a day is lost")
    if loss >= (AWAY if alarm.key in standing else NEAR):
        yield alarm


def _novel(core: Core) -> Iterator[Alarm]:
    for reading in core.readings:
        if not (reading.novel or reading.unlike):
            continue
        kept = [lane.name for lane in core.lanes if lane.plan.regime == reading.name and lane.gate.mode != "off"]
        if kept:
            why = reading.unlike or f"no trained regime explains this ({reading.strangest})"
            yield Alarm("novelty", reading.name, f"{', '.join(kept)}: {why}")
