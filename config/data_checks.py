"""What is wrong with the tables of recorded bars, and with what they say of each other."""

from collections.abc import Iterator

from brokers.mt5.zone import FORMS, is_zone
from config.account import AccountFile
from config.recorded import DataSection, date_problems
from config.shape import join, named_problems
from market.hours_of_week import HOURS
from market.types import TIMEFRAMES


def data_problems(name: str, data: DataSection, config: AccountFile) -> Iterator[str]:
    """Yield what is wrong with one table of recorded bars."""
    path = join("data", name)
    if data.symbol:
        yield from named_problems(data.symbol, config.symbols, "symbols", f"{path}.symbol")
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
    yield from date_problems(data.from_, data.to, path)


def _finer(name: str, data: DataSection, config: AccountFile, path: str) -> Iterator[str]:
    """Say why a table cannot tell what goes on within the bars of another one."""
    finer = config.data.get(data.finer)
    if data.format == "ticks":
        yield f'{path}: expected nothing: bars made of ticks have these, got "{data.finer}"'
    elif finer is None or (finer.symbol or data.finer) != (data.symbol or name):
        yield f'{path}: expected another table under `data` of {data.symbol or name}, got "{data.finer}"'
    elif finer.format == "bars" and TIMEFRAMES[finer.timeframe] >= TIMEFRAMES[data.timeframe]:
        yield f'{path}: expected ticks, or bars shorter than {data.timeframe}, got {finer.timeframe} of "{data.finer}"'
