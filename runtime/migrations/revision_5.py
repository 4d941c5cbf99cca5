"""Version 5: decisions are found by their bar, and those that wanted to enter are counted alone."""

import sqlalchemy as sa

from alembic import op

revision = "5"
down_revision = "4"

WANTED = sa.text("class IN ('vetoed_by_regime', 'held', 'refused_by_risk', 'observed', 'traded')")


def upgrade() -> None:
    """Add both indexes."""
    op.create_index("decisions_bar", "decisions", ["symbol", "bar_time"])
    columns = ["class", "strategy", "symbol", "regime", "model", "run", "bar_time"]
    op.create_index("decisions_wanted", "decisions", columns, sqlite_where=WANTED, postgresql_where=WANTED)


def downgrade() -> None:
    """Take both away."""
    op.drop_index("decisions_wanted", "decisions")
    op.drop_index("decisions_bar", "decisions")
