"""What becomes of an open position at the venue when its gate shuts: each policy, through three processes."""

import json

from pathlib import Path

import pytest

from backtests.backtest import run_backtest
from backtests.demo import open_account
from brokers.mt5.lookalike.setup import AccountSetup, ServerSetup, SymbolSetup, write_setup
from market.bars import bars_of
from runtime.bundles import promote, write_bundle
from tests.camps import TOML
from tests.chaos.story import NOTHING
from tests.compare import unlike
from tests.cores import up_model
from tests.demos import Demo
from tests.oracle import complaints, deals_of, table
from tests.trade_server import GOLD, HOUR, START

HISTORY = 4
CLOSES = [
    *(2000.0, 2010.0, 2020.0, 2030.0),  # history
    *(2040.0, 2050.0, 2060.0, 2070.0),  # rising: the gate is open, on the first of them the strategy buys
    *(2069.0, 2068.0, 2067.0, 2066.0, 2065.0, 2064.0),  # falling slowly: the gate is shut from the first on
    *(2035.0, 2020.0, 1975.0),  # falling through the entry, through half of the way to the stop, through the stop
    1974.0, 1973.0,
]  # fmt: skip
TAPE = bars_of("GOLD", "H1", [
    (START + n * HOUR, o, max(o, c), min(o, c), c, 7.0, 20.0)
    for n, (o, c) in enumerate(zip([CLOSES[0], *CLOSES[:-1]], CLOSES, strict=True))
])  # fmt: skip
"""Each opens where the one before has closed, and goes straight to its close."""
ENTRY, STOP = 2040.2, 1980.2  # at the ask, sixty dollars above the stop
LOTS, HALF = 0.16, 0.08  # a hundredth of 100,000, lost at the stop

GATED = """
[regimes.up]
symbol = "GOLD"
timeframe = "H1"
model = "models"
features = [["log_return"]]
states = 2

[[strategies]]
name = "planted"
use = "tests.chaos.story:Planted"
symbol = "GOLD"
timeframe = "H1"
risk = 0.01
params = {{ first = {first}, script = {script} }}
gate = {{ regime = "up", mode = "{mode}", allow = [0], dwell = 0, on_shut = {on_shut} }}
"""


def gated(folder: Path, on_shut: str, mode: str) -> Demo:
    """Set up an account whose strategy buys once, behind a gate that is open after a bar that rose."""
    folder.mkdir()
    promote(folder / "models", write_bundle(folder / "models", up_model()).name)
    first, script = START + HISTORY * HOUR, json.dumps([[1.0, 0.0, 0.0, 60.0, 0.0, 0.0, 0.0, 1.0], NOTHING])
    text = TOML + GATED.format(first=first, script=script, mode=mode, on_shut=on_shut)
    (folder / "demo.toml").write_text(text, encoding="utf-8")
    setup = ServerSetup(
        accounts=(AccountSetup(login=7, password="demo", balance=100_000.0),),
        symbols=(SymbolSetup(symbol=GOLD, timeframe="H1"),), start=first,
    )  # fmt: skip
    write_setup(folder / "terminal", setup, {"GOLD": TAPE})
    demo = Demo(folder)
    open_account(demo.config)
    return demo


def left(demo: Demo) -> list[tuple[int, float, float]]:
    """Return what left the position at the venue: within which bar, how many lots, at what price."""
    deals = [deal for deal in deals_of(demo.ledger) if deal["entry"] == "out"]
    return [((deal["at"] - START) // HOUR, float(deal["volume"]), float(deal["price"])) for deal in deals]


@pytest.mark.parametrize(
    ("on_shut", "expected"),
    [
        ('"keep"', [(16, LOTS, STOP)]),
        ('"breakeven"', [(14, LOTS, ENTRY)]),
        ('"tighten"', [(15, LOTS, 2024.6)]),  # the bid was 2069 when the gate shut
        ('"reduce"', [(9, HALF, 2069.0), (16, HALF, STOP)]),
        ("{ close_after = 2 }", [(10, LOTS, 2068.0)]),
    ],
)
def test_a_shut_gate_does_to_an_open_position_what_its_policy_says(
    tmp_path: Path, on_shut: str, expected: list[tuple[int, float, float]]
) -> None:
    """Daemon, worker and trade server: lots and stops are the policy's, the money adds up, as in the backtest."""
    demo = gated(tmp_path / "demo", on_shut, "enforce")
    try:
        demo.begin()
        demo.end()
    finally:
        demo.close()
    alone, _ = run_backtest(demo.config, recorded={("GOLD", "H1"): TAPE})

    assert expected == left(demo)
    assert [] == complaints(demo.ledger, demo.journal)
    assert [] == unlike(demo.journal, alone)


@pytest.mark.parametrize("on_shut", ['"breakeven"', '"tighten"', '"reduce"', "{ close_after = 2 }"])
def test_advice_is_told_and_the_position_left_alone(tmp_path: Path, on_shut: str) -> None:
    """What would have been done stands in the journal, once."""
    demo = gated(tmp_path / "demo", on_shut, "advise")
    try:
        demo.begin()
        demo.end()
    finally:
        demo.close()
    said = [row for row in table(demo.journal, "decisions") if row["shut"]]

    assert [(16, LOTS, STOP)] == left(demo)
    assert 1 == len(said)
