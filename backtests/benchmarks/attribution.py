"""Attribution over a year of minute decisions: a journal of ten strategies is made, and every question is timed.

The log itself is left out: no attribution reads it. Rows of the projections are made by the database from row numbers,
each as long as a daemon's are, so that making them takes minutes and not hours.
"""

import argparse
import tempfile
import time

from pathlib import Path

import msgspec

from sqlalchemy import func, select

from backtests.attribution import attribution
from backtests.attribution_groups import BYS, By
from backtests.attribution_rows import Asked
from backtests.benchmarks.timing import head, row
from runtime.journal.opening import open_to_write
from runtime.journal.reader import JournalReader
from runtime.journal.schema import tables

MINUTES, STRATEGIES = 366_000, 10
"""Of a year of five days a week and 24 hours, and strategies that decide on each."""
DECIDED, CLOSED = tables.tables["decisions"], tables.tables["outcomes"]
BEGAN = 1_704_067_200_000

CONFIG = {
    "account": {"name": "bench", "currency": "USD"},
    "strategies": [{"name": f"strategy{k}", "gate": {"mode": "enforce"}} for k in range(STRATEGIES)],
}
CHECKS = msgspec.json.encode([[f"check{i}", 10.123456 + i, 100.5] for i in range(9)]).decode()

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {rows})"
MODEL = "substr('5e0dcafe5e0dcafe5e0dcafe5e0dcafe5e0dcafe5e0dcafe5e0dcafe5e0dcafe5e0dcafe', {i} / 2000000 + 1, 64)"
DECISIONS = {
    "id": "'1-' || i", "seq": "i / {k} + 1", "run": "1", "n": "i", "at": "{began} + i / {k} * 60000 + 60000",
    "bar_time": "{began} + i / {k} * 60000", "strategy": "'strategy' || (i % {k})", "symbol": "'SYM' || (i % {k} / 2)",
    "timeframe": "'M1'", "class": "CASE WHEN i % 61 = 0 THEN 'traded' WHEN i % 53 < 5 THEN 'vetoed_by_regime' "
    "WHEN i % 211 = 0 THEN 'held' WHEN i % 307 = 0 THEN 'refused_by_risk' WHEN i % 7 = 0 THEN 'in_position' "
    "ELSE 'no_signal' END", "action": "1.0", "kind": "'market'", "score": "(i * 7919 % 997) / 997.0",
    "features": "'[1.0912345,1.0923456,0.00051234,0.4512345]'", "regime": "i / 997 % 3",
    "posterior": "'[0.93123,0.05812,0.01065]'", "log_density": "-2.512345", "novelty": "0.62512345",
    "gate_mode": "'enforce'", "gate_open": "1", "gate_reason": "'0.931234: enters at 0.6, leaves below 0.4'",
    "exposure": "0.75", "shut": "''", "level": "'run'", "holds": "'[]'", "bid": "1.0912345", "ask": "1.0912445",
    "volume": "0.31", "price": "1.0912445", "stop": "1.0899445", "target": "0.0", "risk": "99.98",
    "checks": "'{checks}'", "reasons": "'[]'", "instruction": "i", "magic": "i", "model": MODEL.format(i="i"),
    "config": "'c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0'",
}  # fmt: skip
OUTCOMES = {
    "id": "'{book}/' || i", "run": "1", "decision": "'1-' || (i * 61)", "strategy": "'strategy' || (i * 61 % {k})",
    "book": "'{book}'", "symbol": "'SYM' || (i * 61 % {k} / 2)", "side": "1 - 2 * (i % 2)", "volume": "0.31",
    "opened": "{began} + i * 61 / {k} * 60000", "closed": "{began} + i * 61 / {k} * 60000 + 1800000",
    "entry_price": "1.09124", "exit_price": "1.09211", "profit": "(i * 7919 % 401 - 195) * 1.0", "commission": "-0.7",
    "swap": "0.0", "fee": "0.0", "net": "(i * 7919 % 401 - 195) - 0.7", "r": "(i * 7919 % 401 - 195) / 100.0",
    "mae": "0.0007", "mfe": "0.0011", "bars": "30",
    "exit_reason": "CASE i % 3 WHEN 0 THEN 'stop' WHEN 1 THEN 'target' ELSE 'time stop' END",
    "regime": "i * 61 / 997 % 3", "model": MODEL.format(i="i * 61"), "tag": "''",
}  # fmt: skip


def filling(table: str, columns: dict[str, str], rows: int, **words: object) -> str:
    """Return the statement that fills a table with so many rows."""
    text = f"{NUMBERS} INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM n"  # noqa: S608 - words of this file
    return text.format(rows=rows, k=STRATEGIES, began=BEGAN, **words)


def made(path: Path, minutes: int) -> int:
    """Make the journal; return how many decisions it holds."""
    rows = minutes * STRATEGIES
    connection = open_to_write(path, 2.0)
    run = (1, BEGAN, "live", msgspec.json.encode(CONFIG).decode())
    connection.exec_driver_sql("INSERT INTO runs (run, started, mode, config) VALUES (?, ?, ?, ?)", run)
    connection.exec_driver_sql(filling("decisions", DECISIONS, rows, checks=CHECKS))
    for book in ("live", "shadow"):
        connection.exec_driver_sql(filling("outcomes", OUTCOMES, rows // 61, book=book))
    connection.commit()
    connection.close()
    return rows


def timed(path: Path, by: By) -> float:
    """Return seconds that one attribution takes, from opening the journal on."""
    began = time.perf_counter()
    attribution([("bench", path)], Asked(by))
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the journal is made; a journal left there is used again")
    parser.add_argument("--minutes", type=int, default=MINUTES)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = (args.folder or Path(name)) / "journal.sqlite"
        if not path.exists():
            made(path, args.minutes)
        with JournalReader(path) as reader:
            decisions, closed = (reader.ask(select(func.count()).select_from(t))[0][0] for t in (DECIDED, CLOSED))
        each = path.stat().st_size / decisions
        print(f"{decisions:,} decisions, {closed:,} closed trades; {each:.0f} bytes a decision, its log left out\n")
        print(head())
        for by in BYS:
            print(row(f"outcomes --by {by}", [timed(path, by) for _ in range(args.repeats)], "s", 2))


if __name__ == "__main__":
    main()
