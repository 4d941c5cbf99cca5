"""An independent oracle: money and ownership of deals, from the trade server's record and the journal's tables alone.

It reads JSON and SQL with the standard library, and knows nothing of the house whose work it checks.
"""

import json
import sqlite3

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

Line = dict[str, Any]

MONEY = ("profit", "commission", "swap", "fee")
TWINS = {
    "ticket": "ticket", "order": "order_ticket", "position": "position", "at": "at", "symbol": "symbol", "side": "side",
    "entry": "entry", "volume": "volume", "price": "price", "profit": "profit", "commission": "commission",
    "swap": "swap", "fee": "fee", "magic": "magic", "reason": "reason", "comment": "comment",
}  # fmt: skip
"""Fields of a deal in the server's record, and the journal's columns for them."""


def lines_of(ledger: Path) -> list[Line]:
    """Return the lines of a trade server's record."""
    return [json.loads(line, parse_float=Decimal) for line in ledger.read_text(encoding="utf-8").splitlines()]


def deals_of(ledger: Path) -> list[Line]:
    """Return its deals, the deposit first."""
    return [line["deal"] | {"balance": line["balance"]} for line in lines_of(ledger) if line.get("out") == "deal"]


def table(journal: Path, name: str) -> list[Line]:
    """Return a table of the journal, in the order it was written."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY rowid")]  # noqa: S608 - ours


def complaints(ledger: Path, journal: Path, names: dict[str, str] | None = None) -> list[str]:
    """Return everything on which the server's record contradicts itself or the journal.

    names: symbols as the broker calls them -> as we do.
    """
    deals = deals_of(ledger)
    for deal in deals:
        deal["symbol"] = (names or {}).get(deal["symbol"], deal["symbol"])
    trades = [deal for deal in deals if deal["entry"] != "none"]
    told = table(journal, "deals")
    decisions = table(journal, "decisions")
    return [*_money(deals), *_once(deals, "record"), *_once(told, "journal"), *_twins(trades, told),
            *_owned(trades, told, decisions)]  # fmt: skip


def _money(deals: list[Line]) -> Iterator[str]:
    """Yield each deal after which the balance is not the sum of all money so far, to the cent."""
    balance = Decimal(0)
    for deal in deals:
        balance += sum(Decimal(deal[field]) for field in MONEY)
        if balance.quantize(Decimal("0.01")) != Decimal(deal["balance"]).quantize(Decimal("0.01")):
            yield f"deal {deal['ticket']}: money makes the balance {balance}, the server says {deal['balance']}"


def _once(deals: list[Line], where: str) -> Iterator[str]:
    tickets = [deal["ticket"] for deal in deals]
    for ticket in {t for t in tickets if tickets.count(t) > 1}:
        yield f"{where}: deal {ticket} is there twice"
    entries = [(deal["magic"], deal["position"]) for deal in deals if deal["entry"] == "in"]
    for magic in {m for m, _ in entries if sum(m == other for other, _ in entries) > 1}:
        yield f"{where}: the intent with magic {magic} was filled twice"


def _twins(trades: list[Line], told: list[Line]) -> Iterator[str]:
    """Yield each field in which the journal's deals are not the server's."""
    known = {row["ticket"]: row for row in told}
    for deal in trades:
        row = known.pop(deal["ticket"], None)
        if row is None:
            yield f"deal {deal['ticket']} is not in the journal"
            continue
        for field, column in TWINS.items():
            there = float(deal[field]) if isinstance(deal[field], Decimal) else deal[field]
            if there != row[column]:
                yield f"deal {deal['ticket']}: {field} is {there} at the server, {row[column]} in the journal"
    for ticket, row in known.items():
        if row["entry"] != "none":
            yield f"deal {ticket} is in the journal only"


def _owned(trades: list[Line], told: list[Line], decisions: list[Line]) -> Iterator[str]:
    """Yield each deal without exactly one decision: by magic on the way in, by position on the way out."""
    traded: dict[int, list[Line]] = {}
    for decision in decisions:
        if decision["class"] == "traded":
            traded.setdefault(decision["magic"], []).append(decision)
    opened = {deal["position"]: deal["magic"] for deal in trades if deal["entry"] == "in"}
    rows = {row["ticket"]: row for row in told}
    for deal in trades:
        owners = traded.get(opened.get(deal["position"], -1), [])
        if len(owners) != 1:
            yield f"deal {deal['ticket']} belongs to {len(owners)} decisions"
        elif rows.get(deal["ticket"], {}).get("decision") != owners[0]["id"]:
            yield f"deal {deal['ticket']} belongs to decision {owners[0]['id']}, the journal names another"


ENTRY_ACTIONS = (1, 5)
"""`TRADE_ACTION_DEAL` without a position, and `TRADE_ACTION_PENDING`."""
MAGIC, STOP, POSITION = 1, 7, 15
"""Places in a trade request."""


def sends(ledger: Path, journal: Path) -> list[str]:
    """Return everything that is wrong with what was sent: twice, unknown, without a stop, or denied in the end."""
    requests = [line["request"] for line in lines_of(ledger) if line.get("in") == "request"]
    entries = [r for r in requests if r[0] in ENTRY_ACTIONS and not r[POSITION]]
    orders = table(journal, "orders")
    intents = {row["magic"] for row in orders if row["magic"] % 2**48 == row["instruction"]}
    filled = {deal["magic"] for deal in deals_of(ledger) if deal["entry"] == "in"}
    magics = [r[MAGIC] for r in entries]
    return [
        *(f"magic {magic} was sent {magics.count(magic)} times" for magic in set(magics) if magics.count(magic) > 1),
        *(f"magic {magic} was sent, and no intent of it is on disk" for magic in set(magics) - intents),
        *(f"magic {r[MAGIC]} was sent without a stop" for r in entries if not r[STOP] > 0),
        *(f"order {row['instruction']} is {row['state']} at the end" for row in orders
          if row["state"] in {"NEW", "SENT", "IN_DOUBT"}),
        *(f"order {row['instruction']} is {row['state']}, but it was filled" for row in orders
          if row["state"] in {"MISSING", "REFUSED"} and row["magic"] in filled and row["magic"] in intents
          and row["magic"] % 2**48 == row["instruction"]),
    ]  # fmt: skip
