"""What of a plan a compiled drive can play, and the plan as the flat numbers that its loops read."""

from collections.abc import Collection, Mapping

from backtests.engine_features import OF_PRICES, OF_VOLUME
from backtests.engine_lanes import LANES, SORTS
from backtests.engine_layout import (
    AS_BASE,
    AS_IT_IS,
    AS_PROFIT,
    AT_OPEN,
    BY,
    BY_INTEREST,
    BY_MONEY,
    BY_POINTS,
    CLOSES,
    CONTRACT,
    FIRST_NIGHT,
    FRAME,
    GATE,
    GATE_ADVISES,
    GATE_ENFORCES,
    GATE_OFF,
    HEDGED,
    INTO,
    LEAST,
    LEVEL,
    LEVERAGE,
    LIMITS,
    LONG_NIGHT,
    MINIMUM,
    MODE,
    MOST,
    OBSERVES,
    OPENS,
    OVER,
    PER,
    POINT_VALUE,
    RATE,
    RISK,
    SCALE,
    SHORT_NIGHT,
    SIZED,
    SLIPPAGE,
    SLIPS,
    STEP,
    STOP_OUT,
    TICK,
    USUAL_SPREAD,
    YEAR,
)
from backtests.engine_shadow import why_unshadowed
from brokers.book import mode_of, units_of
from brokers.commission import flat
from brokers.costs import Costs
from brokers.fillrules import fillings
from brokers.margins import LEVERAGED
from brokers.mt5.zone import midnights, to_server
from brokers.swap import SwapInterest, SwapMoney, SwapPoints, SwapPolicy, swap_of
from brokers.within import Within
from market.bars import Bars
from market.features import FEATURES, FeatureRef
from market.types import DAY_MS, TIMEFRAMES, Symbol
from runtime.core.controls import limits_of_controls
from runtime.core.feeds import FeedKey
from runtime.core.plan import NoModel, Plan, StrategyPlan
from runtime.core.risk import limits_of
from runtime.core.sizing import flat_rule
from strategies.protocol import KernelStrategy
from strategies.window import WindowStrategy

ANY_ORDER, ANY_LIFETIME = 127, 15
"""Masks of a symbol at which everything may be asked."""
ROOM = {"prices": OF_PRICES, "volume": OF_VOLUME, "parts": 0}
"""How many features of each sort there may be."""
GATES = {"off": GATE_OFF, "advise": GATE_ADVISES, "enforce": GATE_ENFORCES}


def why_plain(
    plan: Plan, tapes: Mapping[FeedKey, Bars], costs: Mapping[str, Costs], *, shadows: bool,
    within: Mapping[str, Within] | None = None,
) -> str:  # fmt: skip
    """Return why a plan is played by the plain drive; empty where the compiled one can play it."""
    if within:
        symbol, way = next(iter(within.items()))
        return f"{way.said} tell what goes on within the bars of {symbol}"
    keys = list(dict.fromkeys((strategy.symbol, strategy.timeframe) for strategy in plan.strategies))
    if len(keys) != 1:
        return f"{len(plan.strategies)} strategies on {len(keys)} feeds share the account"
    key, symbol = keys[0], keys[0][0]
    reads = [(regime.symbol, regime.told) for regime in plan.regimes]
    missing = next((" ".join(each) for each in (key, *reads) if each not in tapes), "")
    if missing:
        return f"no bars of {missing}"
    shadowed = shadows and any(_gated(strategy) for strategy in plan.strategies)
    return (
        next((why for strategy in plan.strategies if (why := _strategy(plan, strategy))), "")
        or _many(plan)
        or _regimes(plan, key)
        or next((why for strategy in plan.strategies if (why := _features(plan, strategy))), "")
        or _symbol(plan.symbols[symbol])
        or _costs(symbol, costs)
        or _controls(plan)
        or ("the account is netting" if not plan.hedging else "")
        or (why_unshadowed(tapes[key], costs.get(symbol, Costs())) if shadowed else "")
    )


def _gated(strategy: StrategyPlan) -> bool:
    return strategy.gate is not None and strategy.gate.mode != "off"


def _strategy(plan: Plan, strategy: StrategyPlan) -> str:
    if isinstance(strategy.strategy, WindowStrategy) and strategy.strategy.function is None:
        return f"{strategy.name} is asked in a process of its own"
    if isinstance(strategy.strategy, WindowStrategy) and strategy.strategy.others:
        return f"{strategy.name} is shown other bars beside its own"
    if not isinstance(strategy.strategy, KernelStrategy):
        if len(plan.strategies) > 1:
            return f"{strategy.name} is no kernel strategy, and shares the account"
        if any(regime.name != strategy.regime for regime in plan.regimes):
            return f"{strategy.name} is no kernel strategy, and a regime is read beside its own"
    if strategy.size.ref is not None:
        return f"{strategy.name} is sized by {strategy.size.__struct_config__.tag}"
    if not strategy.regime and _gated(strategy):
        return f"{strategy.name} has a gate, and no regime"
    return ""


def _many(plan: Plan) -> str:
    kernels = {strategy.strategy.step for strategy in plan.strategies if isinstance(strategy.strategy, KernelStrategy)}
    many = ((plan.strategies, "strategies", LANES), (kernels, "kernels", SORTS), (plan.regimes, "regimes", LANES))
    return next((f"{len(some)} {what} share the account" for some, what, most in many if len(some) > most), "")


def _regimes(plan: Plan, key: FeedKey) -> str:
    for regime in plan.regimes:
        if isinstance(regime.model, NoModel):
            return f"regime {regime.name} has no model"
        if regime.symbol != key[0]:
            return f"regime {regime.name} reads another symbol than {plan.strategies[0].name}"
        if TIMEFRAMES[regime.told] < TIMEFRAMES[key[1]] or (regime.made and regime.told != key[1]):
            return f"regime {regime.name} is told shorter bars than {plan.strategies[0].name}"
        room = ROOM if regime.made is None else ROOM | {"parts": OF_PRICES}
        if why := _crowded(f"regime {regime.name}", regime.model.features, room):
            return why
    return ""


def _features(plan: Plan, strategy: StrategyPlan) -> str:
    refs = set(strategy.strategy.features().values())
    for regime in plan.regimes:
        same = regime.made is None and regime.timeframe == strategy.timeframe
        if regime.name == strategy.regime and same and not isinstance(regime.model, NoModel):
            refs |= set(regime.model.features)
    return _crowded(strategy.name, refs, ROOM)


def _crowded(name: str, refs: Collection[FeatureRef], room: Mapping[str, int]) -> str:
    """Return why features have no room; empty where they have."""
    many = {of: sum(FEATURES[feature].of == of for feature, _ in refs) for of in room}
    said = (f"{name}: {many[of]} features of {of} are more than {room[of]}" for of in room if many[of] > room[of])
    return next(said, "")


def _symbol(s: Symbol) -> str:
    usual = (
        ("an execution", s.execution in {"market", "exchange"}),
        ("no way to fill", bool(fillings(s, "market"))),
        ("a trade mode", s.trade_mode == "full"),
        ("an order mask", s.order_mask == ANY_ORDER),
        ("an expiration mask", s.expiration_mask == ANY_LIFETIME),
        ("an end", s.expires_at == 0),
        ("a volume limit", s.volume_limit == 0.0),
        ("a freeze level", s.freeze_level == 0),
        ("a margin", s.margin_initial == 0.0 and s.calc not in {"futures", "cfd_index"}),
    )
    return next((f"{s.name} has {what} that is not played" for what, known in usual if not known), "")


def _controls(plan: Plan) -> str:
    if plan.windows is not None:
        return "named windows of time are configured"
    if plan.protections is not None:
        return "protections are configured"
    return next((f"the control of {name} is configured" for name in limits_of_controls(plan)), "")


def _costs(symbol: str, costs: Mapping[str, Costs]) -> str:
    return f"a quote of {symbol} fills only so many lots" if costs.get(symbol, Costs()).depth > 0.0 else ""


# --- numbers ----------------------------------------------------------------------------------------------------------


def parameters(
    plan: Plan, costs: Costs, tape: Bars, stop_out: float, place: int = 0
) -> tuple[list[float], list[float]]:
    """Return the parameters of the account and one of its strategies as its kernels read them, and its nights.

    Of each day of the tape by the server's clock the factor of the night that follows it, then when each day begins;
    how many they are stands first.
    """
    lane = plan.strategies[place]
    s = plan.symbols[lane.symbol]
    mode = mode_of(s, plan.currency)
    if mode is None:  # no plan is made of such a symbol
        raise ValueError(s.name)
    p = [0.0] * SLIPS
    p[MODE], p[SCALE], p[TICK], p[CONTRACT] = mode, s.scale, s.tick_points, units_of(s, plan.currency)
    p[POINT_VALUE] = p[CONTRACT] / s.scale
    p[USUAL_SPREAD], p[SLIPPAGE], p[LEVERAGE] = costs.spread, costs.slippage, float(plan.leverage)
    p[OVER] = p[LEVERAGE] if s.calc in LEVERAGED else 1.0
    p[LEVEL], p[STEP], p[LEAST], p[MOST] = float(s.stops_level), s.volume_step, s.volume_min, s.volume_max
    p[STOP_OUT], p[RISK] = stop_out, lane.risk
    p[PER], p[RATE], p[MINIMUM], p[OPENS], p[CLOSES] = flat(costs.commission)
    p[GATE] = GATES[lane.gate.mode if lane.gate else "off"]
    p[OBSERVES], p[FRAME] = float(plan.mode == "observe"), float(tape.frame)
    p[LIMITS:HEDGED] = limits_of(plan.limits, s.volume_limit)
    p[HEDGED] = -1.0 if s.margin_hedged is None else s.margin_hedged / s.contract_size
    p[SIZED:SLIPS] = flat_rule(lane.size)
    policy = swap_of(s, costs.swap)
    _swap(p, policy, s, plan.currency)
    first, begins = (
        to_server(plan.zone, tape.time[0]) // DAY_MS,
        midnights(plan.zone, tape.time[0], tape.time[-1] + tape.frame),
    )
    p[FIRST_NIGHT] = float(first)
    factors = [policy.factor(s, first + n) if policy is not None else 0.0 for n in range(len(begins))]
    nights = [float(len(begins)), *factors, *(float(at) for at in begins)]
    return [*p, float(len(costs.slips)), *costs.slips], nights


def _swap(p: list[float], policy: SwapPolicy | None, s: Symbol, currency: str) -> None:
    """Put down how nights are charged."""
    if policy is None:
        return
    p[LONG_NIGHT], p[SHORT_NIGHT], p[YEAR] = policy.long, policy.short, 1.0
    into = s.currency_profit
    match policy:
        case SwapPoints():
            p[BY] = BY_POINTS
        case SwapInterest():
            p[BY], p[YEAR], p[AT_OPEN] = BY_INTEREST, policy.year, float(policy.on == "open")
        case SwapMoney():
            p[BY] = BY_MONEY
            into = {"deposit": currency, "base": s.currency_base, "margin": s.margin_currency}[policy.currency]
    p[INTO] = AS_IT_IS if into == currency else AS_BASE if into == s.currency_base else AS_PROFIT
