"""What the values of one account must have to do with each other; each thing wrong by key path."""

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from brokers.book import unconverted
from brokers.limits import LONGEST_NAME, Limits
from brokers.mt5.zone import FORMS, is_zone
from config.account import (
    AccountFile,
    RegimeSection,
    StatesSection,
    StrategySection,
    SymbolSection,
    TrainSection,
)
from config.alerts import alert_problems
from config.bus import broker_problems
from config.drawdown import drawdown_problems
from config.leaves import shown
from config.members import member_problems, option_problems
from config.recorded import DataSection
from config.refits import age_problem
from config.secrets import ref_problem
from config.shape import join, problems
from config.watching import watching_problems
from config.windows import window_problems
from market.feature import FeatureError
from market.features import feature_of
from market.hours_of_week import HOURS
from market.made import DAY
from market.types import TIMEFRAMES, Symbol
from strategies.beside import beside_of
from strategies.protocol import StrategyError
from strategies.registry import BUILT_IN

RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""Names that are devices on Windows, never folders."""
MOST_DIGITS = 10
SHORTEST_BAR = min(TIMEFRAMES.values()) * 1000
"""In milliseconds: an order is at the market before another bar closes."""


def contradictions(config: AccountFile) -> Iterator[str]:
    """Yield `path: expected …, got …` for each value that does not go with the others."""
    yield from _account(config)
    yield from _limits(config.limits)
    if config.limits.lease_s * 1000 <= (idle := config.terminal.idle_ms):
        yield f"limits.lease_s: expected more than terminal.idle_ms ({idle / 1000:g} s), got {config.limits.lease_s:g}"
    yield from (*drawdown_problems(config.drawdown), *window_problems(config.windows))
    yield from watching_problems(config.guardian, config.deadman)
    yield from _symbols(config.symbols, config.account.currency)
    for name, regime in config.regimes.items():
        yield from _regime(regime, config, join("regimes", name))
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
        yield from _data(name, data, config)
    if config.bus is not None:
        yield from broker_problems(config.bus, "bus")
    if config.alerts is not None:
        yield from alert_problems(config.alerts, "alerts")


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
    shares = ("max_risk", "max_daily_loss", "collar", "max_margin")
    for name in limits.__struct_fields__:
        value = getattr(limits, name)
        if name in shares and not 0 < value <= 1:
            yield f"limits.{name}: expected a number in (0, 1], got {value:g}"
        elif not value > 0:
            yield f"limits.{name}: expected a number above 0, got {value:g}"


def _symbols(symbols: dict[str, SymbolSection], currency: str) -> Iterator[str]:
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


def _regime(regime: RegimeSection, config: AccountFile, path: str) -> Iterator[str]:
    yield from _known(regime.symbol, config.symbols, "symbols", f"{path}.symbol")
    for index, feature in enumerate(regime.features):
        where = f"{path}.features[{index}]"
        if not feature or not isinstance(feature[0], str) or any(isinstance(x, str) for x in feature[1:]):
            yield f'{where}: expected a name, then its parameters, like ["ema", 20], got {shown(list(feature))}'
            continue
        try:
            found = feature_of((feature[0], tuple(float(x) for x in feature[1:])))
        except FeatureError as error:
            yield f"{where}: {error}"
            continue
        if found.of == "parts":
            yield from _parts(regime, found.name, int(feature[1]), where)
    if regime.detector == "jump" and regime.novelty == "e-process":
        yield f'{path}.novelty: expected "model" or "off" for a jump model, which predicts no bar, got "e-process"'
    yield from _made(regime, path)
    yield from _training(regime, path)
    yield from member_problems(regime.detector, regime.members, f"{path}.members")
    if regime.learnt_from and regime.refit is not None:
        whose = f"regimes of {regime.learnt_from} refit its model"
        yield f"{path}.refit: expected nothing with learnt_from: {whose}, got a schedule"
    if problem := age_problem(regime.max_model_age):
        yield f"{path}.max_model_age: {problem}"
    yield from _train(regime.train, f"{path}.train")


def _training(regime: RegimeSection, path: str) -> Iterator[str]:
    """Yield what is said of a training that its detector does not have."""
    if isinstance(regime.states, StatesSection) and regime.states.to < regime.states.from_:
        yield f"{path}.states.to: expected a whole number from {regime.states.from_}, got {regime.states.to}"
    if regime.detector != "hmm" and not isinstance(regime.states, int):
        said = shown(msgspec.to_builtins(regime.states))
        yield f'{path}.states: expected a number with detector = "{regime.detector}", got {said}'
    yield from option_problems(regime.detector, regime, path)


def _parts(regime: RegimeSection, feature: str, fewest: int, where: str) -> Iterator[str]:
    """Yield why a feature of shorter bars has none to read, or would never have enough of them."""
    if not regime.made_of:
        yield f"{where}: expected `made_of` with {feature}, which reads the shorter bars that a bar is made of"
        return
    most = TIMEFRAMES[regime.timeframe] // TIMEFRAMES.get(regime.made_of, 1)
    if fewest > most:
        parts = f"{most} bars of {regime.made_of} that make one of {regime.timeframe}"
        yield f"{where}: expected a whole number up to the {parts}, got {fewest}"


def _made(regime: RegimeSection, path: str) -> Iterator[str]:
    """Yield what cannot be made of shorter bars: days without a clock, or what a clock begins and none is named for."""
    if not regime.made_of:
        if regime.day:
            yield f"{path}.made_of: expected the timeframe of the bars that make up the days of `day`, got nothing"
        return
    if regime.day and not is_zone(regime.day):
        yield f'{path}.day: expected {FORMS}, got "{regime.day}"'
    own, hour = TIMEFRAMES[regime.timeframe], TIMEFRAMES["H1"]
    if regime.day and regime.timeframe != DAY:
        yield f'{path}.timeframe: expected "{DAY}" with `day`, got "{regime.timeframe}"'
    elif regime.timeframe == DAY and not regime.day:
        yield f"{path}.day: expected the clock by which days end that are made of shorter bars, got nothing"
    elif own > hour and not regime.day:
        yield f'{path}.timeframe: expected "{DAY}", or up to "H1", with `made_of`, got "{regime.timeframe}"'
    short = [name for name, length in TIMEFRAMES.items() if length <= hour and length < own and own % length == 0]
    if regime.made_of not in short:
        any_of = f"one of {', '.join(short)}" if short else f'nothing, "{regime.timeframe}" being the shortest'
        yield f'{path}.made_of: expected {any_of}, got "{regime.made_of}"'


def _train(train: TrainSection, path: str) -> Iterator[str]:
    if train.bars is not None and train.to is not None:
        yield f"{path}: expected either `bars` or `to`, got both"
    yield from _dates(train, path)


def _dates(span: TrainSection | DataSection, path: str) -> Iterator[str]:
    if span.from_ is not None and span.to is not None and span.to < span.from_:
        yield f"{path}.to: expected a date from {span.from_}, got {span.to}"


def _beside(strategy: StrategySection, config: AccountFile, path: str) -> Iterator[str]:
    """Yield what is wrong with the other bars that a function asks for."""
    try:
        found = beside_of(strategy.params)
    except StrategyError as error:
        yield f"{path}.{error}"
        return
    for name, beside in found.items():
        yield from _known(beside.symbol, config.symbols, "symbols", f"{path}.params.others.{name}.symbol")
        if beside.key == (strategy.symbol, strategy.timeframe):
            yield f"{path}.params.others.{name}: expected other bars than its own, got {' '.join(beside.key)}"


def _strategy(strategy: StrategySection, config: AccountFile, path: str) -> Iterator[str]:
    yield from _known(strategy.symbol, config.symbols, "symbols", f"{path}.symbol")
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
    yield from _known(gate.regime, config.regimes, "regimes", f"{path}.gate.regime")
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


def _data(name: str, data: DataSection, config: AccountFile) -> Iterator[str]:
    path = join("data", name)
    if data.symbol:
        yield from _known(data.symbol, config.symbols, "symbols", f"{path}.symbol")
    elif name not in config.symbols:
        yield f"{path}: expected a symbol that has a table under `symbols` ({', '.join(config.symbols)})"
    if name != config.table_of(data.symbol or name, data.timeframe):
        yield f"{path}: expected bars that no table before it has, got {data.symbol or name} {data.timeframe} again"
    if bool(data.source) == bool(data.file):
        yield f'{path}: expected either source = "sp500" or file = "path", got {"both" if data.source else "neither"}'
    if data.format == "ticks" and not data.file:
        yield f'{path}.format: expected "bars" without a file, got "ticks"'
    if data.format == "ticks" and data.spread_by_hour:
        yield f"{path}.spread_by_hour: expected none: ticks have spreads of their own, got {len(data.spread_by_hour)}"
    if data.finer:
        yield from _finer(name, data, config, f"{path}.finer")
    if data.zone and not is_zone(data.zone):
        yield f'{path}.zone: expected {FORMS}, or nothing, got "{data.zone}"'
    if data.spread_by_hour and len(data.spread_by_hour) != HOURS:
        yield f"{path}.spread_by_hour: expected {HOURS} numbers or none, got {len(data.spread_by_hour)}"
    yield from _dates(data, path)


def _finer(name: str, data: DataSection, config: AccountFile, path: str) -> Iterator[str]:
    """Say why a table cannot tell what goes on within the bars of another one."""
    finer = config.data.get(data.finer)
    if data.format == "ticks":
        yield f'{path}: expected nothing: bars made of ticks have these, got "{data.finer}"'
    elif finer is None or (finer.symbol or data.finer) != (data.symbol or name):
        yield f'{path}: expected another table under `data` of {data.symbol or name}, got "{data.finer}"'
    elif finer.format == "bars" and TIMEFRAMES[finer.timeframe] >= TIMEFRAMES[data.timeframe]:
        yield f'{path}: expected ticks, or bars shorter than {data.timeframe}, got {finer.timeframe} of "{data.finer}"'


def _known(name: str, table: Mapping[str, object], what: str, path: str) -> Iterator[str]:
    if name not in table:
        known = ", ".join(table) or "there is none"
        yield f'{path}: expected the name of a table under `{what}` ({known}), got "{name}"'
