"""The word `report`: what people outside the house are told of an account."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import Negative, UsageError
from tidegate.words import Account, Json, Moved

if TYPE_CHECKING:
    from runtime.clients.month import ClientMonth

MonthName = Annotated[str, typer.Option("--month", metavar="MONTH", help="Like 2026-03, by the client's clock.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the report goes: one HTML file.")]
Pdf = Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="The same as a PDF.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="The statement: a CSV of one row a deal.")]

report = typer.Typer(help="Tell people outside the house of an account.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Add the word to the command line."""
    app.add_typer(report, name="report")


@report.command()
def client(
    account: Account,
    month: MonthName,
    out: Out = None,
    pdf: Pdf = None,
    csv: Csv = None,
    segments: Moved = None,
    as_json: Json = False,
) -> None:
    """Tell a client of a month of his account.

    What it was worth, what was paid, traded and charged, the return, the worst day, open trades, the fee, and every
    trade, in plain words. Without a file it goes to ACCOUNT-MONTH.html here. Exit code 11 where it does not add up.
    """
    from backtests.client_report import (  # noqa: PLC0415 - rooms are imported when they are entered
        Files,
        month_asked,
        month_of_account,
        write_reports,
    )
    from config.places import find  # noqa: PLC0415
    from runtime.clients.told import as_told  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    wanted, place = month_asked(month), find(account)
    found = month_of_account(place.journal, place.config, wanted, segments)
    named = [file.resolve() for file in (out, pdf, csv) if file is not None]
    if len(named) > len({*named}):
        raise UsageError("--out, --pdf, --csv: name another file for each")
    if not (out or pdf or csv or as_json):
        out = Path(f"{found.client.account}-{wanted}.html")
    files = [str(file) for file in write_reports(found, Files(out, pdf, csv))]
    if as_json:
        lines([as_told(found, files)])
    else:
        _tell(found)
        for file in files:
            say(f"written: {file}")
    if found.off:
        raise Negative(f"{found.off:+,.2f} of the balance are not explained by the bookings of {wanted}")


def _tell(found: "ClientMonth") -> None:
    from backtests.client_content import added_up, summary  # noqa: PLC0415
    from backtests.client_said import warnings_of  # noqa: PLC0415
    from tidegate.output import say  # noqa: PLC0415

    say(summary(found))
    for warning in warnings_of(found):
        say(f"Please note: {warning}")
    for name, amount in added_up(found).rows:
        say(f"{name:48} {amount:>16}")
