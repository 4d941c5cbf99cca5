"""The alarms that a core raises as it stands: what somebody has to know of now.

Whom an alarm reaches, how often and by which way is the shell's affair (`runtime/alerts/`).
"""

from collections.abc import Container, Iterator

from runtime.core.core import Core
from runtime.core.kinds import Alarm
from runtime.core.marks import losses
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


def unguarded(core: Core) -> list[tuple[int, str]]:
    """Return the positions of ours that have no stop at the venue, each with whose it is."""
    trades = [(lane.trade, lane.name) for lane in core.lanes if lane.trade is not None]
    bare = [(t.position, name) for t, name in trades if not t.absent and (t.stop <= 0.0 or t.seen_stop == 0.0)]
    lost = [p for p in core.ledger.foreign if p.ident in core.ledger.surplus and p.stop <= 0.0]
    return bare + [(position.ident, "nobody's") for position in lost]


def _unguarded(core: Core) -> Iterator[Alarm]:
    for position, whose in unguarded(core):
        yield Alarm("unguarded", str(position), f"{whose}: position {position} has no stop")


def loss_of_day(core: Core) -> float:
    """Return the loss since the day began, open trades included, as a share of its limit: of the nearest one."""
    ledger, rule, found = core.ledger, core.plan.drawdown, 0.0
    if ledger.day >= 0:
        size = ledger.day_size or ledger.day_equity
        lost = share(ledger.day_equity - core.decider.equity(), size)
        lost = max(lost, ledger.day_lost) if core.decider.won_back(0.0) else lost
        found = lost / core.plan.limits.max_daily_loss
    if rule is not None and ledger.marks.day >= 0:
        found = max(found, losses(ledger.marks, rule, core.decider.worth())[0] / rule.most_daily)
    return found


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
