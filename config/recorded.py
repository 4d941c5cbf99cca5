"""Where the recorded bars and ticks of an account lie, and how they are read, as its TOML may say."""

import datetime

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from market.barcheck import Policy
from market.types import TIMEFRAMES

Timeframe = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(TIMEFRAMES)})$")]


class DataSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Recorded bars of one symbol: what a backtest, a training and the look-alike read."""

    symbol: str = ""
    """Whose bars they are; empty: those of the symbol that the table is named after. Where bars of several timeframes
    of one symbol are read, each has a table of its own."""
    source: Literal["sp500", ""] = ""
    """sp500: twenty years of daily bars of the S&P 500, shipped with the package arch."""
    file: str = ""
    format: Literal["bars", "ticks"] = "bars"
    """What the file holds. Of ticks the bars of `timeframe` are made, and these tell what came first within them."""
    timeframe: Timeframe = "D1"
    zone: str = ""
    """The rule of the file's clock (`brokers/mt5/zone.py`); empty: as files of its form are stamped, mostly UTC."""
    policy: Policy = Policy()
    """What becomes of a row that breaks the contract of a bar file."""
    spread_by_hour: tuple[Annotated[float, msgspec.Meta(ge=0)], ...] = ()
    """Points by hour of the week, Monday 00:00 of the server's clock first, where a bar has no spread of its own; 168
    of them, as `tidegate calibrate` measures them, or none: the symbol's `costs.spread` everywhere."""
    finer: str = ""
    """Another table here, of the same symbol: its shorter bars, or its ticks, tell what came first within these."""
    from_: datetime.date | None = msgspec.field(default=None, name="from")
    to: datetime.date | None = None
    """The last day read."""


def date_problems(from_: datetime.date | None, to: datetime.date | None, path: str) -> Iterator[str]:
    """Yield what is wrong with a span of days."""
    if from_ is not None and to is not None and to < from_:
        yield f"{path}.to: expected a date from {from_}, got {to}"
