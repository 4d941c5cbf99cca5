"""Version 4, the first that can be migrated: the tables as they were then, whatever `schema.py` says today."""

from typing import Any

import sqlalchemy as sa

from alembic import op

from runtime.journal.guards import GUARDS

revision = "4"
down_revision = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

PLAIN = {
    "runs": (
        "run* started mode: config: config_hash: model_hashes: bundles: kernel_hash: platform: symbols: ended reason:"
    ),
    "decisions": (
        "id:* seq run n at bar_time strategy: symbol: timeframe: class: action. kind: score. features: regime "
        "posterior: log_density. novelty. gate_mode: gate_open gate_reason: exposure. shut: level: holds: bid. ask. "
        "volume. price. stop. target. risk. checks: reasons: instruction magic model: config:"
    ),
    "orders": (
        "instruction* run decision: strategy: symbol: side kind: volume. price. stop. target. magic state: "
        "order_ticket deal_ticket fill_price. code reason: at_decided at_answered story:"
    ),
    "deals": (
        "ticket* run seq order_ticket position decision: strategy: at symbol: side entry: volume. price. profit. "
        "commission. swap. fee. reason: comment: magic"
    ),
    "ledger": "deal* at kind: money.",
    "commands": (
        "id:* at wall command: scope: level: who: why: path: generation accepted answer:"
    ),
    "alerts": "id* at severity: text:",
}  # fmt: skip
"""Columns of the projections: a colon marks text, a point a real number, the rest are whole; a star marks the key."""

OUTCOMES = (
    "run decision: strategy: symbol: side volume. opened closed entry_price. exit_price. profit. commission. swap. "
    "fee. net. r. mae. mfe. bars exit_reason: regime model: tag:"
)


def _column(word: str) -> "sa.Column[Any]":
    name, key = word.rstrip("*:."), word.endswith("*")
    kind: sa.types.TypeEngine[Any] = sa.Text() if ":" in word else sa.Double() if "." in word else LONG
    return sa.Column(name, kind, primary_key=key, autoincrement=False) if key else sa.Column(name, kind)


def _long(name: str, *, key: bool = False) -> "sa.Column[int]":
    return sa.Column(name, LONG, primary_key=key, nullable=False, autoincrement=False)


def _bytes(*names: str) -> "list[sa.Column[bytes]]":
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the whole schema."""
    op.create_table("schema_version", sa.Column("version", sa.Integer(), nullable=False))
    op.create_table(
        "log",
        *(_long("seq", key=True), _long("run"), _long("at"), _long("wall")),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("schema", sa.Integer(), nullable=False),
        *_bytes("fact", "step", "prev", "hash"),
    )
    one = sa.Column("one", sa.Integer(), sa.CheckConstraint("one = 1"), primary_key=True)
    op.create_table("head", one, _long("seq"), *_bytes("hash"))
    schema = sa.Column("schema", sa.Integer(), nullable=False)
    op.create_table("snapshots", _long("seq", key=True), _long("run"), schema, *_bytes("state", "prev", "hash"))
    for table, columns in PLAIN.items():
        op.create_table(table, *(_column(word) for word in columns.split()))
    book = sa.Column("book", sa.Text(), sa.CheckConstraint("book IN ('live', 'shadow')"))
    op.create_table("outcomes", _column("id:*"), book, *(_column(word) for word in OUTCOMES.split()))
    op.create_index("decisions_seq", "decisions", ["seq"])
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: below this version there is nothing that could be gone back to."""
    raise NotImplementedError("version 4 is the first that can be migrated")
