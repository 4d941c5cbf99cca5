"""The supervisor, with small programs in the place of daemons: what it starts, stops, gives up and is told."""

import shutil
import signal
import sys

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from runtime.fleet import Account, Supervisor
from runtime.fleet_folder import entries_of
from runtime.operator.control import Control
from tests.fleets import ROOT, Supervised

RUNS = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); signal.pause()"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)"
HELD = (
    """
import fcntl, os, pathlib, signal, sys
lock = (pathlib.Path(sys.argv[1]) / "daemon.lock").open("a+")
fcntl.flock(lock, fcntl.LOCK_EX); lock.truncate(0); lock.write(f"{os.getpid()}\\n"); lock.flush()
"""
    + RUNS
)

MakeFleet = Callable[..., Supervised]


@pytest.fixture
def make_fleet(tmp_path: Path) -> Iterator[MakeFleet]:
    """Make a folder of accounts, each with the program that stands for its daemon, and supervise it."""
    made = []

    def make(*programs: str, start: bool = True) -> Supervised:
        fleet = Supervised(tmp_path / "fleet", len(programs))
        made.append(fleet)
        fleet.write(bars=3, history=3)
        for name, program in zip(fleet.names, programs, strict=True):
            does(fleet, name, program)
        if start:
            up(fleet)
        return fleet

    yield make
    for fleet in made:
        fleet.close()


def does(fleet: Supervised, name: str, program: str) -> None:
    """Write what the stand-in of an account's daemon does."""
    (fleet.accounts / f"{name}.py").write_text(program, encoding="utf-8")


def up(fleet: Supervised, hung_s: float = 60.0, guard: Sequence[str] = ()) -> None:
    """Supervise, perhaps with a guardian."""
    fleet.start(str(ROOT / "tests" / "supervised.py"), str(fleet.accounts), str(hung_s), *guard)


def touch(fleet: Supervised, name: str, *, good: bool = True) -> None:
    """Change an account's file, and tell the supervisor."""
    with (fleet.accounts / f"{name}.toml").open("a", encoding="utf-8") as file:
        file.write("# changed\n" if good else "nonsense\n")
    fleet.signal(signal.SIGHUP)


def test_the_people_of_an_account_are_called_where_its_daemon_is_refused(make_fleet: MakeFleet) -> None:
    """By the supervisor: the daemon cannot; what its neighbour has befallen is not theirs."""
    fleet = make_fleet("raise SystemExit(3)", RUNS, start=False)
    (fleet.folder / "ann.urls").write_text(f"sink:{fleet.folder / 'said'}\n", encoding="utf-8")
    (fleet.folder / "ann.urls").chmod(0o600)
    for name in fleet.names:
        with (fleet.accounts / f"{name}.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[alerts.owners.ann]\nurls = {{ file = "{fleet.folder}/ann.urls" }}\n')
            file.write('[alerts.routes]\npage = ["ann"]\n')
    up(fleet)
    heard = fleet.folder / "said"
    fleet.until(lambda: heard.exists() and heard.stat().st_size)
    said = heard.read_text(encoding="utf-8")

    assert "a000: no progress" in said
    assert "is refused: exit code 3" in said
    assert "a001" not in said


def test_a_daemon_inherits_no_secret_of_its_neighbour(make_fleet: MakeFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that both name goes to both, and the guardian is given what it calls people by, and nothing else."""
    fleet = make_fleet(RUNS, RUNS, start=False)
    names = [f"TIDEGATE_TEST_{what}" for what in ("A000", "A001", "BOTH", "CALLS")]
    for name in names:
        monkeypatch.setitem(fleet.env, name, "hunter2")
    for name in fleet.names:
        file = fleet.accounts / f"{name}.toml"
        text = file.read_text(encoding="utf-8").replace(
            "[terminal]", f'[terminal]\npassword = {{ env = "TIDEGATE_TEST_{name.upper()}" }}', 1
        )
        said = '\n[alerts.owners.ann]\nurls = { env = "TIDEGATE_TEST_CALLS" }\n[alerts.routes]\npage = ["ann"]\n'
        file.write_text(text + said + '\n[journal]\nurl = { env = "TIDEGATE_TEST_BOTH" }\n', encoding="utf-8")
    up(fleet, guard=[sys.executable, str(fleet.accounts / "a000.py")])
    fleet.until(lambda: len(fleet.events("started")) == 2 and fleet.events("guardian started"))
    started = fleet.events("started", "a000") + fleet.events("started", "a001") + fleet.events("guardian started")
    environs = [Path(f"/proc/{event['pid']}/environ").read_text(encoding="utf-8") for event in started]

    assert [[0, 2, 3], [1, 2, 3], [3]] == [[n for n in range(4) if names[n] in environ] for environ in environs]


def test_every_account_is_started_and_all_are_stopped(make_fleet: MakeFleet) -> None:
    """SIGTERM ends every daemon by the same signal, waits for it, and ends well."""
    fleet = make_fleet(RUNS, RUNS, RUNS)
    fleet.until(lambda: len(fleet.events("started")) == 3)

    fleet.signal(signal.SIGTERM)
    fleet.end()

    assert ["a000", "a001", "a002"] == sorted(e["account"] for e in fleet.events("stopped"))
    assert [] == fleet.pids()


def test_one_that_is_killed_is_started_again_alone(make_fleet: MakeFleet) -> None:
    """`kill -9` of one: it comes back, and nobody else is touched."""
    fleet = make_fleet(RUNS, RUNS)
    fleet.until(lambda: len(fleet.pids()) == 2)
    (victim,) = [e["pid"] for e in fleet.events("started", "a000")]

    signal.pidfd_send_signal(_fd(victim), signal.SIGKILL)
    fleet.until(lambda: len(fleet.events("started", "a000")) == 2)

    assert "killed by signal 9" == fleet.events("ended", "a000")[0]["why"]
    assert 1 == len(fleet.events("started", "a001"))


def test_a_guardian_is_started_and_started_again_and_ended_last(make_fleet: MakeFleet) -> None:
    """It guards all accounts of the folder; killed it comes back, and where nothing runs any more it is ended."""
    fleet = make_fleet(RUNS, RUNS, start=False)
    guarded = [sys.executable, "-m", "tidegate.cli", "guard", "--all", str(fleet.accounts)]
    up(fleet, guard=guarded)
    fleet.until(lambda: len(fleet.events("guarded")) == 2)
    (first,) = [e["pid"] for e in fleet.events("guardian started")]
    signal.pidfd_send_signal(_fd(first), signal.SIGKILL)
    fleet.until(lambda: len(fleet.events("guarded")) == 4)
    second = fleet.events("guardian started")[-1]["pid"]
    fleet.signal(signal.SIGTERM)
    fleet.end()

    assert second != first
    assert not Path(f"/proc/{second}").exists()
    assert ["a000", "a000", "a001", "a001"] == sorted(e["account"] for e in fleet.events("guarded"))


def test_a_crash_loop_is_given_up_and_paged_and_the_others_run_on(make_fleet: MakeFleet) -> None:
    """A daemon that cannot live is not tried for ever: somebody is called."""
    fleet = make_fleet("raise SystemExit(1)", RUNS)

    fleet.until(lambda: fleet.events("alert"))

    (page,) = fleet.events("alert")
    assert ("page", "a000") == (page["severity"], page["account"])
    assert "account a000 is given up: 5 crashes within 60 s, the last: exit code 1" == page["text"]
    assert 5 == len(fleet.events("started", "a000"))
    assert 1 == len(fleet.pids())


def test_an_account_that_never_ran_has_a_folder_for_its_log(make_fleet: MakeFleet) -> None:
    """A daemon logs into its state folder from its first line on, and makes no folder of a mistyped path itself."""
    fleet = make_fleet(f"import os, sys; assert os.path.isdir(sys.argv[1]); {RUNS}", start=False)
    shutil.rmtree(fleet.state("a000"))
    up(fleet)
    fleet.until(lambda: fleet.events("started"))

    fleet.signal(signal.SIGTERM)
    fleet.end()

    assert [0o700, []] == [fleet.state("a000").stat().st_mode & 0o777, fleet.events("ended")]


def test_a_refusal_is_paged_at_once_with_the_daemons_own_words(make_fleet: MakeFleet) -> None:
    """A configuration that a daemon refuses would be refused again: it is started once."""
    says = "import pathlib, sys; (pathlib.Path(sys.argv[1]) / 'daemon.log').write_text('tidegate: error: no model\\n');"
    fleet = make_fleet(f"{says} sys.exit(5)", RUNS)

    fleet.until(lambda: fleet.events("alert"))

    assert ["account a000 is refused: exit code 5: no model"] == [e["text"] for e in fleet.events("alert")]
    assert 1 == len(fleet.events("started", "a000"))


def test_a_bad_file_is_named_and_the_good_ones_are_started(make_fleet: MakeFleet) -> None:
    """One mistake in one file is that account's alone."""
    fleet = make_fleet(RUNS, RUNS, start=False)
    (fleet.accounts / "a000.toml").write_text("nonsense", encoding="utf-8")
    up(fleet)

    fleet.until(lambda: fleet.events("started"))

    assert ["a000"] == [e["account"] for e in fleet.events("refused")]
    assert ["a001"] == [e["account"] for e in fleet.events("started")]


def test_no_good_file_is_a_refusal(make_fleet: MakeFleet) -> None:
    """With nothing to start it ends with the code of a bad configuration, and names what is wrong."""
    fleet = make_fleet(RUNS, start=False)
    (fleet.accounts / "a000.toml").write_text("nonsense", encoding="utf-8")
    up(fleet)

    fleet.end(3)

    assert "tidegate: error: a000.toml: not TOML" in fleet.log.read_text(encoding="utf-8")


def test_a_second_supervisor_is_refused(make_fleet: MakeFleet) -> None:
    """Two would start every daemon twice, and stop each other's."""
    fleet = make_fleet(RUNS)
    fleet.until(lambda: fleet.events("started"))
    first = fleet.up
    up(fleet)

    fleet.end(8)

    fleet.up = first
    assert "is supervised already" in fleet.log.read_text(encoding="utf-8")


def test_an_added_file_is_started_when_it_is_told(make_fleet: MakeFleet) -> None:
    """SIGHUP looks at the folder again; what runs is left alone."""
    fleet = make_fleet(RUNS, RUNS, start=False)
    file = fleet.accounts / "a001.toml"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    up(fleet)
    fleet.until(lambda: fleet.events("started"))
    file.write_text(text, encoding="utf-8")

    fleet.signal(signal.SIGHUP)

    fleet.until(lambda: fleet.events("started", "a001"))
    assert 1 == len(fleet.events("started", "a000"))


def test_a_changed_file_is_started_anew(make_fleet: MakeFleet) -> None:
    """Its daemon is stopped between two facts, and started with the new file."""
    fleet = make_fleet(RUNS, RUNS)
    fleet.until(lambda: len(fleet.events("started")) == 2)

    touch(fleet, "a000")

    fleet.until(lambda: len(fleet.events("started", "a000")) == 2)
    assert ["its file was changed"] == [e["why"] for e in fleet.events("stopped")]
    assert 1 == len(fleet.events("started", "a001"))


def test_a_file_changed_for_the_worse_leaves_its_daemon_running(make_fleet: MakeFleet) -> None:
    """A mistake made while it trades must not stop it; it is named."""
    fleet = make_fleet(RUNS)
    fleet.until(lambda: fleet.events("started"))

    touch(fleet, "a000", good=False)

    fleet.until(lambda: fleet.events("refused"))
    assert "it runs on with what it read before" in fleet.events("refused")[0]["why"]
    assert 1 == len(fleet.pids())


def test_a_removed_file_stops_its_daemon(make_fleet: MakeFleet) -> None:
    """And the supervisor goes on with the others."""
    fleet = make_fleet(RUNS, RUNS)
    fleet.until(lambda: len(fleet.events("started")) == 2)
    (fleet.accounts / "a000.toml").unlink()

    fleet.signal(signal.SIGHUP)

    fleet.until(lambda: fleet.events("stopped", "a000"))
    fleet.until(lambda: len(fleet.pids()) == 1)


def test_one_that_was_given_up_is_tried_again_when_it_is_told(make_fleet: MakeFleet) -> None:
    """Whoever mends an account says so by SIGHUP; its file need not change."""
    fleet = make_fleet("raise SystemExit(5)", RUNS)
    fleet.until(lambda: fleet.events("alert"))
    does(fleet, "a000", RUNS)

    fleet.signal(signal.SIGHUP)

    fleet.until(lambda: len(fleet.pids()) == 2)


def test_one_that_does_not_end_is_killed(make_fleet: MakeFleet) -> None:
    """The supervisor is told to stop, and does not wait for ever."""
    fleet = make_fleet(DEAF, RUNS)
    fleet.until(lambda: len(fleet.pids()) == 2)
    fleet.until(lambda: _ignores_sigterm(fleet.events("started", "a000")[0]["pid"]))

    fleet.signal(signal.SIGTERM)
    fleet.end()

    assert ["a000"] == [e["account"] for e in fleet.events("killed")]
    assert [] == fleet.pids()


def test_one_that_answers_nobody_is_killed_and_started_again(make_fleet: MakeFleet) -> None:
    """A daemon that hangs protects nobody: it is treated as one that died."""
    fleet = make_fleet(RUNS, start=False)
    file = fleet.accounts / "a000.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("poll_ms", "deadlines = { connect = 0.1 }\npoll_ms", 1), encoding="utf-8")
    up(fleet, hung_s=0.4)

    fleet.until(lambda: len(fleet.events("started")) == 2)

    assert 1 <= len(fleet.events("hung"))


class Deaf:
    """A process that notes what it was sent."""

    pid = 1

    def __init__(self) -> None:
        """Begin without any."""
        self.sent: list[int] = []

    def poll(self) -> int | None:
        """Run on."""
        return None

    def send(self, number: int) -> None:
        """Note a signal."""
        self.sent.append(number)


@pytest.mark.parametrize(("turned_s", "sent"), [(1.0, []), (1000.0, [signal.SIGKILL])])
def test_one_that_answers_and_does_nothing_is_killed(tmp_path: Path, turned_s: float, sent: list[int]) -> None:
    """Its ear is a thread of its own, and proves nothing: what counts is that its loop came round."""
    fleet = Supervised(tmp_path, 1)
    fleet.write(bars=3, history=3)
    entry = entries_of(fleet.accounts)["a000"]
    account, process = Account(entry), Deaf()
    account.process, account.runs, account.life.state = process, entry, "running"
    assert entry.state is not None
    control = Control(entry.state, lambda: {"turned_s": turned_s}, lambda _: Future(), lambda: None)

    Supervisor(fleet.accounts, lambda _: []).attend(account, 500.0)

    control.close()
    assert sent == process.sent


def test_when_all_have_ended_it_ends(make_fleet: MakeFleet) -> None:
    """Their data ended: nothing is left to do."""
    fleet = make_fleet("raise SystemExit(0)", "raise SystemExit(0)")

    fleet.end()

    assert 2 == len(fleet.events("ended"))


def test_when_nothing_runs_any_more_it_ends_badly(make_fleet: MakeFleet) -> None:
    """What watches the supervisor sees a failure, not a quiet process that supervises nothing."""
    fleet = make_fleet("raise SystemExit(5)", "raise SystemExit(0)")

    fleet.end(11)

    assert "nothing runs any more: a000: exit code 5" in fleet.log.read_text(encoding="utf-8")


def test_daemons_outlive_a_killed_supervisor_and_the_next_one_takes_them_over(make_fleet: MakeFleet) -> None:
    """They go on guarding their accounts; a new supervisor finds them, starts none twice, and can stop them."""
    fleet = make_fleet(HELD, HELD)
    fleet.until(fleet.all_hold)
    before = fleet.pids()
    fleet.signal(signal.SIGKILL)
    fleet.end(-9)

    assert before == fleet.pids()
    up(fleet)
    fleet.until(lambda: len(fleet.events("found running")) == 2)
    assert before == sorted(e["pid"] for e in fleet.events("found running"))

    fleet.signal(signal.SIGTERM)
    fleet.end()
    assert [] == fleet.pids()


def test_one_that_was_found_running_is_started_again_when_it_dies(make_fleet: MakeFleet) -> None:
    """Being taken over is being supervised."""
    fleet = make_fleet(HELD)
    fleet.until(fleet.all_hold)
    (pid,) = fleet.pids()
    fleet.signal(signal.SIGKILL)
    fleet.end(-9)
    up(fleet)
    fleet.until(lambda: fleet.events("found running"))

    signal.pidfd_send_signal(_fd(pid), signal.SIGKILL)

    fleet.until(lambda: len(fleet.events("started")) == 2)


def _fd(pid: int) -> int:
    import os  # noqa: PLC0415 - the one use

    return os.pidfd_open(pid)


def _ignores_sigterm(pid: int) -> bool:
    """Say whether a program has come so far as to ignore SIGTERM."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    ignored = next(int(line.split()[1], 16) for line in lines if line.startswith("SigIgn"))
    return bool(ignored >> (signal.SIGTERM - 1) & 1)


if sys.platform == "win32":
    pytest.skip("a supervisor needs signals", allow_module_level=True)
