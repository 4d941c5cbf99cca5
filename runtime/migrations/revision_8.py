"""Version 8: what each deal cost beside the price it was decided at, and which shadow trades a bar leaves unclear."""

import sqlalchemy as sa

from alembic import op

revision = "8"
down_revision = "7"

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REALS = ("delay", "spread", "execution")


def upgrade() -> None:
    """Add the columns; of what was before nobody knows them, until the tables are made again."""
    for name in REALS:
        op.add_column("deals", sa.Column(name, sa.Double()))
    op.add_column("outcomes", sa.Column("unclear", LONG))


def downgrade() -> None:
    """Take them away."""
    for name in REALS:
        op.drop_column("deals", name)
    op.drop_column("outcomes", "unclear")
