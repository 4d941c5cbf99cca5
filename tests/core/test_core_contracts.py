"""Contracts that change under us: held until a person takes them; and what the broker allows, respected."""

from typing import Any

import msgspec
import pytest

from brokers.facts import SymbolSeen
from market.types import Symbol, TradeMode
from runtime.core.facts import SpecAcknowledged
from runtime.core.instructions import Alert, Asker, Reply
from runtime.core.specs import differences
from tests.cores import a_lane, a_plan, buy, hour, opening, sell
from tests.told import Told, of_kind, only
from tests.venues import GOLD

SIX = dict.fromkeys(range(3, 9), buy())
ANN = Asker(id="ann-1", who="ann", why="the broker wrote to us", wall=0)
TOLD = msgspec.structs.replace(GOLD, tick_value=1.0)


def seen(told: Told, symbol: Symbol = TOLD, **fields: Any) -> list[str]:  # noqa: ANN401 - of any field
    """Tell that the terminal specifies gold so; return the texts of alerts."""
    told_symbol = msgspec.structs.replace(symbol, **fields)
    return [a.text for a in of_kind(told.tell(SymbolSeen(at=hour(3), symbol=told_symbol)), Alert)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"contract_size": 10.0}, "contract size 100 -> 10"),
        ({"digits": 3}, "digits 2 -> 3"),
        ({"tick_size": 0.05}, "tick size 0.01 -> 0.05"),
        ({"tick_value": 2.0}, "tick value 1 -> 2"),
    ],
)
def test_another_contract_holds_its_symbol_and_says_in_what(fields: dict[str, Any], said: str) -> None:
    """It is told once, and lifts by itself only if the contract goes back to what it was."""
    told = Told(a_plan(a_lane(SIX)))
    quiet = seen(told)
    (text,) = seen(told, **fields)
    again = seen(told, **fields)
    held = told.decide(3)
    seen(told)

    assert ([], [], True) == (quiet, again, said in text)
    assert ("held", ("SPEC_CHANGED:XAUUSD",)) == (held.outcome, held.holds)
    assert ([], "traded") == (told.holds, told.decide(4).outcome)


def test_a_tick_value_that_moves_with_a_price_is_no_change() -> None:
    """Where profit is not in account money its value changes with every quote."""
    told = Told(a_plan(a_lane(SIX)))
    yen = msgspec.structs.replace(TOLD, currency_profit="JPY")

    assert ([], [], []) == (seen(told, yen, tick_value=0.7), seen(told, yen, tick_value=0.8), told.holds)


def test_a_second_change_is_told_too() -> None:
    """Whoever took the first for granted must hear of the next."""
    told = Told(a_plan(a_lane(SIX)))

    assert [1, 1, 0] == [len(seen(told, contract_size=size)) for size in (10.0, 1000.0, 1000.0)]


@pytest.mark.parametrize(
    ("mode", "long", "short"),
    [
        ("full", "traded", "traded"),
        ("long_only", "traded", "refused_by_risk"),
        ("short_only", "refused_by_risk", "traded"),
        ("close_only", "refused_by_risk", "refused_by_risk"),
        ("disabled", "refused_by_risk", "refused_by_risk"),
    ],
)
@pytest.mark.parametrize("side", [1, -1])
def test_a_trade_mode_is_respected(mode: TradeMode, long: str, short: str, side: int) -> None:
    """An entry in a direction that the broker does not allow is refused with that reason; every check is made."""
    told = Told(a_plan(a_lane({3: buy() if side > 0 else sell()})))
    seen(told, trade_mode=mode)
    d = told.decide(3)
    expected = long if side > 0 else short

    assert (expected, () if expected == "traded" else (f"trade mode {mode}",)) == (d.outcome, d.reasons)
    assert 1.0 == d.volume
    assert all(x == x for x in d.numbers)


def test_a_trade_mode_forbids_no_exit() -> None:
    """Close only means close."""
    told = Told(a_plan(a_lane({3: buy(bars=1)})))
    told.enter(3)
    seen(told, trade_mode="close_only")

    assert "exit" == told.decide(4).outcome


def test_a_restored_core_knows_what_the_broker_allows() -> None:
    """Trade mode and volume limit come back with the snapshot."""
    told = Told(a_plan(a_lane(SIX)))
    seen(told, trade_mode="short_only", volume_limit=0.5)
    d = told.again().decide(3)

    assert (("symbol volume", "trade mode short_only"), 0.5) == (d.reasons, d.limits[-1])


def test_a_contract_is_the_same_where_nothing_that_counts_has_changed() -> None:
    """Costs, limits and levels may change every day."""
    other = msgspec.structs.replace(GOLD, swap_long=-99.0, stops_level=50, volume_limit=3.0)

    assert ("", "digits 2 -> 3") == (
        differences(GOLD, other, 1.0), differences(GOLD, msgspec.structs.replace(GOLD, digits=3), 0.0)
    )  # fmt: skip


def test_a_hold_is_only_in_the_way_of_its_symbol() -> None:
    """Euro goes on."""
    told = Told(a_plan(a_lane(SIX), a_lane(SIX, 2, symbol="EURUSD")))
    step = told.tell(SymbolSeen(at=hour(3), symbol=msgspec.structs.replace(GOLD, digits=3)))

    assert "warn" == only(step, Alert).severity
    assert ("WARMING:EURUSD",) == told.core.decider.blocked("entry", told.core.lanes[1])


def acknowledged(told: Told, symbol: str = "XAUUSD") -> Reply:
    """Let a person take the contract; return what she was told."""
    return only(told.tell(SpecAcknowledged(at=hour(3), asker=ANN, symbol=symbol)), Reply)


def test_a_contract_that_a_person_takes_is_sized_with() -> None:
    """A tenth of the contract is ten times the lots for the same risk; the hold is lifted, and what changed is said."""
    told = Told(a_plan(a_lane(SIX)))
    seen(told, contract_size=10.0, tick_value=0.1)
    reply = acknowledged(told)
    d = told.decide(3)

    assert (True, True) == (reply.ok, "contract size 100 -> 10" in reply.text)
    assert ([], "traded", 10.0) == (told.holds, d.outcome, d.volume)
    assert [] == seen(told, contract_size=10.0, tick_value=0.1)


def test_what_was_taken_outlives_process_and_snapshot() -> None:
    """The next run sizes with it, and does not ask again."""
    told = Told(a_plan(a_lane(SIX)))
    seen(told, contract_size=10.0)
    acknowledged(told)
    again = told.again()
    again.tell(*opening(run=2))
    again.tell(SymbolSeen(at=hour(3), symbol=msgspec.structs.replace(TOLD, contract_size=10.0)))

    assert ("traded", 10.0) == ((d := again.decide(3)).outcome, d.volume)


def test_the_old_contract_is_another_one_then() -> None:
    """A person took the new one: what goes back must be taken anew."""
    told = Told(a_plan(a_lane(SIX)))
    seen(told, contract_size=10.0)
    acknowledged(told)

    assert ["contract size 10 -> 100"] == [text[text.index("(") + 1 : text.index(")")] for text in seen(told)]


@pytest.mark.parametrize("symbol", ["XAUUSD", "COCOA"])
def test_where_nothing_has_changed_nothing_is_taken(symbol: str) -> None:
    """A slip of the keyboard changes no size."""
    told = Told(a_plan(a_lane(SIX)))
    seen(told)
    reply = acknowledged(told, symbol)

    assert (False, True, {}) == (reply.ok, "nothing to take" in reply.text, told.core.ledger.acknowledged)


def test_a_contract_whose_profit_cannot_be_converted_is_not_taken() -> None:
    """It could not be sized."""
    told = Told(a_plan(a_lane(SIX)))
    seen(told, contract_size=10.0, currency_profit="CHF")
    reply = acknowledged(told)

    assert (False, ["SPEC_CHANGED:XAUUSD"]) == (reply.ok, told.holds)
