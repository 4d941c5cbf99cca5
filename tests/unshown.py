"""Cores to which the venue said yes, and that are not shown what must have come of it."""

from brokers.facts import Accepted, Reconciled
from market.types import Deal
from runtime.core.instructions import ClosePosition, Submit
from runtime.core.positions import Trade
from tests.cores import BALANCE, LEAVE, a_lane, a_plan, buy, closed, hour, reconciled
from tests.told import Told, only, position_of


def trade_of(told: Told) -> Trade:
    """Return the trade of the first strategy."""
    trade = told.core.lanes[0].trade
    assert trade is not None
    return trade


def closing() -> tuple[Told, Deal, ClosePosition]:
    """Return a core whose close of bar 4 was accepted (10008, PLACED), and of which no deal has told."""
    told = Told(a_plan(a_lane({3: buy()} | dict.fromkeys(range(4, 20), LEAVE))))
    entry = told.enter(3)
    wish = only(told.tell(closed(4)), ClosePosition)
    told.tell(Accepted(at=hour(5), id=wish.id, order=77))
    return told, entry, wish


def answered_as_done() -> tuple[Told, Submit]:
    """Return a core whose entry of bar 3 was answered as done (10009), and of which no deal has told."""
    told = Told(a_plan(a_lane({3: buy()})))
    wish = told.submit(3)
    told.tell(Accepted(at=hour(4), id=wish.id, order=77, deal=88, volume=1.0))
    return told, wish


def look(entry: Deal, *, settled: bool = False) -> Reconciled:
    """Return a look at a venue where the position still stands."""
    return reconciled(BALANCE, position_of(entry, stop=99.1), at=hour(5), settled=settled)
