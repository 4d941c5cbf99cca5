"""Numbers as people read them, the same on the screen and in the report."""

import datetime
import math


def money(value: float | None, *, signed: bool = False) -> str:
    """Return an amount with two decimals.

    >>> money(1234.5), money(-0.25), money(30863.13, signed=True), money(None)
    ('1,234.50', '−0.25', '+30,863.13', '–')
    """
    if value is None:
        return "–"
    text = f"{value:+z,.2f}" if signed else f"{value:z,.2f}"
    return text.replace("-", "−")


def whole(value: float | None) -> str:
    """Return an amount with its sign and no decimals, for where there is little room.

    >>> whole(30863.13), whole(-895.48), whole(None)
    ('+30,863', '−895', '–')
    """
    return "–" if value is None else f"{value:+z,.0f}".replace("-", "−")


def share(value: float | None, digits: int = 1) -> str:
    """Return a share as per cent.

    >>> share(0.8429), share(0.00728, 2), share(None)
    ('84.3 %', '0.73 %', '–')
    """
    return "–" if value is None else f"{100.0 * value:z.{digits}f} %".replace("-", "−")


def many(count: int, noun: str) -> str:
    """Return how many of something there are.

    >>> many(1, "point"), many(1000, "point")
    ('1 point', '1,000 points')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def feature(ref: tuple[str, tuple[float, ...]]) -> str:
    """Return a feature and its parameters.

    >>> feature(("log_volume_zscore", (20.0,))), feature(("log_return", ()))
    ('log_volume_zscore 20', 'log_return')
    """
    name, params = ref
    return " ".join((name, *(f"{p:g}" for p in params)))


def fine_share(value: float | None) -> str:
    """Return a share as per cent with two decimals, or more where these would leave less than two digits of it.

    >>> fine_share(0.00939), fine_share(0.000312), fine_share(0.0)
    ('0.94 %', '0.031 %', '0.00 %')
    """
    return share(value, max(2, 1 - math.floor(math.log10(100.0 * value))) if value else 2)


def number(value: float | None, digits: int = 1) -> str:
    """Return a number.

    >>> number(54.862), number(3775, 0), number(-0.001), number(None)
    ('54.9', '3,775', '0.0', '–')
    """
    return "–" if value is None or value != value else f"{value:z,.{digits}f}".replace("-", "−")


def day(utc_ms: float) -> str:
    """Return the day of a moment.

    >>> day(1072828800000)
    '2003-12-31'
    """
    return datetime.datetime.fromtimestamp(utc_ms / 1000, datetime.UTC).date().isoformat()
