"""The words of the command line, each in a file of its own kind; rooms are imported when a word is used."""

import sys

from typing import Any

import typer

from config.errors import UsageError
from tidegate import (
    commands_adopt,
    commands_alerts,
    commands_bus,
    commands_calendar,
    commands_compare,
    commands_config,
    commands_fleet,
    commands_foretold,
    commands_guard,
    commands_journal,
    commands_journal_care,
    commands_keys,
    commands_lived,
    commands_lookahead,
    commands_money,
    commands_night,
    commands_operator,
    commands_regimes,
    commands_report,
    commands_run,
    commands_strategy,
    commands_sweep,
    commands_why,
)
from tidegate.words import NO_REASON

MISUSE: Any = typer.BadParameter.__mro__[1]
"""Words that cannot be understood: what the error of a bad value is one kind of, and that typer shows under no name."""

app = typer.Typer(
    name="tidegate",
    help="Run trading strategies on client accounts: gated by regime, journaled, stoppable.",
    epilog="ACCOUNT is the TOML of an account, the folder of its state, or its name.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for room in (
    commands_run,
    commands_lived,
    commands_foretold,
    commands_compare,
    commands_fleet,
    commands_guard,
    commands_operator,
    commands_adopt,
    commands_alerts,
    commands_bus,
    commands_journal,
    commands_journal_care,
    commands_why,
    commands_night,
    commands_keys,
    commands_calendar,
    commands_config,
    commands_regimes,
    commands_strategy,
    commands_lookahead,
    commands_money,
    commands_report,
    commands_sweep,
):
    room.add(app)


def called(arguments: list[str]) -> int | None:
    """Call what the words name; words that cannot be understood are refused in one line, as anything else is."""
    try:
        code: int | None = app(arguments, prog_name="tidegate", standalone_mode=False)
    except MISUSE as error:
        said = error.format_message().rstrip(".")
        if said.startswith("Usage:"):  # no word at all: all of them are shown
            sys.stderr.write(f"{said}.\n")
            return UsageError.exit_code
        if said == "Missing option '--reason'":
            said = NO_REASON
        raise UsageError(f"{said}: see {error.ctx.command_path if error.ctx else 'tidegate'} --help") from None
    return code
