"""Words about what a broker trades, and when: calendar, symbols."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import AlreadyRunning, UsageError
from tidegate.words import Account, Json

if TYPE_CHECKING:
    from config.account import AccountConfig

COLUMNS = ("symbol", "broker", "trade_mode", "execution", "fillings", "digits", "contract", "lots", "currencies")

MaybeAccount = Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="TOML of an account.")]
Quotes = Annotated[Path | None, typer.Option("--propose", metavar="FILE", help="Recorded ticks or bars to judge by.")]
SymbolName = Annotated[str, typer.Option("--symbol", metavar="NAME", help="What the file is of; else for DEFAULT.")]
Clock = Annotated[str, typer.Option("--clock", metavar="RULE", help="The file's clock, where it is not the server's.")]
Zone = Annotated[str, typer.Option("--zone", metavar="RULE", help="The server's clock; else the account's.")]
Example = Annotated[bool, typer.Option("--example", help="Print the calendar file that comes with the program.")]
Propose = Annotated[bool, typer.Option("--propose", help="Find the broker's names of the account's symbols.")]
Spec = Annotated[bool, typer.Option("--spec", help="Print the contracts as TOML to paste.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    for word in (calendar, symbols):
        app.command()(word)


def calendar(
    account: MaybeAccount = None,
    propose: Quotes = None,
    symbol: SymbolName = "",
    clock: Clock = "",
    zone: Zone = "",
    example: Example = False,
    as_json: Json = False,
) -> None:
    """Show sessions, holidays and swap factors in force.

    With --propose FILE, print a calendar file by recorded ticks or bars instead: their hours on the server's clock,
    with the weeks behind each line. With --example, print the file that comes with the program, to begin with.
    """
    from config.places import configured  # noqa: PLC0415 - rooms are imported when they are entered

    if as_json and (example or propose is not None):
        raise UsageError("--json: a calendar file is TOML: leave it out, or leave out --example and --propose")
    loose = [name for name, given in (("--symbol", symbol), ("--clock", clock), ("--zone", zone)) if given]
    if loose and (example or propose is None):
        raise UsageError(f"{loose[0]}: it is about the FILE of --propose: leave it out, or add --propose FILE")
    if example and (propose is not None or account is not None):
        raise UsageError("--example: it is of no account and no file: leave them out")
    if example:
        _print_example()
        return
    config = configured(account)[0] if account is not None else None
    if propose is not None:
        _propose(propose, symbol, clock, zone or (config.account.zone if config is not None else ""))
    elif config is None:
        raise UsageError("name the account whose calendar is to be shown, or --propose FILE to make one")
    else:
        _show(config, as_json=as_json)


def _print_example() -> None:
    from config.new_account import calendar_text  # noqa: PLC0415
    from tidegate.output import say  # noqa: PLC0415

    say(calendar_text().rstrip("\n"))


def _propose(file: Path, symbol: str, clock: str, zone: str) -> None:
    from backtests.calendars import propose, toml_of  # noqa: PLC0415
    from backtests.stamps import read_stamps  # noqa: PLC0415
    from brokers.mt5.zone import FORMS, is_zone  # noqa: PLC0415
    from tidegate.output import say  # noqa: PLC0415

    for option, rule in (("--clock", clock), ("--zone", zone)):
        if rule and not is_zone(rule):
            raise UsageError(f"{option}: expected {FORMS}, got {rule!r}")
    if clock and not zone:
        raise UsageError("--clock: expected --zone or an account too, to turn the file's hours into the server's")
    say(toml_of(propose(read_stamps(file), clock, zone), symbol, zone).rstrip("\n"))


def _show(config: "AccountConfig", *, as_json: bool) -> None:
    import msgspec  # noqa: PLC0415

    from runtime.clock import Clock as Time  # noqa: PLC0415
    from runtime.doctor_calendar import NONE, in_force  # noqa: PLC0415
    from tidegate.output import say, show  # noqa: PLC0415

    rows = [msgspec.to_builtins(row) for row in in_force(config, Time().wall_ms())]
    if not rows and not as_json:
        say(NONE)
        return
    show(rows, ("symbol", "today", "open", "opens", "closes", "swap", "swap_dates", "holidays"), as_json=as_json)


def symbols(account: Account, propose: Propose = False, spec: Spec = False, as_json: Json = False) -> None:
    """Show the account's symbols as its terminal has them.

    With --propose, find the broker's name of each by currencies, contract and digits; with --spec, print contracts to
    paste. It connects and reads; nothing is sent. Exit code 8 where a daemon has the terminal.
    """
    import asyncio  # noqa: PLC0415 - rooms are imported when they are entered

    from config.places import configured  # noqa: PLC0415
    from runtime.operator.client import status  # noqa: PLC0415

    if propose and spec:
        raise UsageError("--propose and --spec: expected one of them")
    config, state = configured(account)
    told = status(state)
    if told.get("running") or told.get("stuck"):
        raise AlreadyRunning(f"a daemon has the terminal of {account}: stop it first")
    from runtime.doctor_terminal import listed  # noqa: PLC0415

    found = asyncio.run(listed(config, state))
    from runtime.symbol_report import proposal_of, rows_of, specs_of  # noqa: PLC0415
    from tidegate.output import lines, say, show  # noqa: PLC0415

    if propose:
        mappings, text = proposal_of(config, found)
        lines(mappings) if as_json else say(text.rstrip("\n"))
    elif spec:
        rows, text = specs_of(config, found)
        lines(rows) if as_json else say(text.rstrip("\n"))
    else:
        show(rows_of(config, found), COLUMNS, as_json=as_json)
