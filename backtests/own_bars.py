"""The demo's configuration for a user's own bars: timeframe, digits, contract and costs read off the file, and said."""

import re

from pathlib import Path

import msgspec

from config.errors import DataError
from market.barfile import read_bars
from market.bars import Bars
from market.types import DAY_MS

LEAST = 500
"""Bars below which there is nothing to learn from and nothing left to trade."""
LEARN_SHARE = 4
"""One bar in so many is learnt from, and not traded."""
SPREAD_SHARE = 0.0001
"""Spread assumed where the file has none: one hundredth of a per cent of the price."""
LOT_VALUE = 1000.0
"""A price below this divided by a hundred is taken to be a currency pair's: 100,000 units a lot."""
MOST_DIGITS = 6


def own_text(text: str, data: Path, symbol: str) -> str:
    """Return the demo's TOML for the bars of one file; DataError where they are too few."""
    bars, _ = read_bars(data, symbol)
    if len(bars) < LEAST:
        raise DataError(f"{data.name}: {len(bars)} bars are too few: the demo learns from a quarter and needs {LEAST}")
    digits = digits_of(bars)
    price = bars.close[len(bars) // 2]
    spread = max(1.0, float(round(price * SPREAD_SHARE * 10**digits)))
    pair = price < LOT_VALUE / 100.0
    learn = len(bars) // LEARN_SHARE
    file = f"file = {msgspec.json.encode(str(data.absolute())).decode()} "
    changes = {
        "SP500": symbol,  # first, so that no path is changed
        r'source = "sp500" ': file,
        r'"D1"': f'"{bars.timeframe}"',
        r"bars = 1256": f"bars = {learn}",
        r"warmup = 1256": f"warmup = {learn}",
        r"digits = 2": f"digits = {digits}",
        r"tick_size = 0\.01": f"tick_size = {1.0 / 10**digits:.{digits}f}",
        r"contract_size = 1\.0": f"contract_size = {100_000.0 if pair else 1.0}",
        r"\nspread = 50\.0 .*": f"\nspread = {spread:.1f}  # points, assumed; used where a bar has none of its own",
        r"\nslippage = 10\.0 .*": f"\nslippage = {max(1.0, round(spread / 5.0)):.1f}  # points, assumed",
        r"max_spread = 100\.0": f"max_spread = {max(spread * 4.0, 4.0 * max(bars.spread)):.1f}",
    }
    if bars.frame < DAY_MS:  # stops of minutes are close: a hundredth of equity at risk would be many times the equity
        changes |= {
            r"\nrisk = 0\.01 ": "\nrisk = 0.001 ",
            r"leverage = 20\b": "leverage = 100",
            r"max_value = 500000\.0": "max_value = 2000000.0",
        }
    for pattern, replacement in changes.items():
        text = re.sub(pattern, lambda _, r=replacement: r, text)  # type: ignore[misc]  # bound at once
    return text


def name_of(data: Path) -> str:
    """Return a symbol's name made of a file's: its first letters and digits, in capitals."""
    return (re.match(r"[A-Za-z0-9]+", data.name) or ["SYMBOL"])[0].upper()[:16]


def digits_of(bars: Bars) -> int:
    """Return how many decimals the closes of a file need."""
    for digits in range(MOST_DIGITS):
        scale = 10**digits
        if all(abs(c * scale - round(c * scale)) < 1e-6 * scale for c in bars.close[:LEAST]):
            return digits
    return MOST_DIGITS
