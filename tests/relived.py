"""Recorded journals, lived again on the days they tell of: with a clock of those days, and a snapshot now and then."""

from pathlib import Path

from config.journal import Where
from runtime.clock import Clock
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.recorder import Recorder, decode_fact
from runtime.revive import next_pair
from tests.record_journal import DATA, unpacked

SNAPSHOT_EVERY = 60


class Told(Clock):
    """A wall that shows the time of the last fact."""

    wall = 0

    def wall_ms(self) -> int:
        """Return UTC milliseconds."""
        return self.wall


def relived(name: str, folder: Path, place: Where) -> None:
    """Write a recorded journal anew into a place."""
    clock = Told()
    with JournalReader(unpacked(DATA / f"{name}.sqlite.gz", folder)) as reader, JournalWriter(place) as journal:
        runs = {run["run"]: run for run in reader.runs()}
        recorder: Recorder | None = None
        for row in reader.rows():
            clock.wall = max(clock.wall, row.at)
            if row.kind == "RunOpened":
                run = {key: value for key, value in runs[row.run].items() if key not in {"ended", "reason"}}
                recorder = Recorder(*next_pair(None, run), journal, clock)
                recorder.begin(run)
            elif recorder is not None and row.kind == "RunClosed":
                recorder.end(runs[row.run]["reason"])
            elif recorder is not None:
                recorder.take(decode_fact(row.fact))
                if row.seq % SNAPSHOT_EVERY == 0:
                    journal.snapshot(row.seq, recorder.rest())
