"""Bars of two timeframes of one symbol in one account: a table each, and a backtest that tells both."""

import itertools

from pathlib import Path

import msgspec
import pytest

from backtests.backtest import run_backtest
from backtests.recorded import tapes_of
from config.account import AccountConfig
from config.errors import DataError
from config.load import load
from market.bars import Bars
from regimes.bundle import seal
from tests.cores import up_model
from tests.tapes import coarser, rows_of, traded_by, walk

HOURS = walk(400, symbol="SP500")
QUARTERS = coarser(HOURS, "H4")
"""Of a day: six of them make one."""


@pytest.fixture
def config(tmp_path: Path) -> AccountConfig:
    """Return an account that trades hours behind a gate of four of them, as its broker has both."""
    traded_by(tmp_path, HOURS, 'timeframe = "H4"', '[["log_return"]]', learnt=20)
    lines = [",".join(map(repr, row[:6])) for row in rows_of(QUARTERS)]
    (tmp_path / "quarters.csv").write_text("\n".join(["time,open,high,low,close,volume", *lines]), encoding="utf-8")
    with (tmp_path / "account.toml").open("a", encoding="utf-8") as file:
        file.write('\n[data.quarters]\nsymbol = "SP500"\nfile = "quarters.csv"\ntimeframe = "H4"\n')
    return load(tmp_path / "account.toml")


def same(a: Bars, b: Bars) -> bool:
    """Say whether two tapes have the same prices at the same times."""
    return all(getattr(a, name) == getattr(b, name) for name in ("time", "open", "high", "low", "close"))


def test_each_timeframe_of_a_symbol_has_a_table_of_its_own(config: AccountConfig) -> None:
    """One is named after the symbol, the other says whose it is."""
    tapes = tapes_of(config)

    assert {("SP500", "H1"), ("SP500", "H4")} == set(tapes)
    assert same(HOURS, tapes["SP500", "H1"])
    assert same(QUARTERS, tapes["SP500", "H4"])


def test_a_strategy_is_traded_by_the_bars_of_one_and_gated_by_those_of_the_other(config: AccountConfig) -> None:
    """An hour that ends a bar of four knows what it said; the three before it do not."""
    model = seal(msgspec.structs.replace(up_model(), lineage="calm-or-storm"))
    drive, _ = run_backtest(config, models={"calm-or-storm": model})
    said = [(d.bar_time // 3_600_000 % 4, d.log_density) for d in drive.decisions if d.strategy == "trend"]
    changed = {hour for (_, before), (hour, density) in itertools.pairwise(said) if density != before}

    assert {3} == changed


def test_bars_that_have_no_table_are_asked_for_by_one_that_says_whose_they_are(config: AccountConfig) -> None:
    """The name of the symbol is taken."""
    alone = msgspec.structs.replace(config, data={"SP500": config.data["SP500"]})

    with pytest.raises(DataError, match=r'SP500 H4: .* add a table under \[data\] with symbol = "SP500" and its time'):
        tapes_of(alone)
