"""What the values of one account must have to do with each other; each thing wrong by key path."""

from collections import Counter
from collections.abc import Iterator

from brokers.limits import Limits
from brokers.mt5.zone import FORMS, is_zone
from config.account import AccountFile
from config.alerts import alert_problems
from config.bus import broker_problems
from config.client import client_problems
from config.data_checks import data_problems
from config.drawdown import drawdown_problems
from config.regime_checks import regime_problems
from config.secrets import ref_problem
from config.shape import join, named_problems, problems
from config.strategy import StrategySection
from config.symbol_checks import symbol_problems
from config.watching import watching_problems
from config.windows import window_problems
from strategies.beside import beside_of
from strategies.protocol import StrategyError
from strategies.registry import BUILT_IN

RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""Names that are devices on Windows, never folders."""


def contradictions(config: AccountFile) -> Iterator[str]:
    """Yield `path: expected …, got …` for each value that does not go with the others."""
    yield from _account(config)
    yield from _limits(config.limits)
    if config.limits.lease_s * 1000 <= (idle := config.terminal.idle_ms):
        yield f"limits.lease_s: expected more than terminal.idle_ms ({idle / 1000:g} s), got {config.limits.lease_s:g}"
    yield from (*drawdown_problems(config.drawdown), *window_problems(config.windows))
    yield from watching_problems(config.guardian, config.deadman)
    yield from symbol_problems(config.symbols, config.account.currency)
    for name, regime in config.regimes.items():
        yield from regime_problems(regime, config, join("regimes", name))
    names = Counter(strategy.name for strategy in config.strategies)
    there = Counter(strategy.symbol for strategy in config.strategies)
    for index, strategy in enumerate(config.strategies):
        path = f"strategies[{index}]"
        if names[strategy.name] > 1:
            yield f'{path}.name: expected a name no other strategy has, got "{strategy.name}"'
        if config.account.positions == "netting" and there[strategy.symbol] > 1:
            what = "a symbol no other strategy has: a netting account has one position and one stop for each"
            yield f'{path}.symbol: expected {what}, got "{strategy.symbol}"'
        yield from _strategy(strategy, config, path)
    for name, data in config.data.items():
        yield from data_problems(name, data, config)
    if config.journal is not None and (problem := ref_problem(config.journal.url)):
        yield f"journal.url: expected {problem}"
    if config.bus is not None:
        yield from broker_problems(config.bus, "bus")
    if config.alerts is not None:
        yield from alert_problems(config.alerts, "alerts")
    yield from client_problems(config.client)


def _account(config: AccountFile) -> Iterator[str]:
    account, terminal = config.account, config.terminal
    if account.name.lower() in RESERVED:
        yield f'account.name: expected a name that can be a folder on Windows too, got "{account.name}"'
    if not is_zone(account.zone):
        yield f'account.zone: expected {FORMS}, got "{account.zone}"'
    if account.allow_real and account.mode != "live":
        yield f'account.allow_real: expected false unless the mode is "live", got true in mode "{account.mode}"'
    if terminal.kind == "metatrader5" and not terminal.path:
        yield "terminal.path: expected the terminal's program: without it another terminal may answer, got nothing"
    longest = terminal.deadlines.send or terminal.call_timeout_s
    if terminal.settle_s < longest:
        name = "deadlines.send" if terminal.deadlines.send else "call_timeout_s"
        yield f"terminal.settle_s: expected a number from {name} ({longest:g}) upwards, got {terminal.settle_s:g}"
    if terminal.password is not None and (problem := ref_problem(terminal.password)):
        yield f"terminal.password: expected {problem}"


def _limits(limits: Limits) -> Iterator[str]:
    shares = ("max_risk", "max_daily_loss", "collar", "max_jump", "max_margin")
    for name in limits.__struct_fields__:
        value = getattr(limits, name)
        if name in shares and not 0 < value <= 1:
            yield f"limits.{name}: expected a number in (0, 1], got {value:g}"
        elif not value > 0:
            yield f"limits.{name}: expected a number above 0, got {value:g}"


def _strategy(strategy: StrategySection, config: AccountFile, path: str) -> Iterator[str]:
    yield from named_problems(strategy.symbol, config.symbols, "symbols", f"{path}.symbol")
    if not 0 < strategy.risk <= config.limits.max_risk:
        yield f"{path}.risk: expected a number in (0, {config.limits.max_risk:g}], got {strategy.risk:g}"
    built_in = BUILT_IN.get(strategy.use)
    if built_in is not None:
        yield from problems(strategy.params, built_in, f"{path}.params")
    elif ":" not in strategy.use and "." not in strategy.use:
        known = ", ".join(BUILT_IN)
        yield f'{path}.use: expected one of {known}, or "module:Class", got "{strategy.use}"'
    yield from _beside(strategy, config, path)
    gate = strategy.gate
    if gate is None:
        return
    yield from named_problems(gate.regime, config.regimes, "regimes", f"{path}.gate.regime")
    regime = config.regimes.get(gate.regime)
    states = regime.most_states if regime is not None else 0
    for index, state in enumerate(gate.allow):
        if states and state >= states:
            yield f"{path}.gate.allow[{index}]: expected a whole number from 0 up to {states - 1}, got {state}"
    if (
        regime is not None
        and isinstance(regime.states, int)
        and gate.exposure is not None
        and len(gate.exposure.weights) != states
    ):
        yield f"{path}.gate.exposure.weights: expected {states} numbers, got {len(gate.exposure.weights)}"


def _beside(strategy: StrategySection, config: AccountFile, path: str) -> Iterator[str]:
    """Yield what is wrong with the other bars that a function asks for."""
    try:
        found = beside_of(strategy.params)
    except StrategyError as error:
        yield f"{path}.{error}"
        return
    for name, beside in found.items():
        yield from named_problems(beside.symbol, config.symbols, "symbols", f"{path}.params.others.{name}.symbol")
        if beside.key == (strategy.symbol, strategy.timeframe):
            yield f"{path}.params.others.{name}: expected other bars than its own, got {' '.join(beside.key)}"
