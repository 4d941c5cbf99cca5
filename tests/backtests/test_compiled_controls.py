"""A control that the loops do not reckon with is refused by them, with its name: the plain drive plays it."""

from typing import Any

import pytest

from backtests.engine_plan import why_plain
from config.controls import ControlsSection, ThrottleSection
from config.drawdown import DrawdownSection
from config.protections import ProtectionsSection
from runtime.core.windows import Windows
from tests.cores import a_lane, a_plan
from tests.tapes import walk

KEYS: dict[str, tuple[Any, str]] = {
    "max_symbol": (1.0, "symbol position"),
    "max_strategy": (1.0, "strategy position"),
    "max_account": (1.0, "account position"),
    "max_currency": (1.0, "currency"),
    "max_orders": (1, "open orders"),
    "max_open_risk": (0.1, "open risk"),
    "min_margin_level": (2.0, "margin level"),
    "throttle": (ThrottleSection(entries=1, minutes=1.0), "entries sent"),
}
ALONE = {"unstopped"}
"""What says how another one counts."""


def why(**controls: Any) -> str:  # noqa: ANN401 - of any key
    """Return why a plan with these controls is not played by the compiled drive."""
    plan = a_plan(a_lane({}), controls=ControlsSection(**controls))
    return why_plain(plan, {("XAUUSD", "H1"): walk(60)}, {}, shadows=False)


@pytest.mark.parametrize("key", KEYS)
def test_each_control_leaves_a_plan_to_the_plain_drive(key: str) -> None:
    """With the control's name, as decisions tell it."""
    value, name = KEYS[key]

    assert (f"the control of {name} is configured", "") == (why(**{key: value}), why())


def test_a_drawdown_rule_leaves_a_plan_to_the_plain_drive() -> None:
    """It watches the losses on every bar."""
    plan = a_plan(a_lane({}), drawdown=DrawdownSection(preset="static"))

    assert "the control of daily drawdown is configured" == why_plain(
        plan, {("XAUUSD", "H1"): walk(60)}, {}, shadows=False
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"windows": Windows()}, "named windows of time are configured"),
        ({"protections": ProtectionsSection()}, "protections are configured"),
    ],
)
def test_windows_and_protections_leave_a_plan_to_the_plain_drive(given: dict[str, Any], reason: str) -> None:
    """They act between entries."""
    assert reason == why_plain(a_plan(a_lane({}), **given), {("XAUUSD", "H1"): walk(60)}, {}, shadows=False)


def test_no_control_is_forgotten_here() -> None:
    """Whoever adds one has to say it."""
    assert {*ControlsSection.__struct_fields__} == KEYS.keys() | ALONE
