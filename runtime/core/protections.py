"""Protections: a strategy whose last trades were of a certain kind is held, until time or a person lifts that.

They are judged on the bar after a trade has ended, by what all its deals made; holds and what they are judged by are in
the ledger, so a restart changes nothing. Time lifts on the first bar after it by a clock that is not doubted. After a
hold that was lifted only later trades count.
"""

from collections.abc import Iterator

from config.protections import ProtectionsSection
from runtime.core.accounting import Accounting
from runtime.core.desk import OrderDesk
from runtime.core.ended import Ended
from runtime.core.state import Ledger

COOLDOWN, STOPS, LOW_PROFIT = "COOLDOWN", "STOPS", "LOW_PROFIT"
PROTECTIONS = frozenset({COOLDOWN, STOPS, LOW_PROFIT})


def protect(account: Accounting, desk: OrderDesk) -> None:
    """Judge each strategy whose last trade has ended since it was judged."""
    said, ledger = account.plan.protections, account.ledger
    if said is None:
        return
    for name, ended in ledger.ended_trades.items():
        if ledger.judged.get(name) == ended[-1].deal:
            continue
        ledger.judged[name] = ended[-1].deal
        for hold, why, minutes in _broken(said, ended):
            _hold(ledger, desk, f"{hold}:{name}", why, ended[-1].at, minutes)


def _broken(said: ProtectionsSection, ended: tuple[Ended, ...]) -> Iterator[tuple[str, str, float]]:
    """Yield each protection that has to act, why, and for how many minutes; 0.0: until a person lifts it."""
    if said.cooldown is not None:
        yield COOLDOWN, f"a trade has ended, and {said.cooldown.minutes:g} minutes are waited", said.cooldown.minutes
    if (rule := said.stops) is not None:
        last = _within(ended, rule.within_minutes)[-rule.stops :]
        if len(last) == rule.stops and all(one.stopped and one.net < 0.0 for one in last):
            yield STOPS, f"{rule.stops} trades in a row were stopped at a loss", rule.hold_minutes
    if (low := said.low_profit) is not None:
        last = _within(ended, low.within_minutes)[-low.trades :]
        made = sum(one.net for one in last)
        if len(last) == low.trades and made < low.least:
            yield LOW_PROFIT, f"{low.trades} trades have made {made:.2f}, {low.least:g} are wanted", low.hold_minutes


def _within(ended: tuple[Ended, ...], minutes: float) -> list[Ended]:
    return [one for one in ended if one.at > ended[-1].at - minutes * 60_000]


def _hold(ledger: Ledger, desk: OrderDesk, hold: str, why: str, since: int, minutes: float) -> None:
    if hold not in ledger.holds and not hold.startswith(COOLDOWN):
        lifts = f"for {minutes:g} minutes" if minutes else "until a person lifts that (tidegate ack --hold)"
        desk.alert("note", f"{hold.partition(':')[2]}: {why}: no entry {lifts}", hold)
    ledger.holds[hold] = why
    if minutes:
        ledger.until[hold] = since + int(minutes * 60_000)


def lift_over(ledger: Ledger) -> None:
    """Lift the holds whose time is over."""
    if "CONTRACT" in ledger.holds:
        return
    for hold in [hold for hold, until in ledger.until.items() if until <= ledger.at]:
        begin_anew(ledger, hold)


def begin_anew(ledger: Ledger, hold: str) -> None:
    """Lift a hold of a protection; a lock by several trades counts later ones alone."""
    name, _, strategy = hold.partition(":")
    ledger.holds.pop(hold, None)
    ledger.until.pop(hold, None)
    if name != COOLDOWN:
        ledger.ended_trades.pop(strategy, None)
