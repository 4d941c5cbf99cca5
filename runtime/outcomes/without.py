"""Gates that a shadow book leaves out: what of an account's plan each of them is, and which a strategy stands behind.

They are the three classes of a refusal. What tells of the venue and not of our will (a link, a calendar, a latched
level, data that fail their checks) is no gate: no book trades there.
"""

import math

from typing import assert_never

from msgspec.structs import replace

from brokers.limits import Limits
from config.controls import ControlsSection
from regimes.gate import GateParams
from runtime.core.plan import Plan, StrategyPlan
from runtime.outcomes.kept_out import Gate, books_of

ANY = 1 << 30
"""Positions that no account has."""


def gates_of(plan: Plan, of: StrategyPlan) -> tuple[Gate, ...]:
    """Return what books are kept of a strategy."""
    return books_of(
        gated=of.gate is not None and of.gate.mode != "off",
        held=bool(plan.windows or plan.protections or plan.drawdown or plan.controls.throttle),
        apart=bool(of.regime) and (plan.of(of.regime).symbol, plan.of(of.regime).told) != (of.symbol, of.timeframe),
    )


def without(plan: Plan, of: StrategyPlan, gate: Gate) -> Plan:
    """Return the plan of one strategy alone, without a gate."""
    alone = replace(plan, strategies=(of,), mode="paper" if plan.mode == "observe" else plan.mode)
    match gate:
        case "regime":
            return _unread(alone)
        case "hold":
            return _unheld(alone)
        case "risk":
            return _unlimited(alone)
        case "all":
            return _unread(_unlimited(_unheld(alone)))
        case _:
            assert_never(gate)


def _unread(plan: Plan) -> Plan:
    (of,) = plan.strategies
    gate = replace(of.gate, mode="off") if of.gate else GateParams(mode="off")
    return replace(plan, strategies=(replace(of, gate=gate),))


def _unheld(plan: Plan) -> Plan:
    controls = replace(plan.controls, throttle=None)
    return replace(plan, windows=None, protections=None, drawdown=None, controls=controls)


def _unlimited(plan: Plan) -> Plan:
    drawdown = plan.drawdown and replace(plan.drawdown, soft=1.0)
    controls = ControlsSection(throttle=plan.controls.throttle)
    return replace(plan, limits=_any(plan.limits), controls=controls, drawdown=drawdown)


def _any(limits: Limits) -> Limits:
    """Return limits that the core never finds broken; those of the gateway alone are never asked here."""
    most = math.inf
    return replace(
        limits, max_volume=most, max_value=most, max_positions=ANY, max_risk=most, max_daily_loss=most, max_spread=most,
        collar=most, max_margin=most,
    )  # fmt: skip
