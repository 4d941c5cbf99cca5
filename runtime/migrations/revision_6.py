"""Version 6: what executions cost, which gate a shadow book leaves out, and money that is lent beside the balance."""

import sqlalchemy as sa

from alembic import op

revision = "6"
down_revision = "5"

REALS = ("delay", "spread", "execution")


def upgrade() -> None:
    """Add the columns; shadow books were without the regime gate until now."""
    for name in REALS:
        op.add_column("outcomes", sa.Column(name, sa.Double()))
    op.add_column("outcomes", sa.Column("gate", sa.Text()))
    op.execute("UPDATE outcomes SET gate = CASE book WHEN 'shadow' THEN 'regime' ELSE '' END")
    op.add_column("ledger", sa.Column("amount", sa.Double()))


def downgrade() -> None:
    """Take them away, and the outcomes of books that nobody knew of."""
    op.execute("DELETE FROM outcomes WHERE gate NOT IN ('', 'regime')")
    for name in (*REALS, "gate"):
        op.drop_column("outcomes", name)
    op.drop_column("ledger", "amount")
