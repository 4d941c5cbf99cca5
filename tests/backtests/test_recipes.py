"""The recipes of the documentation: their code is taken from the page, asked the contract's questions, and traded."""

import math
import re
import sys
import tomllib

from collections.abc import Iterator
from copy import deepcopy
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import pytest

from backtests.backtest import run_backtest
from backtests.future import look
from config.load import account_of
from config.strategy import StrategySection
from market.sp500 import read_sp500
from market.types import Bar
from strategies.contract import check
from strategies.harness import walk
from strategies.protocol import EXIT, LONG
from strategies.registry import called_here, resolve
from tests.compare import told

PAGE = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"```(python|toml)\n(.*?)```", PAGE, re.DOTALL)
MODULES = {text.partition(".py")[0].removeprefix("# "): text for kind, text in BLOCKS if kind == "python"}
SECTIONS: dict[str, dict[str, Any]] = {
    section["name"]: section for kind, text in BLOCKS if kind == "toml" for section in tomllib.loads(text)["strategies"]
}
ALONE = [name for name, section in SECTIONS.items() if "others" not in section["params"]]
"""Those that are shown no bars but their own."""
BARS = list(read_sp500())[:700]


@pytest.fixture(autouse=True)
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Write every module of the page into a folder in which modules are found."""
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


def made(name: str) -> dict[str, Any]:
    """Return the table of a recipe, whose model is trained first if it has one."""
    if f"train_{name}" in MODULES:
        pytest.importorskip("skops", reason="the extra models is not installed")
        import_module(f"train_{name}")
    return SECTIONS[name]


@pytest.mark.parametrize("name", ALONE)
def test_a_recipe_answers_every_question_of_the_contract(name: str) -> None:
    """As it stands on the page, with the parameters of its table, on real bars."""
    section = made(name)
    strategy = called_here(resolve(section["use"], section["params"]))

    assert [] == [f"{f.name}: {f.detail}" for f in check(strategy, BARS[:185]) if not f.ok]


@pytest.mark.parametrize("name", ALONE)
def test_a_recipe_is_backtested(name: str) -> None:
    """Its table in an account trades."""
    document = tomllib.loads(resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8"))
    document["strategies"] = [made(name)]
    del document["regimes"]

    drive, _ = run_backtest(account_of(document, folder=Path("/accounts")), bars=320, shadows=False)

    assert len(told(drive)) >= 4
    assert {name} == {decision.strategy for decision in drive.decisions}


def test_the_recipe_with_another_market_is_backtested(tmp_path: Path) -> None:
    """Its table in an account that has bars of both: it trades, and knows nothing of what comes."""
    bars = [f"{bar.time // 1000},{lead(n, bar)}" for n, bar in enumerate(read_sp500().part(0, 1700))]
    (tmp_path / "stoxx.csv").write_text("\n".join(["time,open,high,low,close", *bars]), encoding="utf-8")
    document = tomllib.loads(resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8"))
    document["strategies"] = [SECTIONS["lagging"]]
    document["symbols"]["STOXX"] = deepcopy(document["symbols"]["SP500"]) | {"broker": "STOXX"}
    document["data"]["STOXX"] = {"file": "stoxx.csv", "timeframe": "D1"}
    del document["regimes"]
    config = account_of(document, folder=tmp_path)

    drive, tapes = run_backtest(config, bars=320, shadows=False)
    looked = look(config, {}, tapes, bars=120, cuts=2)

    assert len(told(drive)) >= 4
    assert (True, []) == (looked.ok, looked.leaks)
    assert {"lagging"} == {decision.strategy for decision in drive.decisions}


def lead(n: int, bar: Bar) -> str:
    """Return the prices of a market that goes up and down around another one."""
    factor = 1.0 + 0.03 * math.sin(n / 9.0)
    return ",".join(f"{factor * price:.2f}" for price in (bar.open, bar.high, bar.low, bar.close))


def test_the_freqtrade_recipe_wants_what_its_methods_say_of_the_whole_file() -> None:
    """None of them is recursive, so that a frame of 120 rows and one of all rows have the same last signals."""
    pandas = pytest.importorskip("pandas")
    bounce = import_module("bounce").BOUNCE
    section = SECTIONS["bounce"]
    rows = pandas.DataFrame([{"close": bar.close} for bar in BARS])
    for populate in (bounce.populate_indicators, bounce.populate_entry_trend, bounce.populate_exit_trend):
        rows = populate(rows, {})
    enter, leave = (rows[name] == 1 for name in ("enter_long", "exit_long"))
    expected = [
        (bar.time, action)
        for bar, enters, leaves in zip(BARS, enter, leave, strict=True)
        for action in ((LONG,) if enters and not leaves else (EXIT,) if leaves and not enters else ())
    ]

    wanted = walk(called_here(resolve(section["use"], section["params"])), BARS)
    found = [(bar.time, want[0]) for bar, want in zip(BARS, wanted, strict=True) if want[0] != 0.0]

    assert set(found) <= set(expected)
    assert {LONG, EXIT} == {action for _, action in found}


def test_the_mql5_recipe_crosses_where_two_averages_of_all_bars_do() -> None:
    """Every entry is a cross upwards, every exit one downwards, each at the close of the bar that crosses."""
    closes = [bar.close for bar in BARS]

    def mean(end: int, n: int) -> float:
        return sum(closes[end - n : end]) / n

    gaps = [mean(end, 10) - mean(end, 40) if end >= 40 else 0.0 for end in range(1, len(BARS) + 1)]
    crossed = {
        LONG: {i for i in range(40, len(BARS)) if gaps[i - 1] <= 0.0 < gaps[i]},
        EXIT: {i for i in range(40, len(BARS)) if gaps[i - 1] >= 0.0 > gaps[i]},
    }

    section = SECTIONS["crossing"]
    wants = [want[0] for want in walk(resolve(section["use"], section["params"]), BARS)]
    found = {action: {i for i, want in enumerate(wants) if want == action} for action in crossed}

    assert all(found[action] for action in found)
    assert all(found[action] <= crossed[action] for action in found)


def test_every_table_of_the_page_is_one_of_a_strategy() -> None:
    """With keys that a configuration takes."""
    asked = {name for name in MODULES if not name.startswith("train_")}

    assert asked == {section["use"].partition(":")[0] for section in SECTIONS.values()}
    assert all(set(section) <= set(StrategySection.__struct_fields__) for section in SECTIONS.values())
