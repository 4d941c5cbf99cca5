"""Words about what an account has lived through: replay, parity, calibrate."""

import datetime

from pathlib import Path
from typing import Annotated

import typer

from config.errors import Negative, UsageError
from tidegate.words import Account, Json, Moved, Run, day_of

Day = Annotated[str, typer.Option("--day", metavar="DATE", help="A day, UTC, like 2026-01-30.")]
Recorded = Annotated[
    bool, typer.Option("--recorded", help="Over the bars of [data] in its TOML, not over those that it was told.")
]

OnDay = Annotated[str | None, typer.Option("--day", metavar="DATE", help="Only a day, UTC; with --with: up to it.")]
Changed = Annotated[Path | None, typer.Option("--with", metavar="TOML", help="A changed configuration of the account.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    for word in (replay, parity, calibrate):
        app.command()(word)


def replay(
    account: Account,
    number: Run = None,
    day: OnDay = None,
    changed: Changed = None,
    segments: Moved = None,
    as_json: Json = False,
) -> None:
    """Play a journal again, bit for bit, or otherwise configured.

    Exit code 11 where a fresh core decides anything else than what was journaled. With --with: what another TOML would
    have decided over the bars that were told, up to --day; that it differs is an answer, and ends with 0.
    """
    import msgspec  # noqa: PLC0415

    from backtests.replay import ReplayMismatch  # noqa: PLC0415
    from backtests.replay import replay as replay_run  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    if changed is not None:
        _what_if(account, changed, day, number, segments, as_json=as_json)
        return
    try:
        found = replay_run(find(account).journal, number, day=day_of(day), segments=segments)
    except ReplayMismatch as error:
        if as_json:
            lines([{"ok": False, "row": error.seq, "field": error.field, "problem": str(error)}])
        raise
    if as_json:
        lines([{"ok": True, "problem": "", **msgspec.to_builtins(found)}])
    else:
        say(f"the same to the last bit: {found.runs} runs, {found.facts} facts, {found.decisions} decisions")


def _what_if(
    account: str, changed: Path, day: str | None, number: int | None, segments: Path | None, *, as_json: bool
) -> None:
    import msgspec  # noqa: PLC0415

    from backtests.screen import Watch  # noqa: PLC0415
    from backtests.whatif import what_if  # noqa: PLC0415
    from config.load import load  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from tidegate.output import lines  # noqa: PLC0415
    from tidegate.whatif_told import tell  # noqa: PLC0415

    date = day_of(day)
    if date is None or number is not None:
        raise UsageError("--with: name the last day that counts by --day; it begins with the account's first run")
    with Watch() as watch:
        watch.stage("playing it twice")
        found = what_if(find(account).journal, load(changed), date, watch.progress, segments)
    if as_json:
        lines([msgspec.to_builtins(found)])
    else:
        tell(found)


def parity(
    account: Account, day: Day, recorded: Recorded = False, segments: Moved = None, as_json: Json = False
) -> None:
    """Play a lived day again, and say why it differs.

    Exit code 11 where a decision differs by more than its quote.
    """
    import msgspec  # noqa: PLC0415

    from backtests.parity import parity as parity_of  # noqa: PLC0415
    from backtests.recorded import tapes_of  # noqa: PLC0415
    from backtests.screen import Watch  # noqa: PLC0415
    from config.places import configured, find  # noqa: PLC0415
    from tidegate.output import lines  # noqa: PLC0415
    from tidegate.parity_told import tell  # noqa: PLC0415

    date = day_of(day)
    assert date is not None  # noqa: S101 - a day was given
    with Watch() as watch:
        watch.stage("playing it again")
        bars = tapes_of(configured(account)[0]) if recorded else None
        found = parity_of(find(account).journal, date, recorded=bars, progress=watch.progress, segments=segments)
    if as_json:
        lines([msgspec.structs.asdict(found)])
    else:
        tell(found)
    if found.parted:
        raise Negative(f"{found.parted} of {found.decisions} decisions went another way: their causes stand above")


def calibrate(account: Account, segments: Moved = None, as_json: Json = False) -> None:
    """Measure spreads and slippage in an account's journal.

    Prints lines of its TOML, to paste: spread by hour of the week, and slippage as it was, fill by fill.
    """
    import msgspec  # noqa: PLC0415

    from backtests.cost_calibration import as_toml, measured  # noqa: PLC0415
    from config.places import configured, journal_of  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    config, state = configured(account)
    found = measured(journal_of(config, state), config, segments)
    if as_json:
        lines([msgspec.structs.asdict(each) for each in found])
    else:
        say(as_toml(found, str(datetime.datetime.now(datetime.UTC).date())))
