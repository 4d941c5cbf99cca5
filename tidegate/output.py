"""What a command prints: a table for people, one JSON object a line for programs."""

import datetime
import os
import shutil
import sys

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

TIMES = frozenset({
    *("at", "at_again", "bar_time", "opened", "closed", "started", "ended", "wall", "at_decided", "at_answered"),
    *("opens", "closes", "until"),
})  # fmt: skip
"""Columns that hold UTC milliseconds."""

WIDE = 100_000
"""Columns of a screen that is a pipe or a file: nothing is cut there."""

Row = Mapping[str, Any]


def show(rows: Iterable[Row], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows: all their keys as JSON lines, or the named columns as a table."""
    if as_json:
        lines(rows)
    else:
        table(rows, columns)


def facts(row: Row, *, as_json: bool) -> None:
    """Print one row: as a JSON line, or one fact below the other."""
    if as_json:
        lines([row])
    else:
        table([{"what": name, "is": value} for name, value in row.items()], ("what", "is"), titled=False)


def lines(rows: Iterable[Row]) -> None:
    """Print each row as one line of JSON."""
    import msgspec  # noqa: PLC0415 - `--help` must not wait for it

    for row in rows:
        say(msgspec.json.encode(row).decode())


def table(rows: Iterable[Row], columns: Sequence[str], *, titled: bool = True) -> None:
    """Print the named columns of rows as a table; outside a terminal nothing is cut.

    On a screen too narrow for its words each row is told column below column instead.
    """
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only tables need it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    told = [{name: cell(name, row.get(name)) for name in columns} for row in rows]
    screen = shutil.get_terminal_size()  # rich takes a dumb terminal's word for nothing unless it is told both
    console = Console(width=screen.columns if sys.stdout.isatty() else WIDE, height=screen.lines, highlight=False)
    if titled and _needed(told, columns) > console.width:
        _one_by_one(told)
        return
    grid = Table(*columns, box=None, pad_edge=False, show_header=titled)
    for row in told:
        grid.add_row(*map(Text, row.values()))
    with console.capture() as capture:
        console.print(grid)
    say("\n".join(line.rstrip() for line in capture.get().splitlines()))


def _needed(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> int:
    """Return how wide a screen must be for a table none of whose words is cut."""
    words = [[name, *(word for row in rows for word in row[name].split())] for name in columns]
    return sum(max(map(len, column)) + 2 for column in words) - 2


def _one_by_one(rows: Sequence[Mapping[str, str]]) -> None:
    for place, row in enumerate(rows):
        if place:
            say("")
        table([{"what": name, "is": value} for name, value in row.items()], ("what", "is"), titled=False)


def cell(name: str, value: object) -> str:
    r"""Return a value as people read it; what a terminal would obey instead of showing is spelled out.

    >>> cell("bar_time", 1072828800000), cell("price", 1108.48), cell("reason", "a\x1b[2Jb")
    ('2003-12-31 00:00', '1108.48', 'a\\x1b[2Jb')
    """
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.10g}"
        case int() if name in TIMES:
            return moment(value)
        case "":
            return "-"
        case list() | tuple():
            return ", ".join(cell(name, item) for item in value) or "-"
        case dict():
            return ", ".join(f"{key}: {cell(name, item)}" for key, item in value.items()) or "-"
        case _:
            return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))


def moment(utc_ms: int) -> str:
    """Return UTC milliseconds as a date and time, seconds and less where there are any; "-" for never.

    >>> moment(1072828800000), moment(1072828801250)
    ('2003-12-31 00:00', '2003-12-31 00:00:01.250')
    """
    if not utc_ms:
        return "-"
    at = datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(milliseconds=utc_ms)
    precise = "milliseconds" if utc_ms % 1000 else "seconds" if utc_ms % 60_000 else "minutes"
    return at.replace(tzinfo=None).isoformat(" ", precise)


def say(text: str) -> None:
    """Print a line; a reader who has gone away (`… | head`) ends the command quietly."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
