"""Rows of text files: MetaTrader 5's bar export, histdata.com's archives, and any CSV with a header."""

import csv
import gzip
import io
import re
import zipfile
import zlib

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import cast

from market.barcheck import BarFileError, Row, Tally

Clock = Callable[[int], int]
"""Turns the file's wall clock, dressed as UTC milliseconds, into UTC milliseconds."""

EST = 5 * 3_600_000
"""By so many milliseconds UTC is ahead of histdata.com's clock."""
_UNITS = ((11, 1000, 1), (14, 1, 1), (17, 1, 1_000), (20, 1, 1_000_000))  # digits, factor and divisor to milliseconds
_BARS = re.compile(r"\d{8} \d{6};")
_PRICES = ("open", "high", "low", "close")
_NAMES = {
    "date": ("date", "day"),
    "time": ("time", "datetime", "timestamp", "date time", "time (utc)", "gmt time", "ts"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c", "last"),
    "volume": ("tickvol", "tick_volume", "volume", "vol", "v"),
    "spread": ("spread",),
}


@contextmanager
def lines_of(path: Path) -> Iterator[Iterator[str]]:
    """Open a plain, gzip or zip file (with one file of text in it), in UTF-8 or UTF-16, as its lines."""
    try:
        with ExitStack() as stack:
            raw = _open(path, stack)
            mark = raw.peek(2)[:2]
            coding = "utf-16" if mark in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
            yield stack.enter_context(io.TextIOWrapper(raw, encoding=coding))
    except (OSError, EOFError, UnicodeError, csv.Error, zipfile.BadZipFile, zlib.error) as error:
        raise BarFileError(f"{path}: cannot be read ({error}); is it a text file of bars?") from error


def _open(path: Path, stack: ExitStack) -> io.BufferedReader | gzip.GzipFile | zipfile.ZipExtFile:
    packed = _packed(path)
    if packed == "gzip":
        return stack.enter_context(gzip.open(path, "rb"))
    if packed != "zip":
        return stack.enter_context(path.open("rb"))
    archive = stack.enter_context(zipfile.ZipFile(path))
    names = [one.filename for one in _texts(archive)]
    if len(names) != 1:
        raise BarFileError(f"{path}: holds {len(names)} text files ({', '.join(names)}), not one; unpack the one meant")
    return cast("zipfile.ZipExtFile", stack.enter_context(archive.open(names[0])))


def text_size(path: Path) -> int:
    """Return about how many bytes of text a plain, gzip or zip file holds; gzip counts to 4 GiB and begins again."""
    packed = _packed(path)
    if packed == "gzip":
        with path.open("rb") as file:
            file.seek(-4, 2)
            return int.from_bytes(file.read(4), "little")
    if packed == "zip":
        with zipfile.ZipFile(path) as archive:
            return sum(one.file_size for one in _texts(archive))
    return path.stat().st_size


def _packed(path: Path) -> str:
    """Return how a file is packed by its first bytes: "gzip", "zip" or not at all."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zip" if magic == b"PK\x03\x04" else ""


def _texts(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [one for one in archive.infolist() if one.filename.lower().endswith((".csv", ".txt"))]


def form_of(first: str, histdata: re.Pattern[str] = _BARS) -> str:
    """Return which form a file has by its first line: "mt5", "histdata" (by the pattern of its rows) or "csv"."""
    if histdata.match(first):
        return "histdata"
    return "mt5" if first.startswith("<") else "csv"


def histdata_rows(lines: Iterator[str], tally: Tally, clock: Clock | None) -> Iterator[Row]:
    """Yield rows of `YYYYMMDD HHMMSS;o;h;l;c;v`, EST (UTC-5) the whole year unless `clock` says otherwise."""
    for number, line in enumerate(lines, 1):
        try:
            stamp, o, h, l, c, v = line.split(";")
            seconds = int(stamp[9:11]) * 3600 + int(stamp[11:13]) * 60 + int(stamp[13:])
            wall = midnight_of(stamp[:9]) + seconds * 1000
            time = wall + EST if clock is None else clock(wall)
            yield (number, time, float(o), float(h), float(l), float(c), float(v), 0.0)
        except ValueError as error:
            unreadable(tally, number, line, error)


@lru_cache(maxsize=1)  # rows of a day stand together, and reading its date is most of a row's work
def midnight_of(day: str) -> int:
    """Return when a day of histdata.com begins on its clock, dressed as UTC milliseconds; ValueError where it is none.

    >>> midnight_of("20120201 ")
    1328054400000
    """
    return _milliseconds(datetime.strptime(day, "%Y%m%d ").replace(tzinfo=UTC))


def csv_rows(header: str, lines: Iterator[str], tally: Tally, clock: Clock | None) -> Iterator[Row]:
    """Yield rows of a file with a header; times are turned by `clock`, or taken as UTC."""
    delimiter, names = header_of(header)
    at = columns_of(names, tally.file)
    stamps = [at[key] for key in ("date", "time") if key in at]
    prices = [at[key] for key in _PRICES]
    extras = [at.get(key, -1) for key in ("volume", "spread")]
    reader = csv.reader(lines, delimiter=delimiter)
    for fields in reader:
        if not fields:
            continue
        try:
            time = time_of(" ".join([fields[i].strip() for i in stamps]), clock)
            o, h, l, c = [float(fields[i]) for i in prices]
            volume, spread = [_extra(fields[i]) if i >= 0 else 0.0 for i in extras]
            yield (reader.line_num + 1, time, o, h, l, c, volume, spread)
        except (ValueError, IndexError) as error:
            unreadable(tally, reader.line_num + 1, delimiter.join(fields), error)


def header_of(line: str) -> tuple[str, list[str]]:
    """Return what stands between the columns of a file with this first line, and their names in small letters.

    >>> header_of("<DATE>;<BID>")
    (';', ['date', 'bid'])
    """
    delimiter = max("\t;,", key=line.count)
    return delimiter, [name.strip(" <>").lower() for name in next(csv.reader([line], delimiter=delimiter))]


def columns_of(
    names: Sequence[str],
    file: str,
    known: Mapping[str, Sequence[str]] = _NAMES,
    needed: Sequence[str] = _PRICES,
    advice: str = "name them so",
) -> dict[str, int]:
    """Return where each of time or date, open, high, low, close, volume and spread stands, by the names it may have.

    Of other columns where `known` says the names that those may have; BarFileError where no time stands there, or one
    that is `needed` does not.
    """
    found: dict[str, int] = {}
    for key, usual in known.items():
        for name in usual:
            if name in names and key not in found:
                found[key] = names.index(name)
    missing = [key for key in needed if key not in found]
    if not {"date", "time"} & set(found):
        missing.insert(0, "time")
    if missing:
        raise BarFileError(f"{file}: no column for {', '.join(missing)} among {', '.join(names)}; {advice}")
    return found


def _extra(text: str) -> float:
    value = float(text or 0.0)
    if not 0.0 <= value < float("inf"):
        raise ValueError(f"{text} is no volume or spread")
    return value


def time_of(text: str, clock: Clock | None = None) -> int:
    """Return UTC milliseconds of an ISO 8601 or MetaTrader stamp, or of seconds (milli-, micro-, nano-) since 1970.

    A clock is applied to stamps labelled UTC too: what reads MetaTrader 5 labels the server's time so.

    >>> time_of("2012.02.01 00:30"), time_of("2012-02-01T01:30:00+01:00"), time_of("1328056200"), time_of("20120201")
    (1328056200000, 1328056200000, 1328056200000, 1328054400000)
    """
    instant = _instant(text, zone_allowed=clock is None)
    return instant if clock is None else clock(instant)


def _instant(text: str, *, zone_allowed: bool) -> int:
    digits = text.lstrip("-")
    if digits.isdecimal() and len(digits) > len("YYYYMMDD"):
        for longest, times, over in _UNITS:
            if len(digits) <= longest:
                return int(text) * times // over
    stamp = datetime.fromisoformat(text[:10].replace(".", "-") + text[10:])
    if stamp.utcoffset() and not zone_allowed:
        raise ValueError("it names its own zone, and a clock was given too")
    return _milliseconds(stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC))


def _milliseconds(stamp: datetime) -> int:
    return round(stamp.timestamp() * 1000)


def unreadable(tally: Tally, number: int, line: str, error: Exception, of: str = "bar") -> None:
    """Note a row that is no bar, or nothing else that it is to be."""
    tally.note("unreadable", number, f"{line.strip()[:80]!r} is no {of} ({error})")
