"""What is told of an account's worth between two bars: that a loss nears its limit or breaks it, or that a day began.

Each poll shows it, and what two in a row show is believed: money that comes or goes as one is read is in its worth, and
heard of with the next. What matters to no limit is not told: a journal has no use for the worth of every second.
"""

from collections.abc import Iterator, Mapping

from brokers.facts import WorthSeen
from brokers.mt5.frames import Polled
from brokers.mt5.zone import to_server
from market.types import DAY_MS
from runtime.core.core import Core
from runtime.core.drawdown import BLIND, DAILY, TOTAL
from runtime.core.marks import losses
from runtime.core.risk import share

Quotes = Mapping[str, tuple[float, float]]

FIRST, ALL = 7, 10
"""Tenths of a limit: from the first on each that is reached is told, once a day; at seven people are called."""
RISES = 0.01
"""Share of what may be lost in all: a trailing mark that would rise by so much is told."""
AGAIN_MS = 5_000
"""Where a broken rule closes all, what could not be closed is asked for again after so long."""
_HOLDS = {"daily": DAILY, "total": TOTAL}


class Nearing:
    """How near one account's losses are to their limits, as polls show it."""

    def __init__(self, core: Core) -> None:
        """Begin having seen nothing."""
        self.core = core
        self.told: dict[str, int] = {}
        self.day = self.last = 0
        self.before: float | None = None
        """What the last poll showed, beyond what the day is counted from, which moves with deposits and withdrawals."""
        self.over = float("-inf")
        """The most of it since it was told last."""

    def seen(self, told: Polled, *, ours: bool) -> Iterator[WorthSeen]:
        """Yield the fact of it where it matters; ours: the terminal's worth is ours, else its quotes make it."""
        core, quotes, at = self.core, told.quotes, told.at
        if BLIND & core.ledger.holds.keys() or not quotes:
            return
        worth = told.worth if ours and told.worth is not None else core.decider.worth(quotes)
        marks = core.ledger.marks
        if marks.day != self.day:
            self.day, self.before, self.over = marks.day, None, float("-inf")
        now, before = worth - marks.anchor, self.before
        self.before = now
        steady = now if before is None else max(before, now)
        self.over = max(self.over, now if before is None else min(before, now))
        highest = marks.anchor + self.over
        if self._day(at) or (before is not None and self._matters(at, marks.anchor + steady, highest, quotes)):
            yield WorthSeen(at=at, worth=marks.anchor + steady, highest=highest, quotes=dict(quotes))
            self.over, self.last = steady, at

    def _matters(self, at: int, worth: float, highest: float, quotes: Quotes) -> bool:
        """Say whether it has to be told, and count it as told."""
        ledger, rule = self.core.ledger, self.core.plan.drawdown
        found = {"day": self._of_day(quotes)}
        rises = False
        if rule is not None:
            marks = ledger.marks
            today, total = losses(marks, rule, worth)
            found |= {"daily": today / rule.most_daily, "total": total / rule.most}
            rises = rule.preset == "trailing" and highest - marks.peak > RISES * rule.most * marks.size
        tenths = {name: min(int(ALL * lost + 1e-9), ALL) for name, lost in found.items() if lost > 0.0}
        nearer = [n for n, tenth in tenths.items() if tenth >= FIRST and tenth > self.told.get(n, 0)]
        self.told |= {name: tenths[name] for name in nearer}
        return bool(nearer) or rises or self._broken(tenths) or self._left(at)

    def _day(self, at: int) -> bool:
        """Say whether a day has begun, by either clock; every loss may be told again then."""
        ledger, plan = self.core.ledger, self.core.plan
        if "CONTRACT" in ledger.holds:
            return False  # nobody knows what day it is
        began = to_server(plan.zone, at) // DAY_MS > ledger.day
        if plan.drawdown is not None and ledger.marks.day >= 0:
            began = began or to_server(plan.drawdown.zone or plan.zone, at) // DAY_MS > ledger.marks.day
        if began:
            self.told.clear()
        return began

    def _of_day(self, quotes: Quotes) -> float:
        """Return the loss of the day as a share of what the mandatory limit allows."""
        ledger, core = self.core.ledger, self.core
        lost = share(ledger.day_equity - core.decider.equity(quotes), ledger.day_size or ledger.day_equity)
        return lost / core.plan.limits.max_daily_loss

    def _broken(self, tenths: Mapping[str, int]) -> bool:
        """Say whether a rule is broken, and nothing is held for it: a person may have lifted that."""
        holds = self.core.ledger.holds
        return any(tenths.get(name, 0) >= ALL and hold not in holds for name, hold in _HOLDS.items())

    def _left(self, at: int) -> bool:
        """Say whether something is open still that a broken rule would have closed."""
        core, rule = self.core, self.core.plan.drawdown
        if rule is None or rule.on_breach != "flatten" or at - self.last < AGAIN_MS:
            return False
        held = core.ledger.holds.keys() & _HOLDS.values()
        trades = [lane.trade for lane in core.lanes if lane.trade is not None]
        return bool(held) and any(not (t.closing or t.absent) for t in trades)
