"""Version 7: rows of the log are packed against words, fingerprints told in part, a log's end by its head."""

import sqlalchemy as sa

from alembic import op

from runtime.journal.errors import JournalError
from runtime.journal.guards import ONLY_AFTER

revision = "7"
down_revision = "6"

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PACKED = {
    "sqlite": "SELECT EXISTS (SELECT 1 FROM log WHERE fact >= x'c1' AND fact < x'c2') "
    "OR EXISTS (SELECT 1 FROM snapshots WHERE state >= x'c1' AND state < x'c2')",
    "postgresql": r"SELECT EXISTS (SELECT 1 FROM log WHERE fact >= '\xc1'::bytea AND fact < '\xc2'::bytea) "
    r"OR EXISTS (SELECT 1 FROM snapshots WHERE state >= '\xc1'::bytea AND state < '\xc2'::bytea)",
}


def upgrade() -> None:
    """Add the words, and tell the beginnings of fingerprints; rows that stand in the log stay as they were hashed."""
    op.create_table(
        "words",
        sa.Column("number", LONG, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("seq", LONG, nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
    )
    op.execute("UPDATE decisions SET model = substr(model, 1, 16), config = substr(config, 1, 16)")
    op.execute("UPDATE outcomes SET model = substr(model, 1, 16)")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(ONLY_AFTER.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))


def downgrade() -> None:
    """Take them away, where no row needs them: an older program could read neither one that was packed nor a segment.

    What was archived may be packed too, and a log that begins behind row 1 is to such a program one that lacks rows.
    """
    first = op.get_bind().exec_driver_sql("SELECT min(seq) FROM log").scalar()
    if first is not None and first > 1:
        gone = f"rows 1 to {first - 1} of this journal were archived"
        raise JournalError(f"{gone}, and schema 6 knows no segments: it stays at 7 or above")
    if op.get_bind().exec_driver_sql(PACKED[op.get_bind().dialect.name]).scalar():
        raise JournalError("rows of this journal are packed, and schema 6 cannot read them: it stays at 7 or above")
    op.drop_table("words")
