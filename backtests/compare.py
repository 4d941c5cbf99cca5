"""Two saved backtests side by side: their numbers, what each decided and dealt, and the first thing that differs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from backtests.saved import read_summary, read_table
from market.money import cents

if TYPE_CHECKING:
    import pandas as pd

KEYS = {"decisions": ("bar_time", "strategy", "symbol", "timeframe"), "deals": ("at", "symbol", "entry", "side")}
"""By what a row of the one is found in the other; of several alike the first is the first's."""
UNSAID = {
    "decisions": ("run", "n", "instruction", "magic", "model", "config"),
    "deals": ("ticket", "order", "position", "magic", "comment"),
}
"""Numbers that only count what came before, and fingerprints, which are compared once: after one difference all do."""
TOLD = {"decisions": "outcome", "deals": "volume"}
"""What is told of a row that the other has not."""
NONE = "no such row"
MONEY = ("initial_balance", "final_balance", "realised_pnl", "max_drawdown", "shadow_pnl", "gate_value")
COUNTS = (
    "bars",
    "decisions",
    "orders",
    "deals",
    "trades",
    "vetoed_by_regime",
    "shadow_trades",
    "ambiguous",
    "resolved",
)
SHARES = ("max_drawdown_share", "gate_r")


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """One number of both; None where one has none."""

    name: str
    a: float | None
    b: float | None
    difference: float | None


class First(msgspec.Struct, frozen=True, kw_only=True):
    """The first row in which the two differ."""

    at: int
    """UTC milliseconds."""
    what: str
    """The row: its strategy, symbol and so on."""
    field: str
    """The first of its fields that differs; empty where one of the two has no such row."""
    a: str
    b: str
    """What each says; "no such row" where it has none."""


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions or deals of both, row by row."""

    table: str
    same: int
    differ: int
    """In both, and not the same."""
    only_a: int
    only_b: int
    fields: dict[str, int]
    """Of those that differ, in how many each field does, the most frequent first."""
    first: First | None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What there is between two backtests."""

    same: bool
    """Every decision and deal is the same; fingerprints are not asked."""
    same_config: bool
    same_models: bool
    numbers: list[Number]
    """Those that differ."""
    rows: list[Rows]


def compare(a: Path, b: Path) -> Difference:
    """Return what there is between two saved backtests; DataError where a folder has none."""
    one, other = read_summary(a), read_summary(b)
    rows = [compared(table, read_table(a, table, keys), read_table(b, table, keys)) for table, keys in KEYS.items()]
    return Difference(
        same=all(not (r.differ or r.only_a or r.only_b) for r in rows),
        same_config=one.get("config") == other.get("config"),
        same_models=one.get("models") == other.get("models"),
        numbers=[number for number in numbers_of(one, other) if number.a != number.b],
        rows=rows,
    )


def numbers_of(a: dict[str, Any], b: dict[str, Any]) -> list[Number]:
    """Return the numbers of two summaries, those of decision classes too."""
    classes = [f"by_class.{name}" for name in {**a.get("by_class", {}), **b.get("by_class", {})}]
    return [_number(name, _value(a, name), _value(b, name)) for name in (*COUNTS, *MONEY, *SHARES, *classes)]


def _value(summary: dict[str, Any], name: str) -> float | None:
    head, _, rest = name.partition(".")
    found = summary.get(head)
    value = found.get(rest, 0) if rest and isinstance(found, dict) else found
    return value if isinstance(value, int | float) else None


def _number(name: str, a: float | None, b: float | None) -> Number:
    difference = None if a is None or b is None else cents(b - a) if name in MONEY else b - a
    return Number(name=name, a=a, b=b, difference=difference)


def compared(table: str, a: "pd.DataFrame", b: "pd.DataFrame") -> Rows:
    """Return how the rows of two tables differ."""
    import pandas as pd  # noqa: PLC0415 - slow to import, and only a comparison needs it

    keys = [*KEYS[table], "nth"]
    both = _keyed(a, table).merge(_keyed(b, table), on=keys, how="outer", indicator="where", suffixes=("|a", "|b"))
    fields = [c.removesuffix("|a") for c in both.columns if str(c).endswith("|a") and f"{c[:-2]}|b" in both.columns]
    paired = both["where"] == "both"
    unlike = {field: paired & ~_alike(both[f"{field}|a"], both[f"{field}|b"]) for field in fields}
    counts = {field: int(wrong.sum()) for field, wrong in unlike.items()}
    differs = pd.concat([paired & False, *unlike.values()], axis=1).any(axis=1)
    return Rows(
        table=table,
        same=int((paired & ~differs).sum()),
        differ=int(differs.sum()),
        only_a=int((both["where"] == "left_only").sum()),
        only_b=int((both["where"] == "right_only").sum()),
        fields={field: count for field, count in sorted(counts.items(), key=lambda item: -item[1]) if count},
        first=_first(table, both[~paired | differs], fields),
    )


def _keyed(frame: "pd.DataFrame", table: str) -> "pd.DataFrame":
    """Return the table without what is not compared, and with the number of each row among those of its key."""
    keys = list(KEYS[table])
    if frame.empty:
        frame = frame.reindex(columns=keys)
        frame = frame.astype({key: "int64" if key in {"at", "bar_time", "side"} else "object" for key in keys})
    frame = frame.drop(columns=[name for name in UNSAID[table] if name in frame.columns])
    return frame.assign(nth=frame.groupby(keys, sort=False).cumcount())


def _alike(a: "pd.Series[Any]", b: "pd.Series[Any]") -> "pd.Series[bool]":
    """Tell which cells are the same; nothing is nothing, whether it is no number, no value or no text."""
    return (a == b) | ((a.isna() | (a == "")) & (b.isna() | (b == "")))


def _first(table: str, wrong: "pd.DataFrame", fields: list[str]) -> First | None:
    if wrong.empty:
        return None
    time, *keys = KEYS[table]
    row: dict[Any, Any] = wrong.sort_values([time, *keys, "nth"], kind="stable").iloc[0].to_dict()
    at, what = int(row[time]), ", ".join(f"{row[key]}" for key in keys)
    if row["where"] != "both":
        has = "a" if row["where"] == "left_only" else "b"
        said = str(row.get(f"{TOLD[table]}|{has}", "a row"))
        a, b = (said, NONE) if has == "a" else (NONE, said)
        return First(at=at, what=what, field="", a=a, b=b)
    field = next(field for field in fields if not _same(row[f"{field}|a"], row[f"{field}|b"]))
    return First(at=at, what=what, field=field, a=str(row[f"{field}|a"]), b=str(row[f"{field}|b"]))


def _same(a: Any, b: Any) -> bool:  # noqa: ANN401 - cells
    return bool(a == b) or all(x is None or x != x or x == "" for x in (a, b))
