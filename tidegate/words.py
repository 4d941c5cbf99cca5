"""Arguments and options that several commands take, with the words that explain them."""

import datetime

from pathlib import Path
from typing import Annotated, Literal

import typer

from config.errors import UsageError

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="TOML, state folder or name of an account.")]
AccountOrAll = Annotated[
    str | None, typer.Argument(metavar="[ACCOUNT]", help="TOML, state folder or name of an account.")
]
All = Annotated[Path | None, typer.Option("--all", metavar="DIR", help="All accounts whose TOML lies in a folder.")]
Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML of an account.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Last = Annotated[int, typer.Option("--last", min=1, help="How many, counted from the newest.")]
Reason = Annotated[str, typer.Option("--reason", help="Why: it is journaled, and asked for later.")]
RegimeName = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of a regime; needed if there are several.")]
Run = Annotated[int | None, typer.Option("--run", min=1, help="One run only.")]
Since = Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, like 1999-01-04.")]
StrategyName = Annotated[str | None, typer.Option("--strategy", help="Of one strategy only.")]
Via = Annotated[
    Literal["local", "mqtt"] | None,
    typer.Option("--via", help="mqtt: sign it, send it over the bus; without it where only that is set up here."),
]
Until = Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day.")]


def day_of(text: str | None) -> datetime.date | None:
    """Return a day that was typed; UsageError where it is none."""
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"expected a date like 1999-01-04, got {text!r}") from None
