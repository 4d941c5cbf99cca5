"""Closed trades and signals of journals as columns, each with the words it may be grouped by."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Table, func, or_, select, text

from backtests.attribution_checks import REGIME, by_check, counted, refused, shadow_trades
from backtests.attribution_columns import COLUMNS, coded, money_of
from backtests.attribution_costs import SPENT, costs_of, measured
from backtests.attribution_groups import By, Read
from backtests.attribution_runs import BIT, Runs, beside, runs_of
from brokers.mt5.zone import to_server
from config.journal import JournalServer, Where
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
    columns: list[list[Any]] = [[] for _ in COLUMNS]
    whose: list[str] = []
    names: set[str] = set()
    group: list[str] = []
    books: list[int] = []
    spent: list[list[Any]] = [[] for _ in SPENT]
    for name, path in journals:
        with JournalReader(path) as reader:
            runs = runs_of(reader)
            configs = runs.configs
            account = next((c["account"]["name"] for c in configs if c["account"]["name"] not in names), name)
            names.add(account)
            for config in configs:
                currencies.add(config["account"]["currency"])
            gated |= {(account, strategy) for (strategy, _), bits in runs.kept.items() if bits & BIT["regime"]}
            found, stood, keys = _found(reader, asked, runs, in_file=not isinstance(path, JournalServer))
            _add(columns, found)
            books += stood
            whose += [account] * len(keys)
            group += _named(keys, account, asked.by)
            _add(spent, _spent(reader, account, asked))
            for word, class_, count in _signals(reader, account, asked):
                signals.setdefault(word, Counter())[class_] += count
    return Read(money_of(columns, whose, group, books), signals, currencies, gated, costs_of(spent))


def _add(columns: Sequence[list[Any]], more: Sequence[list[Any]]) -> None:
    for column, part in zip(columns, more, strict=True):
        column.extend(part)


def _where(query: Any, table: Table, at: str, asked: Asked) -> Any:  # noqa: ANN401 - a select of any columns
    since, until = asked.since or 0, asked.until or FAR
    query = query.where(table.c[at] >= since, table.c[at] < until)
    named = {"strategy": asked.strategy, "run": asked.run}
    return query.where(*(table.c[name] == value for name, value in named.items() if value is not None))


def _found(
    reader: JournalReader, asked: Asked, runs: Runs, *, in_file: bool
) -> tuple[list[list[Any]], list[int], list[Any]]:
    """Return closed trades by column, the books that stood beside each, and what their groups are made of."""
    if asked.by == "check":
        shadows = _where(shadow_trades(in_file=in_file), tables.tables["outcomes"], "closed", asked)
        *found, keys = by_check(reader.columns(shadows))
        return found, [0] * len(keys), keys
    *found, run, keys = reader.columns(_trades(asked))
    live = [one == "live" for one in found[COLUMNS.index("book")]]
    strategy, decision = (found[COLUMNS.index(name)] for name in ("strategy", "decision"))
    return found, beside(runs, live, strategy, decision, run), keys


def _trades(asked: Asked) -> Any:  # noqa: ANN401 - a select
    """Return the select of closed trades."""
    c = tables.tables["outcomes"].c
    query = select(*(c[name] for name in COLUMNS), c.run, _key(asked.by).label("key"))
    if asked.by != "gate":
        query = query.where(or_(c.book == "live", _left_out() == REGIME))
    return _where(query, tables.tables["outcomes"], "closed", asked)


def _left_out() -> Any:  # noqa: ANN401 - a column
    return func.coalesce(func.nullif(tables.tables["outcomes"].c.gate, ""), REGIME)


def _key(by: By) -> Any:  # noqa: ANN401 - a column
    """Return what groups are made of."""
    c = tables.tables["outcomes"].c
    columns = {"exit": c.exit_reason, "session": c.opened // HOUR_MS, "gate": _left_out(), "account": c.strategy}
    return columns[by] if by in columns else c[by]


def _spent(reader: JournalReader, account: str, asked: Asked) -> list[list[Any]]:
    """Return what live deals cost by column, the last the name of their group; nothing where groups are of gates."""
    if asked.by in {"gate", "check"}:
        return [[] for _ in SPENT]
    *spent, keys = reader.columns(_where(measured(_key(asked.by)), tables.tables["outcomes"], "closed", asked))
    return [*spent, _named(keys, account, asked.by)]


def _named(values: Sequence[Any], account: str, by: By) -> list[str]:
    """Return the name of each value's group."""
    numbers, words = coded(values)
    names = [_name(word, account, by) for word in words]
    return [names[number] for number in numbers.tolist()]


def _name(value: Any, account: str, by: By) -> str:  # noqa: ANN401 - of a column
    match by:
        case "account":
            return account
        case "session":
            return _session(value)
        case "model":
            return value[:12] or "none"
        case "regime":
            return str(value) if value >= 0 else "none"
        case _:
            return value or "unknown"


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
            yield _name(value, account, asked.by), class_, count
