"""The command `tidegate`: its words, each in a file of its own kind; rooms are imported when a word is used."""

import io
import sys

import typer

from tidegate import (
    commands_adopt,
    commands_calendar,
    commands_config,
    commands_fleet,
    commands_journal,
    commands_operator,
    commands_run,
    commands_strategy,
)
from tidegate.errors import guarded

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
    commands_fleet,
    commands_operator,
    commands_adopt,
    commands_journal,
    commands_calendar,
    commands_config,
    commands_strategy,
):
    room.add(app)


def main() -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a screen without our letters is no reason to stop
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code: `docs/exit-codes.md` says what each means."""
    return guarded(lambda: app(arguments, prog_name="tidegate"))


if __name__ == "__main__":
    main()
