"""The statement of a month as CSV: one row a deal, by RFC 4180, with the balance after each."""

import csv
import datetime
import io

from collections.abc import Iterator
from decimal import Decimal

from brokers.mt5.zone import offset_seconds
from runtime.clients.bookings import Booking, balances
from runtime.clients.month import ClientMonth
from runtime.core.deals import UNSPENT

COLUMNS = (
    "date", "type", "ticket", "position", "symbol", "side", "lots", "entry_price", "price", "commission", "swap", "fee",
    "profit", "balance", "strategy", "note",
)  # fmt: skip
TYPES = {"in": "entry", "out": "exit", "inout": "turn", "out_by": "close by"}
"""How the entry of a deal is told."""
SIDES = {1: "buy", -1: "sell"}
_COMMANDS = ("=", "+", "-", "@", "\t", "\r")
"""With what a text begins that a spreadsheet would take for a formula."""


def statement(month: ClientMonth) -> str:
    """Return the whole statement; its first row is the balance that the month began with.

    That row's balance and all commissions, swaps, fees and profits make the last row's balance, to the cent.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    zone, entries = month.client.zone, {trade.position: trade.entry for trade in month.trades}
    began = month.began.balance
    zero = money(0.0)
    writer.writerow([moment(zone, month.from_), "balance", *[""] * 7, zero, zero, zero, zero, money(began), "", ""])
    for booking, balance in zip(month.bookings, balances(began, month.bookings), strict=True):
        writer.writerow(_row(booking, balance, zone, entries.get(booking.position, 0.0)))
    return out.getvalue()


def _row(b: Booking, balance: float, zone: str, entry: float) -> Iterator[str]:
    yield moment(zone, b.at)
    yield TYPES.get(b.kind, b.kind)
    yield str(b.ticket) if b.ticket else ""
    yield str(b.position) if b.position else ""
    yield text(b.symbol)
    yield SIDES[b.side] if b.traded else ""
    yield plain(b.lots) if b.traded else ""
    yield plain(entry) if b.traded and b.kind != "in" and entry else ""
    yield plain(b.price) if b.traded else ""
    yield money(b.commission)
    yield money(b.swap)
    yield money(b.fee)
    yield money(0.0 if b.kind in UNSPENT else b.profit)
    yield money(balance)
    yield text(b.strategy)
    yield text(f"{b.kind} of {b.profit:.2f}, no part of the balance {b.note}".strip() if b.kind in UNSPENT else b.note)


def moment(zone: str, at: int) -> str:
    """Return a moment by a clock, with how far that is ahead of UTC.

    >>> moment("UTC+2", 0)
    '1970-01-01T02:00:00+02:00'
    """
    ahead = datetime.timezone(datetime.timedelta(seconds=offset_seconds(zone, at)))
    return datetime.datetime.fromtimestamp(at // 1000, ahead).isoformat()


def money(x: float) -> str:
    """Return an amount with its two digits, as programs read it.

    >>> money(-0.0), money(1234.5)
    ('0.00', '1234.50')
    """
    return f"{x:z.2f}"


def plain(x: float) -> str:
    """Return a number as it is, with a decimal point and never with an exponent.

    >>> plain(0.00001), plain(1.10525), plain(3.0)
    ('0.00001', '1.10525', '3')
    """
    found = f"{Decimal(repr(x)):f}"
    return found.rstrip("0").rstrip(".") if "." in found else found


def text(words: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> text("sl 1.1"), text("=1+1")
    ('sl 1.1', "'=1+1")
    """
    return f"'{words}" if words.startswith(_COMMANDS) else words
