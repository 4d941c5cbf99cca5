"""What bad input gets: one clear line, a documented exit code, nothing lost, nothing traded."""

import shutil
import signal

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.bundles import promote, write_bundle
from tests.compare import TICKETS, differences, journaled, told
from tests.demos import PATIENCE_S, Demo, MakeDemo
from tests.journals import ask, edit
from tests.models import a_model
from tests.oracle import complaints, table

CONFIG, DATA, MODEL, JOURNAL, TERMINAL, RUNNING, DISK = 3, 4, 5, 6, 7, 8, 10
"""Exit codes, as documented."""


def change(demo: Demo, old: str, new: str) -> None:
    """Change a line of the account's configuration, behind its trade server's back."""
    text = demo.file.read_text(encoding="utf-8")
    assert old in text
    demo.file.write_text(text.replace(old, new, 1), encoding="utf-8")


def refused(demo: Demo, code: int, *words: str) -> None:
    """Assert that the daemon ended with a code and one line that holds these words, and that nothing was traded."""
    said = demo.end(code)
    assert said.startswith("tidegate: error: "), said
    assert [] == [word for word in words if word not in said], said
    assert [] == demo.requests()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("login = 7001", "login = 7002", ("login", "Authorization failed")),
        ('server = "Lookalike-Demo"', 'server = "Elsewhere"', ("server",)),
        ('broker = "SP500"', 'broker = "NASDAQ"', ("no symbol NASDAQ",)),
        ('path = "terminal"', 'path = "nowhere"', ("nowhere",)),
        ("call_timeout_s = 2.0", 'password = { env = "TIDEGATE_TEST_PASSWORD" }\ncall_timeout_s = 2.0', ("password",)),
    ],
    ids=["login", "server", "symbol", "path", "password"],
)  # fmt: skip
def test_a_terminal_that_will_not_have_us_is_named(
    make_demo: MakeDemo, monkeypatch: pytest.MonkeyPatch, old: str, new: str, words: tuple[str, ...]
) -> None:
    """A wrong login, server, symbol, folder or password ends the daemon at once: no trying again could help."""
    monkeypatch.setenv("TIDEGATE_TEST_PASSWORD", "wrong")
    demo = make_demo(bars=60)
    change(demo, old, new)
    demo.begin()

    refused(demo, TERMINAL, *words)


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("login = 7001", "login = many", CONFIG, ("demo.toml",)),
        ("max_volume = 500.0", "max_volume = -1.0", CONFIG, ("limits.max_volume",)),
        ('use = "trend"', 'use = "trendy"', CONFIG, ("trendy", "strategies[0].use")),
        ('use = "trend"', 'use = "nowhere:Class"', CONFIG, ("nowhere",)),
    ],
    ids=["malformed", "bound", "strategy", "module"],
)
def test_a_configuration_that_cannot_be_meant_is_named(
    make_demo: MakeDemo, old: str, new: str, code: int, words: tuple[str, ...]
) -> None:
    """A malformed file, a broken bound and an unknown strategy end the daemon before it begins."""
    demo = make_demo(bars=20)
    change(demo, old, new)
    demo.start()

    refused(demo, code, *words)
    assert not demo.journal.exists()


@pytest.mark.parametrize(
    "content", ["", "time,open,high,low,close\n", "time,open,high,low,close\n2004-01-05,1,2,3,x\n"]
)
def test_a_file_without_usable_bars_is_refused(make_demo: MakeDemo, tmp_path: Path, content: str) -> None:
    """A backtest over a file that holds no bar ends with one line that names the file."""
    demo = make_demo(bars=20)
    file = tmp_path / "bars.csv"
    file.write_text(content, encoding="utf-8")
    change(demo, 'source = "sp500"', f'file = "{file}"')

    said = demo.tidegate("backtest", code=DATA).splitlines()

    assert said[-1].startswith(f"tidegate: error: {file}")
    assert 1 == sum("error" in line for line in said)


def foreign(store: Path) -> None:
    """Promote a model whose states are others'."""
    shutil.rmtree(store)
    model = a_model(states=3)
    write_bundle(store, model)
    promote(store, model.fingerprint)


def test_a_model_that_is_not_the_one_configured_is_refused(make_demo: MakeDemo, model: Path, tmp_path: Path) -> None:
    """A model of another number of states than configured never gates an order."""
    store = shutil.copytree(model, tmp_path / "store")
    demo = make_demo(store, bars=60)
    foreign(store)
    demo.begin()

    refused(demo, MODEL, "model")


def test_a_model_of_other_features_is_refused(make_demo: MakeDemo) -> None:
    """A configuration that names other features than the model was trained on is refused before anything is sent."""
    demo = make_demo(bars=60)
    change(demo, '["garman_klass"]', '["realised_vol", 20.0]')
    demo.begin()

    refused(demo, MODEL, "features")


def test_a_first_run_waits_for_a_broker_that_is_out_of_reach(make_demo: MakeDemo) -> None:
    """It says what is missing while it does, and trades when the terminal is there."""
    demo = make_demo(bars=30)
    demo.start()
    demo.until(lambda: "terminal: " in str(demo.status().get("missing")), every_s=0.05)
    waiting = demo.status()
    demo.serve()
    demo.end()

    assert (0, "halt") == (waiting["run"], waiting["level"])
    assert [1] == [row["run"] for row in table(demo.journal, "runs")]
    assert [] == complaints(demo.ledger, demo.journal)


def test_an_account_has_one_daemon(make_demo: MakeDemo) -> None:
    """A second daemon is refused by a lock of the operating system, and the first one does not notice."""
    demo = make_demo(bars=None)
    demo.begin()
    demo.until_bar(5)
    first = demo.daemon
    assert first is not None

    second = demo.say("run")
    said, _ = second.communicate(timeout=PATIENCE_S)

    assert RUNNING == second.returncode
    assert f"pid {first.pid}" in said
    assert 1 == len(said.splitlines())
    assert first.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_daemon_cleanly(make_demo: MakeDemo, number: signal.Signals) -> None:
    """Asked to end, a daemon ends between two facts with 0; what is open stays at the venue, guarded by its stop."""
    demo = make_demo(bars=None)
    demo.begin()
    demo.until_bar(20)
    demo.until(lambda: demo.status().get("positions"))

    demo.stop(number)

    (run,) = table(demo.journal, "runs")
    assert number.name == run["reason"]
    assert run["ended"]
    assert [] == [order for order in table(demo.journal, "orders") if order["state"] == "SENT"]
    assert [] == complaints(demo.ledger, demo.journal)


def cut_short(journal: Path) -> None:
    """Lose the end of the journal's file."""
    journal.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])


def of_something_else(journal: Path) -> None:
    """Put something else where the journal was."""
    journal.write_bytes(b"this is no database " * 300)


def tampered(journal: Path) -> None:
    """Change one of the last facts."""
    (last,) = ask(journal, "SELECT max(seq) FROM snapshots")
    edit(journal, "UPDATE snapshots SET state = state || x'00' WHERE seq = ?", last[0])


@pytest.mark.parametrize("spoil", [cut_short, of_something_else, tampered])
def test_a_journal_that_cannot_be_trusted_stops_the_daemon(make_demo: MakeDemo, spoil: Callable[[Path], None]) -> None:
    """A damaged, foreign or changed journal is neither repaired nor written to, and nothing is traded without one."""
    demo = make_demo(bars=None)
    demo.begin()
    demo.until_bar(30)
    demo.stop()
    before = demo.written()
    spoil(demo.journal)
    demo.journal.with_name("journal.sqlite-wal").unlink(missing_ok=True)
    left = demo.journal.read_bytes()
    demo.start()

    said = demo.end(JOURNAL)

    assert said.startswith("tidegate: error: journal ")
    assert [] == demo.requests(before)
    assert left == demo.journal.read_bytes()


def test_a_full_disk_stops_the_daemon_and_loses_nothing(make_demo: MakeDemo) -> None:
    """When the journal takes no more, nothing is sent any more; with room again the account carries on."""
    demo = make_demo(bars=250, warmup=200)
    demo.serve()
    demo.start("--file-size", str(1_300_000))

    said = demo.end(DISK)
    full = demo.done()
    known = len(table(demo.journal, "deals"))
    demo.start()
    demo.end()

    assert said.startswith("tidegate: error: journal ")
    assert 0 < full < 250
    assert known > 0
    assert [] == complaints(demo.ledger, demo.journal)
    # As in the backtest up to there: what the bar at the full disk wished for was not sent, and that bar is MISSED.
    before = journaled(demo.journal)[1][:known]
    assert [] == differences(before, told(demo.backtest())[:known], TICKETS | {"magic", "comment"})


def test_a_folder_that_cannot_be_written_stops_the_daemon(make_demo: MakeDemo) -> None:
    """A state folder without the right to write is named, and nothing is traded."""
    demo = make_demo(bars=60)
    demo.state.chmod(0o500)
    demo.serve()
    demo.start("--plain-user")

    try:
        refused(demo, DISK, str(demo.state))
    finally:
        demo.state.chmod(0o700)


def test_a_journal_that_cannot_be_written_stops_the_daemon(make_demo: MakeDemo) -> None:
    """A journal without the right to write is named, and nothing is traded."""
    demo = make_demo(bars=None)
    demo.begin()
    demo.until_bar(5)
    demo.stop()
    before = demo.written()
    demo.journal.chmod(0o400)
    demo.start("--plain-user")

    said = demo.end(JOURNAL)

    assert str(demo.journal) in said
    assert [] == demo.requests(before)
