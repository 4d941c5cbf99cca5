"""A journal of a year to be archived: minutes of a gated account are played, and written down again and again.

A strategy's minutes are a row of the log each, as long and as packed as a daemon's, chained like its, with what people
read of them and a snapshot every thousand: ten strategies of which each has a symbol of its own.
"""

from pathlib import Path
from typing import Any

import msgspec

from backtests.benchmarks import journal_work as work
from backtests.benchmarks.attributed_year import BEGAN
from backtests.benchmarks.drive import LEARN
from market.types import MINUTE_MS
from runtime.journal.entries import Entry, Row
from runtime.journal.opening import Place
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.recorder import SNAPSHOT_EVERY

PLAYED = 20_000
KEYS = {"decisions": "id", "orders": "instruction", "deals": "ticket", "outcomes": "id"}
"""Of tables whose rows go on from one repetition to the next; of others those of the first stand alone."""
APART = 10_000_000
"""Between numbers of one repetition and the next."""


def made(place: Place, folder: Path, minutes: int, strategies: int) -> int:
    """Write the journal into a new place; return how many rows its log has."""
    config = work.minutes(folder, LEARN + PLAYED)
    entries, _grown = work.played(config, folder / "played.sqlite", PLAYED)
    with JournalReader(folder / "played.sqlite") as reader:
        last = reader.last_snapshot()
    rows = minutes * strategies
    with JournalWriter(place) as journal:
        for seq in range(1, rows + 1):
            again, number = divmod(seq - 1, len(entries))
            ticket = journal.append(_at(entries[number], again, seq, BEGAN + (seq - 1) // strategies * MINUTE_MS))
            if last is not None and seq % SNAPSHOT_EVERY == 0:
                journal.snapshot(seq, last.state)
                ticket.wait()  # who is far behind packs nothing
    return rows


def _at(entry: Entry, again: int, seq: int, at: int) -> Entry:
    rows = tuple(moved for row in entry.rows if (moved := _moved(row, again, seq)) is not None)
    return msgspec.structs.replace(entry, at=at, wall=at + seq % 900, rows=rows)


def _moved(row: Row, again: int, seq: int) -> Row | None:
    table, values = row
    key = KEYS.get(table)
    if key is None:
        return None if again else row
    found = values[key]
    changed: dict[str, Any] = {key: f"{again}/{found}" if isinstance(found, str) else found + again * APART}
    if "seq" in values:
        changed["seq"] = seq
    return table, {**values, **changed}
