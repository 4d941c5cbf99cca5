"""Arguments and options that several commands take, with the words that explain them."""

import datetime
import re

from pathlib import Path
from typing import Annotated, Literal

import typer

from config.errors import UsageError

MOST = (1 << 63) - 1
"""The greatest number that a journal keeps."""

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="TOML, state folder or name of an account.")]
AccountOrAll = Annotated[
    str | None, typer.Argument(metavar="[ACCOUNT]", help="TOML, state folder or name of an account.")
]
Accounts = Annotated[
    list[str], typer.Argument(metavar="ACCOUNT...", help="TOML, state folder or name of an account; a folder of them.")
]
All = Annotated[Path | None, typer.Option("--all", metavar="DIR", help="All accounts whose TOML lies in a folder.")]
Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML of an account.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Last = Annotated[int, typer.Option("--last", min=1, max=MOST, help="How many, counted from the newest.")]
NO_REASON = 'a reason is needed, for it is the first thing asked for afterwards: --reason "…"'
Reason = Annotated[str, typer.Option("--reason", help="Why: it is journaled, and asked for later.")]
RegimeName = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of a regime; needed if there are several.")]
Run = Annotated[int | None, typer.Option("--run", min=1, max=MOST, help="One run only.")]
Moved = Annotated[
    Path | None,
    typer.Option(
        "--segments", metavar="FOLDER", help="To which archived rows were moved.", exists=True, file_okay=False
    ),
]
Since = Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, like 1999-01-04.")]
StrategyName = Annotated[str | None, typer.Option("--strategy", help="Of one strategy only.")]
User = Annotated[str | None, typer.Option("--user", metavar="NAME", help="With --all: only accounts of this user.")]
OfStrategy = Annotated[str | None, typer.Option("--strategy", metavar="NAME", help="Only this strategy.")]
OfSymbol = Annotated[str | None, typer.Option("--symbol", metavar="NAME", help="Only this symbol.")]
OfModel = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="NAME", help="Only strategies behind this regime model: its name, or of its fingerprint 8+."
    ),
]
Via = Annotated[
    Literal["local", "mqtt"] | None,
    typer.Option("--via", help="mqtt: sign it, send it over the bus; without it where only that is set up here."),
]
Until = Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day.")]

DAY_MS = 86_400_000


def scope_of(strategy: str | None, symbol: str | None, model: str | None) -> str:
    """Return the scope of the latch that is meant, empty for the account; UsageError where several are named.

    >>> scope_of("trend", None, None), scope_of(None, None, "00C0FFEE")
    ('strategy:trend', 'model:00c0ffee')
    """
    if model and re.fullmatch("[0-9A-Fa-f]{8,64}", model):
        model = model.lower()
    named = {"strategy": strategy, "symbol": symbol, "model": model}
    found = [f"{kind}:{name_of(kind, name)}" for kind, name in named.items() if name is not None]
    if len(found) > 1:
        raise UsageError(f"name one of --strategy, --symbol and --model, got {' and '.join(found)}")
    return found[0] if found else ""


def name_of(kind: str, text: str) -> str:
    """Return a name that was typed; UsageError where it is empty: of a variable that is, nobody means everything."""
    if not text.strip():
        raise UsageError(f"--{kind} is empty, which would mean everything: name one, or leave --{kind} out")
    return text.strip()


def reason_of(text: str) -> str:
    """Return a reason that was typed; UsageError where there is none."""
    if not text.strip():
        raise UsageError(NO_REASON)
    return text.strip()


def day_of(text: str | None) -> datetime.date | None:
    """Return a day that was typed; UsageError where it is none."""
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"expected a date like 1999-01-04, got {text!r}") from None


def ms_of(text: str | None) -> int | None:
    """Return when a day that was typed begins, UTC milliseconds; UsageError where it is none.

    >>> ms_of("1970-01-02"), ms_of(None)
    (86400000, None)
    """
    day = day_of(text)
    return None if day is None else (day - datetime.date(1970, 1, 1)).days * DAY_MS


def end_of(text: str) -> int:
    """Return the end of the day, minute or second that was typed, UTC milliseconds; UsageError where it is none.

    >>> end_of("1970-01-01") == DAY_MS, end_of("1970-01-01T00:02"), end_of("1970-01-01 00:02:05")
    (True, 180000, 126000)
    """
    for form, length in (("%Y-%m-%d", DAY_MS), ("%Y-%m-%dT%H:%M", 60_000), ("%Y-%m-%dT%H:%M:%S", 1000)):
        try:
            moment = datetime.datetime.strptime(text.strip().replace(" ", "T"), form).replace(tzinfo=datetime.UTC)
        except ValueError:
            continue
        return round(moment.timestamp() * 1000.0) + length
    raise UsageError(f"--at: expected a day or a time of UTC like 2026-01-30 or 2026-01-30T14:05, got {text!r}")
