"""Tables of a report that colour says more of: returns by month; and what each gate refused."""

from collections.abc import Iterable

from backtests.months import Month, year_returns
from backtests.refusals import Refusal
from backtests.report_page import heat, table
from backtests.words import money, number, share

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def months_table(months: dict[Month, float]) -> str:
    """Return a line for each year, the newest first: its months, and what they make together."""
    years = year_returns(months)
    rows = [
        (str(year), [months.get((year, month + 1)) for month in range(len(MONTHS))], gained)
        for year, gained in sorted(years.items(), reverse=True)
    ]
    return heat(("year", *MONTHS, "year"), rows, share)


def refusals_table(refusals: Iterable[Refusal], currency: str) -> str:
    """Return a line for each reason for which a gate kept entries out."""
    columns = ("gate", "why", "bars", "trades missed", f"they made, {currency}", "R")
    rows = (
        (
            row.gate, row.reason, number(row.decisions, 0), number(row.missed, 0), money(row.net, signed=True),
            number(row.r),
        )
        for row in refusals
    )  # fmt: skip
    return table(columns, rows, texts=2)
