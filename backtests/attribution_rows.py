"""Closed trades and signals of journals as columns, each with the words it may be grouped by."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from sqlalchemy import Table, func, or_, select, text

from backtests.attribution_checks import COLUMNS, REGIME, by_check, counted, refused, shadow_trades
from backtests.attribution_costs import costs_of, measured
from backtests.attribution_groups import By, Read, money_of
from brokers.mt5.zone import to_server
from config.journal import Where
from market.types import DAY_MS, HOUR_MS
from runtime.journal.reader import JournalReader
from runtime.journal.schema import WANTED, tables
from runtime.outcomes.kept_out import GATE_OF

FAR = 1 << 62
SESSIONS = {
    (False, False): "Asia",
    (True, False): "London",
    (True, True): "London and New York",
    (False, True): "New York",
}
"""By whether London and New York work: 08:00 to 17:00 on the clock of each, with its summer time; Asia is the rest."""
_PLACES = ("UTC EU", "UTC-5 US")


class Asked(NamedTuple):
    """What is wanted of journals: UTC milliseconds, the last not included; run None: every run."""

    by: By
    strategy: str | None = None
    run: int | None = None
    since: int | None = None
    until: int | None = None


@lru_cache(maxsize=100_000)
def _session(hour: int) -> str:
    london, york = (8 <= to_server(place, hour * HOUR_MS) % DAY_MS // HOUR_MS < 17 for place in _PLACES)
    return SESSIONS[london, york]


def session_of(at: int) -> str:
    """Return which of the large places work at a moment, by the hour it lies in.

    >>> session_of(1_705_309_200_000), session_of(1_705_327_200_000), session_of(1_705_359_600_000)
    ('London', 'London and New York', 'Asia')
    """
    return _session(at // HOUR_MS)


def read(journals: Sequence[tuple[str, Where]], asked: Asked) -> Read:
    """Return what journals hold; `journals`: of each the account's name, and the file; JournalError as the reader."""
    currencies: set[str] = set()
    gated: set[tuple[str, str]] = set()
    signals: dict[str, Counter[str]] = {}
    rows: list[Any] = []
    whose: list[str] = []
    names: set[str] = set()
    spent: list[Any] = []
    for name, path in journals:
        with JournalReader(path) as reader:
            configs = list(_configs(reader))
            account = next((c["account"]["name"] for c in configs if c["account"]["name"] not in names), name)
            names.add(account)
            for config in configs:
                currencies.add(config["account"]["currency"])
                gated |= {(account, s["name"]) for s in config["strategies"] if _gated(s)}
            found = _found(reader, asked)
            rows += found
            whose += [account] * len(found)
            spent += _spent(reader, account, asked)
            for group, class_, count in _signals(reader, account, asked):
                signals.setdefault(group, Counter())[class_] += count
    money = money_of(rows, whose, _named([row[-1] for row in rows], whose, asked.by))
    return Read(money, signals, currencies, gated, costs_of(spent))


def _configs(reader: JournalReader) -> Iterator[dict[str, Any]]:
    runs = tables.tables["runs"]
    for (config,) in reader.ask(select(runs.c.config).distinct()):
        if config:
            yield msgspec.json.decode(config)


def _gated(strategy: dict[str, Any]) -> bool:
    gate = strategy.get("gate")
    return gate is not None and gate.get("mode") != "off"


def _where(query: Any, table: Table, at: str, asked: Asked) -> Any:  # noqa: ANN401 - a select of any columns
    since, until = asked.since or 0, asked.until or FAR
    query = query.where(table.c[at] >= since, table.c[at] < until)
    named = {"strategy": asked.strategy, "run": asked.run}
    return query.where(*(table.c[name] == value for name, value in named.items() if value is not None))


def _found(reader: JournalReader, asked: Asked) -> Sequence[Any]:
    """Return closed trades, each with the value of its group."""
    if asked.by == "check":
        return by_check(reader.ask(_where(shadow_trades(), tables.tables["outcomes"], "closed", asked)))
    return reader.ask(_trades(asked))


def _trades(asked: Asked) -> Any:  # noqa: ANN401 - a select
    """Return the select of closed trades."""
    c = tables.tables["outcomes"].c
    query = select(*(c[name] for name in COLUMNS), _key(asked.by).label("key"))
    if asked.by != "gate":
        query = query.where(or_(c.book == "live", _left_out() == REGIME))
    return _where(query, tables.tables["outcomes"], "closed", asked)


def _left_out() -> Any:  # noqa: ANN401 - a column
    return func.coalesce(func.nullif(tables.tables["outcomes"].c.gate, ""), REGIME)


def _key(by: By) -> Any:  # noqa: ANN401 - a column
    """Return what groups are made of."""
    c = tables.tables["outcomes"].c
    columns = {"exit": c.exit_reason, "session": c.opened, "gate": _left_out(), "account": c.strategy}
    return columns[by] if by in columns else c[by]


def _spent(reader: JournalReader, account: str, asked: Asked) -> list[Any]:
    """Return what live deals cost, each with its group; nothing where groups are of gates."""
    if asked.by in {"gate", "check"}:
        return []
    rows = reader.ask(_where(measured(_key(asked.by)), tables.tables["outcomes"], "closed", asked))
    named = _named([row[-1] for row in rows], [account] * len(rows), asked.by)
    return [(*row[:-1], group) for row, group in zip(rows, named, strict=True)]


def _named(values: Sequence[Any], whose: Sequence[str], by: By) -> list[str]:
    """Return the name of each value's group."""
    match by:
        case "account":
            return list(whose)
        case "session":
            return [session_of(at) for at in values]
        case "model":
            return [one[:12] or "none" for one in values]
        case "regime":
            return [str(one) if one >= 0 else "none" for one in values]
        case _:
            return [one or "unknown" for one in values]


def _signals(reader: JournalReader, account: str, asked: Asked) -> Iterator[tuple[str, str, int]]:
    """Yield group, class and count of decisions that wanted something; nothing where a decision has no such group."""
    if asked.by == "exit":
        return
    table = tables.tables["decisions"]
    if asked.by == "check":
        yield from counted(reader.ask(_where(refused(), table, "bar_time", asked)))
        return
    c = table.c
    keys: dict[str, Any] = {
        "session": c.bar_time // HOUR_MS, "account": c.strategy, "gate": c["class"], "strategy": c.strategy,
        "model": c.model, "regime": c.regime, "symbol": c.symbol,
    }  # fmt: skip
    key = keys[asked.by]
    query = select(key, c["class"], func.count()).where(text(WANTED)).group_by(key, c["class"])
    for value, class_, count in reader.ask(_where(query, table, "bar_time", asked)):
        if asked.by == "gate":
            if class_ in GATE_OF:
                yield GATE_OF[class_], class_, count
        else:
            at = value * HOUR_MS if asked.by == "session" else value
            yield _named([at], [account], asked.by)[0], class_, count
