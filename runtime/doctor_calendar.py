"""What the doctor says of an account's calendar: what is in force, and what speaks against it."""

import datetime

import msgspec

from brokers.hours import Hours
from config.account import AccountConfig
from config.calendar import WEEKDAYS
from config.sessions import text_of
from market.types import DAY_MS, HOUR_MS
from runtime.assemble import hours_of
from runtime.doctor_terminal import Visit

NONE = (
    "no calendar: sessions, holidays and swap factors are not known, and no entry is held outside of sessions; "
    "account.calendar names a file, `tidegate calendar --propose` makes one"
)
_LOOKED_BACK = 28 * DAY_MS
"""Hours so old are held against the calendar."""
_STRAY = 1
"""One hour outside of sessions is a stray quote."""
_EPOCH = datetime.date(1970, 1, 1)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a symbol's calendar says at a moment; moments are UTC milliseconds, the rest is the server's clock."""

    symbol: str
    today: list[str]
    """Sessions of the server's day."""
    open: bool
    opens: int
    """When a session is on next, now if one is on; 0 for never."""
    closes: int
    """When the session that is on, or the next one, ends; 0 for never."""
    swap: list[float]
    """Factors of the nights, Monday first; empty: as the contract says."""
    swap_dates: list[str]
    """The next dates whose night counts otherwise."""
    holidays: list[str]
    """The next ones."""


def in_force(config: AccountConfig, at: int) -> list[Standing]:
    """Return what the calendar says of each symbol; nothing without a calendar."""
    return [_in_force(symbol, hours, at) for symbol, hours in hours_of(config).items()]


def _in_force(symbol: str, hours: Hours, at: int) -> Standing:
    today = hours.dial(at) // DAY_MS
    coming = sorted(day for day in hours.calendar.holidays if day >= today)[:3]
    return Standing(
        symbol=symbol, today=text_of(hours.today(at)), open=hours.is_open(at), opens=hours.next_open(at) or 0,
        closes=hours.next_close(at) or 0, swap=list(hours.calendar.swap_days or ()),
        swap_dates=[f"{_date(day)} {f:g}" for day, f in hours.calendar.swap_dates if day >= today][:3],
        holidays=[_holiday(day, hours) for day in coming],
    )  # fmt: skip


def _date(day: int) -> datetime.date:
    return _EPOCH + datetime.timedelta(days=day)


def _holiday(day: int, hours: Hours) -> str:
    return f"{_date(day)} {', '.join(text_of(hours.calendar.holidays[day])) or 'closed'}"


def calendar_of(config: AccountConfig, at: int, seen: Visit | None) -> str:
    """Return what is in force; ValueError where the file is too old, or quotes came while it says closed."""
    calendars = config.calendars
    if calendars is None:
        return NONE
    until = calendars.holidays_to
    if until is not None and _EPOCH + datetime.timedelta(milliseconds=at) > until:
        raise ValueError(f"holidays are known to {until} only: write the new ones into {config.account.calendar}")
    if seen is not None:
        _quoted(config, seen)
    known = f"holidays known to {until}" if until is not None else "no holiday is listed"
    return "; ".join((*_sentences(in_force(config, at), config), known))


def _quoted(config: AccountConfig, seen: Visit) -> None:
    """Hold quotes against the calendar; ValueError where they came outside of sessions."""
    hours = hours_of(config)
    for symbol, at in seen.ticks.items():
        if not hours[symbol].is_open(at):
            shown = _moment(at, hours[symbol])
            raise ValueError(f"a tick of {symbol} came just now, {shown}, while the calendar says that it is closed")
    mine = hours[seen.symbol]
    late = [time for time in seen.history if time >= seen.told.at - _LOOKED_BACK]
    outside = [time for time in late if not mine.open_ms(time, time + HOUR_MS)]
    if len(outside) > _STRAY:
        raise ValueError(
            f"{seen.symbol} was quoted in {len(outside)} of {len(late)} hours outside of its sessions, the last "
            f"time in the hour of {_moment(outside[-1], mine)}: mend {config.account.calendar}"
        )


def _sentences(rows: list[Standing], config: AccountConfig) -> list[str]:
    """Return a sentence for the symbols that have the same to say."""
    hours, said = hours_of(config), dict[str, list[str]]()
    for row in rows:
        said.setdefault(_sentence(row, hours[row.symbol]), []).append(row.symbol)
    return [f"{', '.join(symbols)}: {sentence}" for sentence, symbols in said.items()]


def _sentence(row: Standing, hours: Hours) -> str:
    today = ", ".join(row.today) or "no session"
    if row.open:
        now = f"open until {_moment(row.closes, hours)}" if row.closes else "open without an end"
    else:
        now = f"closed until {_moment(row.opens, hours)}" if row.opens else "closed for good"
    nights = " ".join(f"{factor:g}" for factor in row.swap) or "as its contract says"
    special = f", on {', '.join(row.swap_dates)}" if row.swap_dates else ""
    return f"today {today}, {now}, swap from Monday {nights}{special}"


def _moment(at: int, hours: Hours) -> str:
    """Return a moment on the server's clock, with its weekday."""
    day, rest = divmod(hours.dial(at), DAY_MS)
    date = _date(day)
    return f"{WEEKDAYS[date.weekday()].capitalize()} {date} {text_of(((rest, rest + 60_000),))[0][:5]}"
