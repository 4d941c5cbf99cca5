"""Twenty years of real daily bars, of the S&P 500 and the Nasdaq, that ship in the package `arch`, read without it."""

import csv
import gzip
import importlib.util

from datetime import UTC, datetime
from pathlib import Path

from market.barcheck import BarFileError
from market.bars import Bars, bars_of
from market.money import nearest

SYMBOL = "SP500"
NASDAQ = "NASDAQ"
DIGITS = 2
_SCALE = 100.0


def sp500_path() -> Path:
    """Return where the installed `arch` keeps its S&P 500 file; BarFileError where it is not installed."""
    return _path("sp500", "S&P 500")


def _path(name: str, told: str) -> Path:
    spec = importlib.util.find_spec("arch")
    path = Path(spec.origin).parent / "data" / name / f"{name}.csv.gz" if spec and spec.origin else None
    if path is None or not path.exists():
        raise BarFileError(f'the {told} bars come with the package arch: install "tidegate[demo]"')
    return path


def read_sp500(symbol: str = SYMBOL) -> Bars:
    """Return 5,031 daily bars from 1999-01-04 to 2018-12-31, stamped 00:00 UTC.

    The file holds float32 noise (1244.780029): prices are rounded to the two digits they were quoted with.
    """
    return _read(sp500_path(), symbol)


def read_nasdaq(symbol: str = NASDAQ) -> Bars:
    """Return 5,031 daily bars of the Nasdaq composite, of the same days and likewise."""
    return _read(_path("nasdaq", "Nasdaq"), symbol)


def _read(path: Path, symbol: str) -> Bars:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return bars_of(symbol, "D1", [_row(fields) for fields in csv.DictReader(lines)])


def _row(fields: dict[str, str]) -> tuple[float, ...]:
    month, day, year = (int(x) for x in fields["Date"].split("/"))
    time = int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000
    prices = [nearest(float(fields[name]) * _SCALE) / _SCALE for name in ("Open", "High", "Low", "Close")]
    return (time, *prices, float(fields["Volume"]), 0.0)
