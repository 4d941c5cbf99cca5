"""A whole daemon that signs where its journal stands, each day and at its run's end: who changes a row is found."""

import subprocess
import time

from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest

from config.checkpoints import FILE
from market.types import DAY_MS
from runtime.journal.chain import row_hash
from runtime.journal.checkpoints import Checkpoint, read
from runtime.operator.keyfiles import read_ring
from tests.demos import Demo, toml
from tests.documented import answered
from tests.journals import ask, edit
from tests.power.recording import why_not
from tidegate.cli import run

SOURCE = Path(__file__).parents[1] / "power" / "days.c"
A_DAY_S = 0.5
"""So long a day of the wall clock is."""
SEALED = """
[checkpoints]
key = "daemon.key"
ring = "ring.json"
"""

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture
def lived(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """Return an account whose daemon has run to the end of its bars, for days by its wall clock."""
    library, folder = tmp_path / "days.so", tmp_path / "demo"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)  # noqa: S607 - the machine's own
    demo = Demo.set_up(folder, toml(model) + SEALED, bars=200)
    keys = ["--ring", str(folder / "ring.json"), "--key", str(folder / "daemon.key")]
    assert 0 == run(["keys", "new", demo.config.account.name, "--role", "daemon", *keys])
    try:
        demo.serve()
        with monkeypatch.context() as hastened:
            hastened.setenv("SINCE", str(time.time()))
            hastened.setenv("TIMES", str(DAY_MS / 1000.0 / A_DAY_S))
            hastened.setenv("LD_PRELOAD", str(library))
            demo.start()
        demo.end()
    finally:
        demo.close()
    return demo


def signed(demo: Demo) -> list[Checkpoint]:
    """Return its checkpoints, each signed by its key."""
    ring = read_ring(demo.file.with_name("ring.json"))
    found = [read(line, ring, demo.config.account.name) for line in (demo.state / FILE).read_bytes().splitlines()]
    return [one for one in found if isinstance(one, Checkpoint)]


def forged(journal: Path, seq: int) -> None:
    """Change a row, and chain all behind it anew, as who can write the file can."""
    rows = "SELECT seq, run, at, wall, kind, schema, fact, step FROM log WHERE seq >= ? ORDER BY seq"
    with closing(connect(journal)) as connection, connection:
        connection.execute("DROP TRIGGER log_no_update")
        ((last,),) = connection.execute("SELECT hash FROM log WHERE seq = ?", (seq - 1,)).fetchall()
        for number, run_, at, wall, kind, schema, fact, step in connection.execute(rows, (seq,)).fetchall():
            wall_ = wall + (number == seq)
            last = row_hash(last, schema, run_, number, at, wall_, kind.encode(), fact, step)
            connection.execute("UPDATE log SET wall = ?, hash = ? WHERE seq = ?", (wall_, last, number))
        connection.execute("UPDATE head SET hash = ?", (last,))
        connection.execute("DELETE FROM snapshots WHERE seq >= ?", (seq,))


def verified(demo: Demo, code: int, capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - a JSON object
    """Return what `journal verify` tells of it."""
    capsys.readouterr()
    (found,) = answered(["journal", "verify", str(demo.file)], code, capsys)
    return found


def test_days_and_runs_are_sealed_and_a_changed_row_is_found(lived: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    """By the chain where it was broken, by what was signed where it was made anew behind the change."""
    walls = dict(ask(lived.journal, "SELECT seq, wall FROM log WHERE length(fact) > 0"))
    days = {wall // DAY_MS for wall in walls.values()}
    checkpoints = signed(lived)
    whole = verified(lived, 0, capsys)

    assert len(days) >= 3
    assert len(days) == len(checkpoints) == whole["checkpoints"]
    assert days - {min(days)} == {walls[one.seq] // DAY_MS for one in checkpoints[:-1]}
    assert (True, whole["row"]) == (whole["ok"], whole["sealed"])

    forged(lived.journal, checkpoints[1].seq - 1)
    assert "is not the one that was signed" in verified(lived, 11, capsys)["problem"]

    edit(lived.journal, "UPDATE log SET wall = wall + 1 WHERE seq = 3")
    assert "row 3 was changed, or row 2: its hash does not fit" == verified(lived, 11, capsys)["problem"]
