"""Journals of closed trades to be attributed, without the facts that made them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from runtime.journal.entries import Entry, Row
from runtime.journal.writer import JournalWriter

DAY = 86_400_000
BEGAN = 1_704_067_200_000  # 2024-01-01, a Monday


def run_row(name: str = "one", currency: str = "USD", gated: Sequence[str] = ("trend",), **more: object) -> Row:
    """Return the row of a run whose configuration says no more than who trades what behind a gate."""
    strategies = [{"name": s, "gate": {"mode": "enforce"}, "size": more.get("size")} for s in gated]
    config = {"account": {"name": name, "currency": currency}, "strategies": strategies}
    return "runs", {"run": 1, "started": BEGAN, "config": msgspec.json.encode(config).decode()}


def outcome_row(n: int, **more: object) -> Row:
    """Return the row of a trade closed on day n, in the black where n is even."""
    r = 1.0 if n % 2 == 0 else -0.5
    columns: dict[str, Any] = {
        "id": f"{more.get('book', 'live')}/{n}", "run": 1, "decision": f"1-{n}", "strategy": "trend", "book": "live",
        "symbol": "SP500", "side": 1, "volume": 1.0, "opened": BEGAN + n * DAY + 9 * 3_600_000,
        "closed": BEGAN + n * DAY + 10 * 3_600_000, "net": 100.0 * r, "r": r, "exit_reason": "target", "regime": 0,
        "model": "5e" * 32,
    }  # fmt: skip
    return "outcomes", columns | more


def decision_row(n: int, class_: str, **more: object) -> Row:
    """Return the row of a decision on the bar of day n."""
    columns: dict[str, Any] = {
        "id": f"1-{n}", "seq": n + 1, "run": 1, "n": n, "at": BEGAN + n * DAY + 8 * 3_600_000,
        "bar_time": BEGAN + n * DAY + 7 * 3_600_000, "strategy": "trend", "symbol": "SP500", "class": class_,
        "timeframe": "H1", "regime": 0, "model": "5e" * 32, "score": 0.5, "action": 1.0,
    }  # fmt: skip
    return "decisions", columns | more


def deal_row(n: int, entry: str, **costs: float) -> Row:
    """Return the row of a deal of the trade of day n, at 100.0, with what it cost beside that."""
    columns: dict[str, Any] = {
        "ticket": 2 * n + (entry == "in"), "decision": f"1-{n}", "entry": entry, "price": 100.0,
        "at": BEGAN + n * DAY + (9 if entry == "in" else 10) * 3_600_000, "spread": 0.0, "execution": 0.0,
    }  # fmt: skip
    return "deals", columns | costs


def a_journal(folder: Path, *rows: Row) -> Path:
    """Write a journal that holds these rows; return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "journal.sqlite"
    with JournalWriter(path) as writer:
        writer.append(Entry("RunOpened", BEGAN, BEGAN, b"", b"", rows))
    return path
