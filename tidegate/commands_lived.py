"""Words about what an account has lived through: replay, parity, calibrate."""

import datetime

from typing import Annotated

import typer

from config.errors import Negative
from tidegate.words import Account, Json, Run, day_of

Day = Annotated[str, typer.Option("--day", metavar="DATE", help="A day, UTC, like 2026-01-30.")]
Recorded = Annotated[
    bool, typer.Option("--recorded", help="Over the bars of [data] in its TOML, not over those that it was told.")
]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    for word in (replay, parity, calibrate):
        app.command()(word)


def replay(account: Account, number: Run = None, as_json: Json = False) -> None:
    """Play a journaled run again, bit for bit.

    Exit code 11 where a fresh core decides anything else than what was journaled.
    """
    import msgspec  # noqa: PLC0415

    from backtests.replay import ReplayMismatch  # noqa: PLC0415
    from backtests.replay import replay as replay_run  # noqa: PLC0415
    from config.places import find  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    try:
        found = replay_run(find(account).journal, number)
    except ReplayMismatch as error:
        if as_json:
            lines([{"ok": False, "row": error.seq, "field": error.field, "problem": str(error)}])
        raise
    if as_json:
        lines([{"ok": True, "problem": "", **msgspec.to_builtins(found)}])
    else:
        say(f"the same to the last bit: {found.runs} runs, {found.facts} facts, {found.decisions} decisions")


def parity(account: Account, day: Day, recorded: Recorded = False, as_json: Json = False) -> None:
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
        found = parity_of(find(account).journal, date, recorded=bars, progress=watch.progress)
    if as_json:
        lines([msgspec.structs.asdict(found)])
    else:
        tell(found)
    if found.parted:
        raise Negative(f"{found.parted} of {found.decisions} decisions went another way: their causes stand above")


def calibrate(account: Account, as_json: Json = False) -> None:
    """Measure spreads and slippage in an account's journal.

    Prints lines of its TOML, to paste: spread by hour of the week, and slippage as it was, fill by fill.
    """
    import msgspec  # noqa: PLC0415

    from backtests.cost_calibration import as_toml, measured  # noqa: PLC0415
    from config.places import configured, journal_of  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    config, state = configured(account)
    found = measured(journal_of(config, state), config)
    if as_json:
        lines([msgspec.structs.asdict(each) for each in found])
    else:
        say(as_toml(found, str(datetime.datetime.now(datetime.UTC).date())))
