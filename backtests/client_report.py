"""A client's report on its way to files: the month is told once, and written in each form that is asked for."""

from pathlib import Path
from typing import NamedTuple

from backtests.archived import joined
from backtests.client_content import page_of
from backtests.client_page import write_client_page
from backtests.report_file import write_whole
from config.account import AccountConfig
from config.errors import UsageError
from config.journal import Where
from runtime.clients.month import ClientMonth, month_told
from runtime.clients.months import Month, month_of
from runtime.clients.statement import statement
from runtime.clients.terms import client_of
from runtime.clock import Clock


class Files(NamedTuple):
    """Where each form goes; None: it is not wanted."""

    page: Path | None = None
    paper: Path | None = None
    statement: Path | None = None


def month_asked(text: str) -> Month:
    """Return the month that was typed; UsageError where it is none."""
    month = month_of(text)
    if month is None:
        raise UsageError(f"--month: expected a month like 2026-03, got {text!r}")
    return month


def month_of_account(
    journal: Where, config: AccountConfig | None, month: Month, segments: Path | None = None
) -> ClientMonth:
    """Return a month of an account; UsageError where it is yet to come, DataError where its journal has none of it."""
    with joined(journal, segments) as reader:
        client = client_of(reader, config)
        if month.begins(client.zone) > Clock().wall_ms():
            raise UsageError(f"--month: {month} is yet to come")
        return month_told(reader, client, month)


def write_reports(found: ClientMonth, files: Files) -> list[Path]:
    """Write each form that is wanted, whole or not at all; return the files."""
    written = []
    report = page_of(found)
    if files.page is not None:
        written.append(write_client_page(files.page, report))
    if files.paper is not None:
        from backtests.client_pdf import write_client_pdf  # noqa: PLC0415 - imports what is of an extra

        written.append(write_client_pdf(files.paper, report))
    if files.statement is not None:
        written.append(write_whole(files.statement, statement(found).encode()))
    return written
