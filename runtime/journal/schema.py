"""The tables: the log that decides, and the projections that people read."""

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable, ExecutableDDLElement

from runtime.journal.guards import GUARDS

VERSION = 9
"""Version of everything in this file; part of every hash. Who raises it writes the way up and down to it beside the
others, in `runtime/migrations`."""

FIRST = 4
"""The oldest version that can be migrated."""

tables = MetaData()

_Long = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits everywhere; SQLite calls its own row number INTEGER and nothing else."""


_Small = SmallInteger().with_variant(Integer(), "sqlite")
"""A side, a state, yes or no."""


def _key(name: str) -> "Column[int]":
    return Column(name, _Long, primary_key=True, autoincrement=False)


def _longs(*names: str) -> "list[Column[int]]":
    return [Column(name, _Long) for name in names]


def _wholes(*names: str) -> "list[Column[int]]":
    """Return columns of 32 bits: a run is the upper half of an instruction's number, and what it counts the lower."""
    return [Column(name, Integer()) for name in names]


def _smalls(*names: str) -> "list[Column[int]]":
    return [Column(name, _Small) for name in names]


def _reals(*names: str) -> "list[Column[float]]":
    return [Column(name, Double()) for name in names]


def _texts(*names: str) -> "list[Column[str]]":
    return [Column(name, Text()) for name in names]


def _bytes(*names: str) -> "list[Column[bytes]]":
    return [Column(name, LargeBinary(), nullable=False) for name in names]


schema_version = Table("schema_version", tables, Column("version", Integer(), nullable=False))

log = Table(
    "log",
    tables,
    _key("seq"),
    Column("run", _Long, nullable=False),
    Column("at", _Long, nullable=False),
    Column("wall", _Long, nullable=False),
    Column("kind", Text(), nullable=False),
    Column("schema", Integer(), nullable=False),
    *_bytes("fact", "step", "prev", "hash"),
)

head = Table(
    "head",
    tables,
    Column("one", Integer(), CheckConstraint("one = 1"), primary_key=True),
    Column("seq", _Long, nullable=False),
    *_bytes("hash"),
)
"""Where the log ends, so that rows missing at its end are noticed too."""

snapshots = Table(
    "snapshots",
    tables,
    _key("seq"),
    Column("run", _Long, nullable=False),
    Column("schema", Integer(), nullable=False),
    *_bytes("state", "prev", "hash"),
)

words = Table("words", tables, _key("number"), Column("seq", _Long, nullable=False), *_bytes("bytes"))
"""What rows of the log are packed against; none is ever changed, or taken away while a row names it."""

runs = Table(
    "runs",
    tables,
    _key("run"),
    *_longs("started"),
    *_texts("mode", "config", "config_hash", "model_hashes", "bundles", "kernel_hash", "platform", "symbols"),
    *_longs("ended"),
    *_texts("reason"),
)

decisions = Table(
    "decisions",
    tables,
    Column("id", Text(), primary_key=True),
    *_longs("seq"),
    *_wholes("run", "n"),
    *_longs("at", "bar_time"),
    *_texts("strategy", "symbol", "timeframe", "class"),
    *_reals("action"),
    *_texts("kind"),
    *_reals("score"),
    *_texts("features"),
    *_smalls("regime"),
    *_texts("posterior"),
    *_reals("log_density", "novelty"),
    *_texts("gate_mode"),
    *_smalls("gate_open"),
    *_texts("gate_reason"),
    *_reals("exposure"),
    *_texts("shut", "level", "holds"),
    *_reals("bid", "ask", "volume", "price", "stop", "target", "risk"),
    *_texts("checks", "reasons"),
    *_longs("instruction", "magic"),
    *_texts("model", "config"),
)

orders = Table(
    "orders",
    tables,
    _key("instruction"),
    *_wholes("run"),
    *_texts("decision", "strategy", "symbol"),
    *_smalls("side"),
    *_texts("kind"),
    *_reals("volume", "price", "stop", "target"),
    *_longs("magic"),
    *_texts("state"),
    *_longs("order_ticket", "deal_ticket"),
    *_reals("fill_price"),
    *_longs("code"),
    *_texts("reason"),
    *_longs("at_decided", "at_answered"),
    *_texts("story"),
)

deals = Table(
    "deals",
    tables,
    _key("ticket"),
    *_wholes("run"),
    *_longs("seq", "order_ticket", "position"),
    *_texts("decision", "strategy"),
    *_longs("at"),
    *_texts("symbol"),
    *_smalls("side"),
    *_texts("entry"),
    *_reals("volume", "price", "profit", "commission", "swap", "fee"),
    *_texts("reason", "comment"),
    *_longs("magic"),
    *_reals("delay", "spread", "execution"),
)

outcomes = Table(
    "outcomes",
    tables,
    Column("id", Text(), primary_key=True),
    *_wholes("run"),
    *_texts("decision", "strategy"),
    Column("book", Text(), CheckConstraint("book IN ('live', 'shadow')")),
    *_texts("symbol"),
    *_smalls("side"),
    *_reals("volume"),
    *_longs("opened", "closed"),
    *_reals("entry_price", "exit_price", "profit", "commission", "swap", "fee", "net", "r", "mae", "mfe"),
    *_wholes("bars"),
    *_texts("exit_reason"),
    *_smalls("regime"),
    *_texts("model", "tag"),
    *_reals("delay", "spread", "execution"),
    *_texts("gate"),
    *_smalls("unclear"),
)

ledger = Table("ledger", tables, _key("deal"), *_longs("at"), *_texts("kind"), *_reals("money", "amount"))

commands = Table(
    "commands",
    tables,
    Column("id", Text(), primary_key=True),
    *_longs("at", "wall"),
    *_texts("command", "scope", "level", "who", "why", "path"),
    *_longs("generation", "accepted"),
    *_texts("answer"),
)

alerts = Table("alerts", tables, _key("id"), *_longs("at"), *_texts("severity", "text"))

FULL = {"fillfactor": 100}
"""Of an index that grows at its end: a server leaves no room for what never comes between."""

_rising = (
    Index("decisions_seq", decisions.c.seq),
    Index("decisions_bar", decisions.c.symbol, decisions.c.bar_time),
)

WANTED = "class IN ('vetoed_by_regime', 'held', 'refused_by_risk', 'observed', 'traded')"
"""Decisions that wanted to enter, whatever came of it; who asks in these words reads their index alone."""

_wanted = Index(
    "decisions_wanted",
    *(decisions.c[name] for name in ("class", "strategy", "symbol", "regime", "model", "run", "bar_time")),
    sqlite_where=text(WANTED),
)

REFUSED = "class IN ('vetoed_by_regime', 'held', 'refused_by_risk')"
"""Decisions that wanted to enter and were kept out; in a file, who asks in these words why reads their index alone."""

Index(
    "decisions_refused",
    *(decisions.c[name] for name in ("class", "holds", "reasons", "price", "bar_time")),
    sqlite_where=text(REFUSED),
).ddl_if(dialect="sqlite")  # what was said may be longer than a server's index takes


@event.listens_for(decisions, "before_create")
def _as_a_server_has_them(_table: Table, connection: Connection, **_: object) -> None:
    """Say of indexes what a server alone is told, once there is one: its dialect is loaded for nobody else."""
    if connection.dialect.name == "postgresql":
        _wanted.dialect_options["postgresql"]["where"] = text(WANTED)
        for index in _rising:
            index.dialect_options["postgresql"]["with"] = FULL


LIVING = frozenset({"orders", "runs", "deals"})
"""Projections whose rows change as life goes on; a row of any other is written once.

Of a deal that is told before its entry only that one says whose it is.
"""

TOLD_AGAIN = frozenset({"commands", "snapshots", "words"})
"""Tables whose first row of a key stays: a restarted daemon reads the latch, and finds the command that it obeyed."""

BY_WIDTH = frozenset({decisions, orders, deals, outcomes})
"""Tables whose columns a server is given in the order of their width: it fills up what lies before a wider one."""


@compiles(CreateTable, "postgresql")
def _laid_out(made: CreateTable, compiler: Any, **more: Any) -> str:  # noqa: ANN401 - theirs
    if made.element in BY_WIDTH:
        made.columns = sorted(made.columns, key=lambda column: _width(column.element))
    said: str = compiler.visit_create_table(made, **more)
    return said


def _width(column: "Column[Any]") -> int:
    kinds = (BigInteger | Double, SmallInteger, Integer, Text)
    return next(place for place, kind in enumerate(kinds) if isinstance(column.type, kind))


def _guard(dialect: str) -> None:
    for statement in GUARDS[dialect]:
        ddl: ExecutableDDLElement = DDL(statement)  # type: ignore[no-untyped-call] # theirs
        event.listen(log, "after_create", ddl.execute_if(dialect=dialect))


_guard("sqlite")
_guard("postgresql")
