"""A journal of a year of minute decisions of ten strategies, behind gates, with all that an attribution reads.

The log itself is left out: no attribution reads it. Rows of the projections are made by the database from row numbers,
each as long as a daemon's are, so that making them takes minutes and not hours. A trade begins on every 61st decision;
in the books without a gate every other one, or fewer, on the nearest that this gate refused.
"""

import msgspec

from sqlalchemy import insert

from runtime.core.risk import CHECKS
from runtime.journal.opening import Place, open_to_write
from runtime.journal.schema import tables
from runtime.outcomes.kept_out import Gate

MINUTES, STRATEGIES = 366_000, 10
"""Of a year of five days a week and 24 hours, and strategies that decide on each."""
EACH = 61
"""Decisions for one that was traded."""
BEGAN = 1_704_067_200_000

CONFIG = {
    "account": {"name": "bench", "currency": "USD"},
    "strategies": [{"name": f"strategy{k}", "gate": {"mode": "enforce"}} for k in range(STRATEGIES)],
}
RUN = {"run": 1, "started": BEGAN, "mode": "live", "config": msgspec.json.encode(CONFIG).decode()}
CHECKED = msgspec.json.encode([[name, 10.123456 + i, 100.5] for i, name in enumerate(CHECKS)]).decode()

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {rows})"
MODEL_HASHES = "5e0dcafe" * 9
MODEL = f"substr('{MODEL_HASHES}', CAST({{i}} / 2000000 + 1 AS INTEGER), 64)"
CLASSES = (
    ("{i} % 61 = 0", "traded"), ("{i} % 53 < 5", "vetoed_by_regime"), ("{i} % 211 = 0", "held"),
    ("{i} % 307 = 0", "refused_by_risk"), ("{i} % 7 = 0", "in_position"),
)  # fmt: skip
CLASS = f"CASE {' '.join(f'WHEN {when} THEN {name!r}' for when, name in CLASSES)} ELSE 'no_signal' END"
HOLDS = (
    "CASE WHEN i % 61 > 0 AND i % 53 >= 5 AND i % 211 = 0 THEN CASE i / 211 % 3 WHEN 0 THEN '[\"WINDOW:news\"]' "
    "WHEN 1 THEN '[\"THROTTLE:strategy' || (i % {k}) || '\"]' ELSE '[\"COOLDOWN:SYM1\",\"THROTTLE:strategy1\"]' END "
    "WHEN i % 53 = 4 THEN '[\"WINDOW:night\"]' ELSE '[]' END"
)
REASONS = (
    "CASE WHEN i % 53 = 3 THEN '[\"positions\"]' WHEN i % 307 = 0 THEN "
    'CASE i / 307 % 3 WHEN 0 THEN \'["spread"]\' WHEN 1 THEN \'["margin","positions"]\' '
    "ELSE '[\"daily loss\"]' END ELSE '[]' END"
)
DECISIONS = {
    "id": "'1-' || i", "seq": "i / {k} + 1", "run": "1", "n": "i", "at": "{began} + i / {k} * 60000 + 60000",
    "bar_time": "{began} + i / {k} * 60000", "strategy": "'strategy' || (i % {k})", "symbol": "'SYM' || (i % {k} / 2)",
    "timeframe": "'M1'", "class": CLASS.format(i="i"), "action": "1.0", "kind": "'market'",
    "score": "(i * 7919 % 997) / 997.0", "features": "'[1.0912345,1.0923456,0.00051234,0.4512345]'",
    "regime": "i / 997 % 3", "posterior": "'[0.93123,0.05812,0.01065]'", "log_density": "-2.512345",
    "novelty": "0.62512345", "gate_mode": "'enforce'", "gate_open": "1",
    "gate_reason": "'0.931234: enters at 0.6, leaves below 0.4'", "exposure": "0.75", "shut": "''", "level": "'run'",
    "holds": HOLDS, "bid": "1.0912345", "ask": "1.0912445", "volume": "0.31", "price": "1.0912445",
    "stop": "1.0899445", "target": "0.0", "risk": "99.98", "checks": "'{checks}'", "reasons": REASONS,
    "instruction": "i", "magic": "i", "model": MODEL.format(i="i"),
    "config": "'c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0'",
}  # fmt: skip
OUTCOMES = {
    "id": "'{book}/{gate}/' || i", "run": "1", "decision": "'1-' || ({n})", "strategy": "'strategy' || (({n}) % {k})",
    "book": "'{book}'", "symbol": "'SYM' || (({n}) % {k} / 2)", "side": "1 - 2 * (i % 2)", "volume": "0.31",
    "opened": "{began} + ({n}) / {k} * 60000 + 60250", "closed": "{began} + ({n}) / {k} * 60000 + 1860250",
    "entry_price": "1.09124", "exit_price": "1.09211", "profit": "({n}) * 7919 % 401 - 195", "commission": "-0.7",
    "swap": "0.0", "fee": "0.0", "net": "({n}) * 7919 % 401 - 195.7", "r": "(({n}) * 7919 % 401 - 195) / 100.0",
    "mae": "0.0007", "mfe": "0.0011", "bars": "30",
    "exit_reason": "CASE i % 3 WHEN 0 THEN 'stop' WHEN 1 THEN 'target' ELSE 'time stop' END",
    "regime": "({n}) / 997 % 3", "model": MODEL.format(i="({n})"), "tag": "''", "delay": "0.00001", "spread": "0.00002",
    "execution": "0.000005", "gate": "'{gate}'",
    "unclear": "CASE WHEN '{book}' = 'shadow' AND i % 20 = 0 THEN 1 ELSE 0 END",
}  # fmt: skip
DEALS = {
    "ticket": "i", "run": "1", "seq": "{n} / {k} + 1", "order_ticket": "{n}", "position": "{n}",
    "decision": "'1-' || ({n})", "strategy": "'strategy' || ({n} % {k})",
    "at": "{began} + {n} / {k} * 60000 + 60250 + i % 2 * 1800000", "symbol": "'SYM' || ({n} % {k} / 2)",
    "side": "1 - 2 * (i % 2)", "entry": "CASE i % 2 WHEN 0 THEN 'in' ELSE 'out' END", "volume": "0.31",
    "price": "1.09124", "profit": "i % 2 * ({n} * 7919 % 401 - 195)", "commission": "-0.35", "swap": "0.0",
    "fee": "0.0", "reason": "'expert'", "comment": "'tg 1.1.2'", "magic": "{n}", "delay": "(i % 7) * 0.00001",
    "spread": "0.00002", "execution": "(i % 5 - 2) * 0.000005",
}  # fmt: skip
ORDERS = {
    "instruction": "i * 61", "run": "1", "decision": "'1-' || (i * 61)", "strategy": "'strategy' || (i * 61 % {k})",
    "symbol": "'SYM' || (i * 61 % {k} / 2)", "side": "1 - 2 * (i % 2)", "kind": "'market'", "volume": "0.31",
    "price": "1.0912445", "stop": "1.0899445", "target": "0.0", "magic": "i * 61", "state": "'FILLED'",
    "order_ticket": "i * 61", "deal_ticket": "i * 2", "fill_price": "1.09124", "code": "10009", "reason": "''",
    "at_decided": "{began} + i * 61 / {k} * 60000 + 60000", "at_answered": "{began} + i * 61 / {k} * 60000 + 60250",
    "story": "'[]'",
}  # fmt: skip
TRADED = "i * 61"
WITHOUT: dict[Gate, str] = {
    "regime": "CASE WHEN i % 2 = 1 THEN i * 61 / 53 * 53 + 1 ELSE i * 61 END",
    "hold": "CASE WHEN i % 8 = 1 THEN i * 61 / 211 * 211 ELSE i * 61 END",
    "risk": "CASE WHEN i % 16 = 3 THEN i * 61 / 307 * 307 ELSE i * 61 END",
    "all": "CASE WHEN i % 2 = 1 THEN i * 61 / 53 * 53 + 3 ELSE i * 61 END",
}
"""Of each book, on which decision its i-th trade began."""


def filling(table: str, columns: dict[str, str], rows: int, **words: object) -> str:
    """Return the statement that fills a table with so many rows."""
    text = f"INSERT INTO {table} ({', '.join(columns)}) {NUMBERS} SELECT {', '.join(columns.values())} FROM n"  # noqa: S608 - words of this file
    return text.format(rows=rows, k=STRATEGIES, began=BEGAN, **words)


def made(place: Place, minutes: int) -> None:
    """Make the journal."""
    rows = minutes * STRATEGIES
    trades = rows // EACH
    live = filling("outcomes", OUTCOMES, trades, n=TRADED, book="live", gate="")
    shadows = (filling("outcomes", OUTCOMES, trades, n=n, book="shadow", gate=gate) for gate, n in WITHOUT.items())
    connection = open_to_write(place, 2.0).execution_options(no_parameters=True)
    connection.execute(insert(tables.tables["runs"]).values(RUN), execution_options={"no_parameters": False})
    for statement in (
        filling("decisions", DECISIONS, rows, checks=CHECKED), filling("orders", ORDERS, trades),
        filling("deals", DEALS, 2 * trades, n="(i / 2 * 61)"), live, *shadows,
    ):  # fmt: skip
        connection.exec_driver_sql(statement)
    connection.commit()
    connection.close()
