"""Words of who is on call: note, handover, and what a resume would meet."""

import datetime
import re

from typing import Annotated

import typer

from config.errors import Negative, UsageError
from tidegate.words import Account, Json

Text = Annotated[str, typer.Argument(metavar="TEXT", help="What whoever comes next should know.")]
SinceWhen = Annotated[
    str, typer.Option("--since", metavar="WHEN", help="Like 8h, 90m or 2d, or a date or time of UTC.")
]

UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
EVENTS = ("at", "what", "who", "text")


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(note)
    app.command()(handover)


def note(account: Account, text: Text, as_json: Json = False) -> None:
    """Write down what whoever comes next should know.

    It is journaled: now where a daemon runs, else at its next start.
    """
    from config.meant import account_at  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.alerts.notes import write  # noqa: PLC0415
    from runtime.operator.keyboard import LONGEST, asker_of  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    if not text.strip():
        raise UsageError("a note needs words")
    if len(text) > LONGEST:
        raise UsageError(f"a note has at most {LONGEST:,} letters, got {len(text):,}: write several, or name a file")
    journaled = write(account_at(account), asker_of(text.strip()))
    said = "noted" if journaled else "noted: no daemon answers, and it is journaled at the next start"
    if as_json:
        lines([{"account": account, "ok": True, "journaled": journaled, "text": said}])
    else:
        say(said)


def handover(account: Account, since: SinceWhen = "12h", as_json: Json = False) -> None:
    """Tell what happened, for whoever takes over.

    Levels, runs, alerts and who had them, notes, holds, trades, orders that came to nothing, money, and what people
    asked for, in order of time. No daemon has to run.
    """
    import msgspec  # noqa: PLC0415

    from config.meant import account_at  # noqa: PLC0415
    from runtime.clock import Clock  # noqa: PLC0415
    from runtime.operator.handover import happened  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    folder = account_at(account)
    found = happened(folder, moment_of(since, Clock().wall_ms()))
    show([msgspec.to_builtins(event) for event in found], EVENTS, as_json=as_json)


def moment_of(text: str, now: int) -> int:
    """Return a moment that was typed, UTC milliseconds; UsageError where it is none.

    >>> moment_of("2h", 10_000_000), moment_of("1999-01-04", 0), moment_of("1999-01-04 12:30", 0)
    (2800000, 915408000000, 915453000000)
    """
    length = re.fullmatch(r"(\d{1,6})([mhd])", text.strip())
    if length is not None:
        return max(0, now - int(length[1]) * UNITS[length[2]])
    try:
        at = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"--since: expected 8h, 90m, 2d, or a date like 1999-01-04, got {text!r}") from None
    return int((at if at.tzinfo else at.replace(tzinfo=datetime.UTC)).timestamp() * 1000)


def show_dry(account: str, scope: str, *, as_json: bool) -> None:
    """Show what a resume would meet, and what has changed since the level was set; Negative where it would not do."""
    import msgspec  # noqa: PLC0415

    from config.meant import account_at  # noqa: PLC0415
    from runtime.operator.dry import dry  # noqa: PLC0415
    from tidegate.output import lines, moment, say, table  # noqa: PLC0415

    found = dry(account_at(account, scope), scope)
    if as_json:
        lines([{"account": account, "ok": not found.blockers, **msgspec.to_builtins(found)}])
    else:
        about = f"{scope} at " if scope else ""
        say(f"{about}{found.level}, {moment(found.at)} UTC by {found.who or 'nobody known'}: {found.why}")
        for blocker in found.blockers:
            say(f"in its way: {blocker}")
        for other in found.beside:
            say(f"stays as it is: {other}")
        if found.changes:
            say("\nsince then")
            table(msgspec.to_builtins(found.changes), EVENTS)
    if found.blockers:
        raise Negative(f"{len(found.blockers)} in the way of a resume, which was not tried: see above")
    if not as_json:
        say("nothing is in the way of a resume")
