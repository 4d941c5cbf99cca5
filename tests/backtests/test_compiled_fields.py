"""Every field of a symbol and of its costs is played by the compiled drive, or refuses it: a new one must be said."""

from typing import Any

import msgspec
import pytest

from backtests.engine_plan import why_plain
from brokers.costs import Costs
from market.types import Symbol
from tests.cores import a_lane, a_plan
from tests.tapes import walk
from tests.venues import GOLD

PLAYED = {
    Symbol: {
        "digits", "tick_size", "contract_size", "volume_min", "volume_max", "volume_step", "currency_base",
        "currency_profit", "currency_margin", "calc", "stops_level", "swap_mode", "swap_long", "swap_short",
        "swap_days", "swap_dates",
    },
    Costs: {"spread", "slippage", "commission", "swap", "slips"},
}  # fmt: skip
"""What its loops reckon with."""
REFUSED: dict[type, dict[str, Any]] = {
    Symbol: {
        "execution": "instant", "fillings": (), "trade_mode": "long_only", "order_mask": 1, "expiration_mask": 1,
        "expires_at": 1, "volume_limit": 1.0, "margin_initial": 100.0, "freeze_level": 5,
    },
    Costs: {"depth": 2.0},
}  # fmt: skip
"""What it leaves to the plain drive where it is this, or anything else that is unusual."""
ASKED_BY_NONE = {
    Symbol: {"name", "tick_value", "margin_hedged"},
    Costs: {"latency_ms"},
}
"""What no drive reckons with here: names, what a terminal says for people, the margin of two positions against each
other on an account that has one, and latency, which is played within ticks alone."""


class Dearer(Costs, frozen=True, kw_only=True):
    """Costs with a field that nobody has thought of."""

    toll: float = 0.0


def unsaid(kind: type[msgspec.Struct], of: type[msgspec.Struct]) -> set[str]:
    """Return the fields of which nothing is said; said is what stands of `of`."""
    return set(kind.__struct_fields__) - PLAYED[of] - REFUSED[of].keys() - ASKED_BY_NONE[of]


@pytest.mark.parametrize("kind", PLAYED)
def test_of_every_field_it_is_said_what_becomes_of_it(kind: type[msgspec.Struct]) -> None:
    """Whoever adds one has to say it here; and what is said is there."""
    said = PLAYED[kind] | REFUSED[kind].keys() | ASKED_BY_NONE[kind]

    assert set() == unsaid(kind, kind)
    assert said == set(kind.__struct_fields__)


def test_a_planted_field_is_noticed() -> None:
    """A cost that the loops know nothing of does not pass."""
    assert {"toll"} == unsaid(Dearer, Costs)


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind, fields in REFUSED.items() for field in fields])
def test_what_is_not_played_is_refused(kind: type, field: str) -> None:
    """With a reason that names the symbol."""
    change = {field: REFUSED[kind][field]}
    symbol = msgspec.structs.replace(GOLD, **change) if kind is Symbol else GOLD
    costs = Costs(**change) if kind is Costs else Costs()
    tape = walk(60)

    why = why_plain(
        a_plan(a_lane({}), symbols={"XAUUSD": symbol}), {("XAUUSD", "H1"): tape}, {"XAUUSD": costs}, shadows=False
    )

    assert "XAUUSD" in why
    assert not why_plain(a_plan(a_lane({})), {("XAUUSD", "H1"): tape}, {}, shadows=False)
