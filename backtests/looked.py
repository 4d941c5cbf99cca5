"""A look for the future from beginning to end: at a whole account, or at one strategy over bars of its own."""

import tempfile

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from backtests.demo import demo_config
from backtests.future import Looked, look
from backtests.model_place import ready_models
from backtests.recorded import tapes_of
from backtests.screen import Watch
from config.account import AccountConfig
from config.strategy import StrategySection

SP500 = "sp500"
RISK = 0.01


def looked_at(config: AccountConfig, bars: int, cuts: int, watch: Watch) -> Looked:
    """Look at all an account decides over its recorded bars; its regime models are trained where there are none."""
    models = ready_models(config, watch.stage)
    watch.stage("reading bars")
    tapes = tapes_of(config)
    watch.stage("playing other futures")
    return look(config, models, tapes, bars=bars, cuts=cuts, progress=watch.progress)


def account_around(use: str, params: Mapping[str, Any], data: str) -> AccountConfig:
    """Return the demo's account with one strategy, and no regime, over a file of bars (sp500: those of arch).

    Modules are looked for in the current folder.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = demo_config(Path(folder), data=None if data == SP500 else Path(data))
    first = config.strategies[0]
    section = StrategySection(
        name="asked", use=use, symbol=first.symbol, timeframe=first.timeframe, risk=RISK, params=dict(params)
    )
    return msgspec.structs.replace(config, strategies=(section,), regimes={}, folder=str(Path.cwd()))
