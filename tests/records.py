"""Records to summarise and report: a short backtest of the demo's account, and one whose bars leave exits in doubt."""

import atexit
import shutil

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from textwrap import dedent

import numpy as np

from msgspec.structs import replace
from pyarrow import parquet

from backtests.backtest import run_backtest
from backtests.demo import demo_config
from backtests.drive import Drive
from backtests.model_place import ready_models
from backtests.record import Record, record_of_drive
from backtests.regime_reading import Read, read_regime
from config.account import AccountConfig
from config.load import load
from market.bars import Bars
from regimes.bundle import RegimeModel
from runtime.assemble import models_of

TARGETED = '''
from typing import ClassVar

from msgspec import Struct

from strategies.exits import ExitPlan
from strategies.protocol import Entry


class Targeted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buys and sells by turns, with a stop and a target so near that many bars reach both."""

    name: ClassVar[str] = "targeted"
    version: ClassVar[int] = 1

    def features(self):
        return {"atr": ("atr", (14.0,))}

    def init(self):
        return {"side": 1}

    def decide(self, state, view):
        near = 0.3 * view.features["atr"]
        if view.position or near != near:
            return None, 0.0
        state["side"] = -state["side"]
        return Entry(side=state["side"], plan=ExitPlan(stop=near, target=near)), 0.0
'''
"""A strategy of a user's own."""

LANE = """
    [[strategies]]
    name = "targeted"
    use = "targeted_for_tests:Targeted"
    symbol = "SP500"
    timeframe = "D1"
    risk = 0.001
"""


@cache
def played(bars: int = 1300, *, shadows: bool = True) -> tuple[Record, Drive]:
    """Return the demo's account over its first bars as a backtest; made once a process."""
    config = demo_config(_folder())
    models = ready_models(config, lambda _text: None)
    drive, tapes = run_backtest(config, bars=bars, shadows=shadows)
    return record_of_drive(drive, tapes, config, models, shadows=shadows), drive


@cache
def doubtful() -> tuple[Record, Drive]:
    """Return a backtest in which bars reach both stop and target of a position."""
    folder = _folder()
    text = (folder / "demo.toml").read_text(encoding="utf-8")
    (folder / "targeted_for_tests.py").write_text(TARGETED, encoding="utf-8")
    text = text[: text.index("[[strategies]]")] + dedent(LANE) + text[text.index("[feed]") :]
    (folder / "doubtful.toml").write_text(text, encoding="utf-8")
    config = load(folder / "doubtful.toml")
    drive, tapes = run_backtest(config, bars=300)
    return record_of_drive(drive, tapes, config, models_of(config)), drive


def demo_file() -> Path:
    """Return the demo's TOML in a folder that has its model; nothing may be written there."""
    return _folder() / "demo.toml"


@cache
def demo_account() -> tuple[AccountConfig, RegimeModel]:
    """Return the demo's account and its regime model."""
    config = load(demo_file())
    return config, models_of(config)["calm-or-storm"]


def peeking(model: RegimeModel, bars: Bars) -> Read:
    """Read each bar with the posterior of the next one: what a smoother, or a missing shift by one bar, does."""
    read = read_regime(model, bars)
    return replace(read, posteriors=np.concatenate((read.posteriors[1:], read.posteriors[-1:])))


@cache
def _folder() -> Path:
    """Return a folder with the demo's configuration and its model."""
    folder = Path(mkdtemp(prefix="tidegate-records-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ready_models(demo_config(folder), lambda _text: None)
    return folder


def rows_in(file: Path) -> str:
    """Return the cells of a table in words, in which NaN is equal to NaN."""
    return repr(parquet.read_table(file).to_pylist())
