"""The strategies a configuration names, made: built in, or a user's own from the folder of the TOML."""

import sys

from pathlib import Path

from config.account import AccountConfig
from config.errors import ConfigError
from strategies.protocol import Strategy, StrategyError
from strategies.registry import resolve


def strategies_of(config: AccountConfig) -> tuple[Strategy, ...]:
    """Return the account's strategies in their order; ConfigError names the key of each that cannot be had."""
    look_in(Path(config.folder))
    made, wrong = [], []
    for index, strategy in enumerate(config.strategies):
        try:
            made.append(resolve(strategy.use, strategy.params))
        except StrategyError as error:
            wrong.append(f"strategies[{index}]: {error}")
    if wrong:
        raise ConfigError(*wrong)
    return tuple(made)


def look_in(folder: Path) -> None:
    """Find modules in a folder too: after everything installed, so that no file there can stand in for one of ours."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
