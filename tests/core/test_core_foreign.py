"""What is on the account and is not ours: shown, counted in every limit it weighs on, and never touched."""

from typing import Any

import msgspec
import pytest

from brokers.facts import Accepted, DealMade, LinkUp, Reconciled
from brokers.latch import Level
from market.types import Order, Position
from runtime.core.instructions import Alert, Cancel, ClosePosition, ModifyStop
from runtime.core.risk import CHECKS, foreign_margin
from tests.cores import (
    BALANCE,
    LIMITS,
    a_lane,
    a_plan,
    an_account,
    buy,
    buy_limit,
    closed,
    hour,
    level,
    reconciled,
    sell,
)
from tests.told import Told, kinds, of_kind, only, resting
from tests.venues import GOLD, MONDAY

SIX = dict.fromkeys(range(3, 9), buy())


def a_position(**fields: Any) -> Position:  # noqa: ANN401 - of any field
    """Return two lots of gold that somebody else bought at 100.00, without a stop; fields may be changed."""
    given = Position(ticket=4711, at=MONDAY, symbol="XAUUSD", side=1, volume=2.0, price=100.0, magic=77)
    return msgspec.structs.replace(given, **fields)


def an_order(**fields: Any) -> Order:  # noqa: ANN401 - of any field
    """Return somebody else's buy limit of a lot of gold; fields may be changed."""
    given = Order(ticket=4712, at=MONDAY, symbol="XAUUSD", side=1, kind="limit", volume=1.0, price=99.0, magic=77)
    return msgspec.structs.replace(given, **fields)


def beside(*positions: Position, margin: float = 0.0, orders: tuple[Order, ...] = (), hedging: bool = True) -> Told:
    """Return a core that has seen foreign positions and orders on an account with this margin in use."""
    told = Told(a_plan(a_lane(SIX), limits=msgspec.structs.replace(LIMITS, max_positions=2), hedging=hedging))
    account = msgspec.structs.replace(an_account(), margin=margin, hedging=hedging)
    told.tell(LinkUp(at=MONDAY, account=account))
    told.tell(Reconciled(at=MONDAY, account=account, positions=positions, orders=orders))
    return told


def number(told: Told, name: str, n: int = 3) -> float:
    """Return the number of one check of the decision of bar n."""
    return told.decide(n).numbers[CHECKS.index(name)]


def test_foreign_positions_and_orders_are_seen() -> None:
    """Both stand in the ledger as the venue shows them."""
    told = beside(a_position(), orders=(an_order(),))

    assert ((a_position(),), (an_order(),)) == (told.core.ledger.foreign, told.core.ledger.foreign_orders)
    assert [] == told.holds


def test_foreign_positions_and_orders_count_as_positions() -> None:
    """Two of theirs fill an account that may hold two."""
    told = beside(a_position(), orders=(an_order(),))
    d = told.decide(3)

    assert ("refused_by_risk", ("positions",), 3.0) == (d.outcome, d.reasons, d.numbers[CHECKS.index("positions")])


@pytest.mark.parametrize(
    ("positions", "told", "expected"),
    [
        ((a_position(),), 0.0, 200.0),  # by the contract: 2 lots x 100 oz x 100.00 / 100
        ((a_position(),), 150.0, 200.0),
        ((a_position(),), 350.0, 350.0),  # the broker asks for more
        ((a_position(symbol="COCOA"),), 123.0, 123.0),  # a symbol nobody has configured
        ((), 50.0, 0.0),
    ],
)
def test_foreign_margin_weighs_on_ours(positions: tuple[Position, ...], told: float, expected: float) -> None:
    """It is what contracts make it, or all of the account's margin that ours does not explain."""
    core = beside(*positions, margin=told)

    assert expected == core.core.ledger.foreign_margin
    assert pytest.approx((expected + 100.1) / BALANCE) == number(core, "margin")


def test_our_own_margin_is_not_foreign() -> None:
    """What our trades explain is taken off first."""
    assert (250.0, 200.0, 0.0) == (
        foreign_margin(100.0, 350.0, 100.0), foreign_margin(200.0, 250.0, 100.0), foreign_margin(0.0, 90.0, 100.0),
    )  # fmt: skip


@pytest.mark.parametrize(("side", "lots", "reasons"), [(1, 4.0, ("symbol volume",)), (-1, 1.0, ())])
def test_a_symbols_limit_counts_open_and_resting_lots_of_one_direction(
    side: int, lots: float, reasons: tuple[str, ...]
) -> None:
    """Two foreign lots, one resting, and our own: the broker allows three and a half in one direction."""
    gold = msgspec.structs.replace(GOLD, volume_limit=3.5)
    told = Told(a_plan(a_lane({3: buy() if side > 0 else sell()}), symbols={"XAUUSD": gold}))
    told.tell(reconciled(BALANCE, a_position(), orders=(an_order(),)))
    d = told.decide(3)

    assert (lots, 3.5, reasons) == (d.numbers[-1], d.limits[-1], d.reasons)


@pytest.mark.parametrize("to", ["run", "close-only", "halt", "flatten"])
def test_what_is_not_ours_is_never_touched(to: Level) -> None:
    """At no level is anything asked of the venue about it."""
    told = beside(a_position(), orders=(an_order(),))
    step = told.tell(level(to, hour(4)), reconciled(BALANCE, a_position(), orders=(an_order(),)), closed(3))

    assert [] == [*of_kind(step, ClosePosition), *of_kind(step, ModifyStop), *of_kind(step, Cancel)]


def test_an_entry_is_not_netted_with_what_is_not_ours() -> None:
    """On a netting account it would make their position larger or smaller: held until that is gone, told once."""
    told = beside(a_position(), hedging=False)
    first = told.steps[-1]
    again = told.tell(reconciled_netting(a_position()))
    held = told.decide(3)
    told.tell(reconciled_netting())

    assert ("warn", []) == (only(first, Alert).severity, kinds(again))
    assert ("held", ("FOREIGN:XAUUSD",)) == (held.outcome, held.holds)
    assert ([], "traded") == (told.holds, told.decide(4).outcome)


def test_an_entry_that_rests_is_taken_back_before_it_is_netted_with_what_is_not_ours() -> None:
    """Somebody has bought by hand on a netting account, where a limit of ours waits: a fill would be theirs."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5)}), hedging=False))
    told.tell(LinkUp(at=MONDAY, account=msgspec.structs.replace(an_account(), hedging=False)), reconciled_netting())
    wish = told.submit(3)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))
    alone = told.tell(reconciled_netting(orders=(resting(wish),)))
    beside_theirs = told.tell(reconciled_netting(a_position(), orders=(resting(wish),)))

    assert ([], 55) == (kinds(alone), only(beside_theirs, Cancel).order)


def reconciled_netting(*positions: Position, orders: tuple[Order, ...] = ()) -> Reconciled:
    """Return a look at a netting account."""
    account = msgspec.structs.replace(an_account(), hedging=False)
    return Reconciled(at=MONDAY, account=account, positions=positions, orders=orders)


@pytest.mark.parametrize("hedging", [True, False])
def test_an_account_that_keeps_positions_another_way_is_held_whole(hedging: bool) -> None:  # noqa: FBT001 - a case
    """A close there could open, an entry close: nothing leaves until the configuration says how it is."""
    told = beside(hedging=hedging)
    account = msgspec.structs.replace(an_account(), hedging=not hedging)
    step = told.tell(LinkUp(at=hour(4), account=account))
    wrong = told.holds
    told.tell(LinkUp(at=hour(4), account=msgspec.structs.replace(account, hedging=hedging)))

    assert ("page", True) == (only(step, Alert).severity, "WRONG_TERMINAL" in wrong)
    assert "WRONG_TERMINAL" not in told.holds


def test_an_account_of_another_currency_is_held_whole() -> None:
    """Every size and every limit is reckoned in money of the configuration."""
    told = beside()
    account = msgspec.structs.replace(an_account(), currency="JPY")
    step = told.tell(LinkUp(at=hour(4), account=account))
    why = told.core.ledger.holds["WRONG_TERMINAL"]
    told.tell(LinkUp(at=hour(4), account=an_account()))

    assert ("page", "the account's money is JPY, account.currency says USD") == (only(step, Alert).severity, why)
    assert "WRONG_TERMINAL" not in told.holds


def test_a_foreign_deal_moves_the_balance_and_nothing_else() -> None:
    """Their profit is the account's money, and no trade of ours."""
    told = beside(a_position())
    wish = told.submit(3)
    theirs = told.deal(wish, "out", 101.0, position=4711, magic=77, profit=200.0)
    step = told.tell(DealMade(at=hour(4), deal=theirs), reconciled(BALANCE + 200.0, at=hour(4)))

    assert ([], BALANCE + 200.0, []) == (kinds(step), told.balance, told.holds)
