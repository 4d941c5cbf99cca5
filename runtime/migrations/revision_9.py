"""Version 9: numbers no wider than they need be, none of an order that there is not, no hash written twice.

A file has an index, too, of what kept entries out.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from alembic import op

from runtime.journal.chain import GENESIS
from runtime.journal.errors import JournalError
from runtime.journal.guards import GUARDS
from runtime.journal.segments import segments

revision = "9"
down_revision = "8"

NARROW = {
    "decisions": {"run": "integer", "n": "integer", "regime": "smallint", "gate_open": "smallint"},
    "orders": {"run": "integer", "side": "smallint"},
    "deals": {"run": "integer", "side": "smallint"},
    "outcomes": {
        "run": "integer", "side": "smallint", "bars": "integer", "regime": "smallint", "unclear": "smallint",
    },
}  # fmt: skip
"""Columns of a server that had eight bytes each."""
ORDERED = {
    **dict.fromkeys(("volume", "price", "stop", "target", "risk"), "double precision"),
    **dict.fromkeys(("instruction", "magic"), "bigint"),
}
"""What a decision says of the order that it led to."""
ARCHIVED = (
    "rows of this journal were archived, and schema 8 looks there for hashes that are not written twice: "
    "it stays at 9 or above"
)
REFUSED = sa.text("class IN ('vetoed_by_regime', 'held', 'refused_by_risk')")
MAY_CHANGE = {"sqlite": "DROP TRIGGER log_no_update", "postgresql": "DROP TRIGGER log_no_update ON log"}
AGAIN = "UPDATE log SET prev = b.hash FROM log AS b WHERE b.seq = log.seq - 1 AND length(log.prev) = 0"
FIRST = sa.text("UPDATE log SET prev = :before WHERE length(prev) = 0")


def upgrade() -> None:
    """Narrow the columns, and take zeros away where there is no order; the log's rows stay as they are."""
    _change(NARROW, sa.func.nullif, "SET (fillfactor = 100)")
    if op.get_bind().dialect.name == "sqlite":
        columns = ["class", "holds", "reasons", "price", "bar_time"]
        op.create_index("decisions_refused", "decisions", columns, sqlite_where=REFUSED)


def downgrade() -> None:
    """Put all back: each row of the log is told the hash before it again, which its own is over."""
    bind = op.get_bind()
    if segments(bind):
        raise JournalError(ARCHIVED)
    if bind.dialect.name == "sqlite":
        op.drop_index("decisions_refused", "decisions")
    wide = {table: dict.fromkeys(columns, "bigint") for table, columns in NARROW.items()}
    _change(wide, sa.func.coalesce, "RESET (fillfactor)")
    op.execute(MAY_CHANGE[bind.dialect.name])
    op.execute(AGAIN)
    op.execute(FIRST.bindparams(before=GENESIS))
    op.execute(next(told for told in GUARDS[bind.dialect.name] if "TRIGGER log_no_update" in told))


def _change(types: dict[str, dict[str, str]], value: Callable[..., Any], full: str) -> None:
    """Give columns and indexes of a server their form, and what decisions say of orders its value for zero or none."""
    if op.get_bind().dialect.name == "sqlite":
        decisions = sa.table("decisions", *map(sa.column, ORDERED))
        op.execute(sa.update(decisions).values({name: value(decisions.c[name], 0) for name in ORDERED}))
        return
    for table, columns in types.items():
        words = [f"ALTER {name} TYPE {kind}" for name, kind in columns.items()]
        if table == "decisions":
            words += [
                f"ALTER {name} TYPE {kind} USING {value(sa.column(name), sa.text('0'))}"
                for name, kind in ORDERED.items()
            ]
        op.execute(f"ALTER TABLE {table} {', '.join(words)}")
    for index in ("decisions_seq", "decisions_bar"):
        op.execute(f"ALTER INDEX {index} {full}")
