"""What is wrong with the symbols of one account: their names, contracts and costs."""

from collections import Counter
from collections.abc import Iterator

from brokers.book import unconverted
from brokers.limits import LONGEST_NAME
from config.account import SymbolSection
from config.shape import join
from market.types import TIMEFRAMES, Symbol

MOST_DIGITS = 10
SHORTEST_BAR = min(TIMEFRAMES.values()) * 1000
"""In milliseconds: an order is at the market before another bar closes."""


def symbol_problems(symbols: dict[str, SymbolSection], currency: str) -> Iterator[str]:
    """Yield what is wrong with all symbols of an account in one currency."""
    there = Counter(symbol.broker or name for name, symbol in symbols.items())
    for name, symbol in symbols.items():
        path, broker = join("symbols", name), symbol.broker or name
        if there[broker] > 1:
            yield f'{path}.broker: expected a name no other symbol has at the broker, got "{broker}"'
        if len(broker.encode("utf-16-le")) // 2 > LONGEST_NAME:
            yield f'{path}.broker: expected no more than {LONGEST_NAME} characters, got "{broker}"'
        for cost in ("spread", "slippage", "commission", "depth"):
            given = getattr(symbol.costs, cost)
            if isinstance(given, int | float) and given < 0:
                yield f"{path}.costs.{cost}: expected a number from 0, got {given:g}"
        late = symbol.costs.latency_ms
        for ms in late if isinstance(late, tuple) else (late,):
            if not 0 <= ms < SHORTEST_BAR:
                yield f"{path}.costs.latency_ms: expected milliseconds from 0 to below {SHORTEST_BAR}, got {ms:g}"
        if symbol.spec is not None:
            yield from _spec(symbol.spec, name, f"{path}.spec")
            if problem := unconverted(symbol.spec, currency):
                own = f'"{currency}", or a pair with it as its base'
                yield f'{path}.spec.currency_profit: expected {own}: {problem}, got "{symbol.spec.currency_profit}"'


def _spec(spec: Symbol, name: str, path: str) -> Iterator[str]:
    if spec.name != name:
        yield f'{path}.name: expected "{name}", the name of its table, or nothing, got "{spec.name}"'
    if not 0 <= spec.digits <= MOST_DIGITS:
        yield f"{path}.digits: expected a whole number from 0 up to {MOST_DIGITS}, got {spec.digits}"
    for field in ("tick_size", "contract_size", "volume_min", "volume_step"):
        if not getattr(spec, field) > 0:
            yield f"{path}.{field}: expected a number above 0, got {getattr(spec, field):g}"
    if spec.volume_max < spec.volume_min:
        yield f"{path}.volume_max: expected a number from volume_min ({spec.volume_min:g}), got {spec.volume_max:g}"
    for field in ("stops_level", "freeze_level"):
        if getattr(spec, field) < 0:
            yield f"{path}.{field}: expected a whole number from 0, got {getattr(spec, field)}"
