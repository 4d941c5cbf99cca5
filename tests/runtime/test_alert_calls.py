"""From an alarm to the person: through the router's thread and the process that speaks, over files and over HTTP."""

import http.server
import json
import os
import queue
import threading
import time

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.alerts import shelf
from runtime.alerts.caller import Caller
from runtime.alerts.crier import Crier
from runtime.alerts.people import owners_of
from runtime.alerts.person import listed, take, tried
from runtime.core.kinds import Alarm
from tests.alarms import BREAK
from tests.nights import Night
from tests.stand_ins import PATIENCE_S, until


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Callable[..., Night]]:
    """Make nights, and end their routers."""
    made: list[Night] = []

    def make(**given: object) -> Night:
        made.append(Night(tmp_path, **given))  # type: ignore[arg-type]  # its own arguments
        return made[-1]

    yield make
    for one in made:
        one.close()


MakeNight = Callable[..., Night]


def test_what_stands_reaches_the_first_owner(night: MakeNight) -> None:
    """Once, with the page to look at and the words that take it; what is over is told to him, too."""
    one = night()
    router = one.router()
    router.look((), {})
    until(lambda: one.routers[0].caller.mouth)
    router.look((BREAK,), {BREAK.about: BREAK.text})
    until(lambda: one.heard("ann"))
    line = json.loads((one.folder / "ann").read_text().splitlines()[0])
    router.look((), {})
    until(lambda: len(one.heard("ann")) == 2 and "over" in one.history())

    assert ["acct: unexplained break", "acct: over: unexplained break"] == one.heard("ann")
    assert "docs/runbooks/break.md" in line["body"]
    assert "tidegate ack acct --alert 1" in line["body"]
    assert ([], ["opened", "over"]) == (one.heard("ben"), one.history())


def test_a_restart_neither_forgets_nor_calls_again(night: MakeNight) -> None:
    """The next process finds what stood, and who has it."""
    one = night()
    first = one.router()
    first.look((BREAK,), {BREAK.about: BREAK.text})
    until(lambda: one.heard("ann"))
    first.close()
    take(one.state, 1, "ann", "on it")
    second = one.router()
    second.look((BREAK,), {BREAK.about: BREAK.text})
    until(lambda: second.since)
    time.sleep(0.1)

    assert ["acct: unexplained break"] == one.heard("ann")
    assert [(1, "ann", "on it")] == [(row["id"], row["acked_by"], row["acked_why"]) for row in listed(one.state)]


def test_what_nobody_takes_reaches_the_next_owner_and_taking_it_ends_that(night: MakeNight) -> None:
    """The escalation goes on until a person says that he has it, by a command that needs no daemon."""
    one = night(escalate_s=0.3)
    one.router().look((BREAK,), {})
    until(lambda: one.heard("ben"))
    taken = take(one.state, 1, "ben", "mine")
    assert taken is not None
    for _ in range(3):
        time.sleep(0.2)

    assert "acct: unexplained break, call 2" == one.heard("ben")[0]
    assert taken.called == shelf.read(one.state).entries[BREAK.key].called
    assert taken.called == len([what for what in one.history() if what in {"opened", "called"}])


def test_who_cannot_be_reached_is_no_reason_to_wait(night: MakeNight) -> None:
    """The next one is called at once; nobody waits for the patience to pass."""
    one = night(ann="sink:/nowhere/at/all")
    one.router().look((BREAK,), {})
    until(lambda: one.heard("ben"))

    assert "failed" in one.history()


def test_a_daemon_that_does_not_come_round_is_told_by_its_own_thread(night: MakeNight) -> None:
    """And is over once it does."""
    one, silent = night(), [1000.0]
    router = one.router()
    router.silent_s = lambda: silent[0]
    router.look((), {})
    until(lambda: one.heard("ann"))
    silent[0] = 0.0
    until(lambda: len(one.heard("ann")) == 2)

    assert ["acct: no progress", "acct: over: no progress"] == one.heard("ann")


def test_what_happened_about_a_hold_is_over_with_it(night: MakeNight) -> None:
    """A terminal that was away for too long is back."""
    one = night()
    router = one.router()
    router.look((), {"LINK": "no terminal"})
    router.happened(Alarm("no_progress", "LINK", "no terminal for 5 minutes"))
    until(lambda: one.heard("ann"))
    router.look((), {})
    until(lambda: len(one.heard("ann")) == 2)

    assert ["acct: no progress", "acct: over: no progress"] == one.heard("ann")


def test_what_happened_about_a_hold_outlives_a_restart_with_it(night: MakeNight) -> None:
    """The next process is not told of it again, and the hold still lies: it is not over."""
    one = night()
    drawn = Alarm("daily_loss", "DRAWDOWN", "what may be lost in all is lost")
    first = one.router()
    first.look((), {"DRAWDOWN": "lost"})
    first.happened(drawn)
    until(lambda: one.heard("ann"))
    first.close()
    second = one.router()
    second.look((), {"DRAWDOWN": "lost"})
    until(lambda: second.keeper.stamp != (0, 0))
    still = [row["about"] for row in listed(one.state)]
    second.look((), {})
    until(lambda: "over" in one.history())

    assert (["DRAWDOWN"], []) == (still, listed(one.state))


def test_a_daemon_that_cannot_call_is_cried_for_until_it_can(night: MakeNight) -> None:
    """By whoever watches from outside; its own router does not end that, and a word from outside does."""
    one = night(escalate_s=0.3)
    crier = Crier()
    crier.over(one.state)
    crier.cry(one.state, "acct", one.section, "nobody answers")
    until(lambda: one.heard("ann") and one.heard("ben"))
    one.router().look((), {})
    until(lambda: one.routers[0].keeper.stamp != (0, 0))
    assert [("no_progress", "daemon")] == [(row["kind"], row["about"]) for row in listed(one.state)]
    crier.over(one.state)
    until(lambda: not listed(one.state))
    crier.close()

    assert "over" in one.history()


def test_what_is_over_at_once_is_over(night: MakeNight) -> None:
    """Though the thread that calls people has not heard yet that it began."""
    one, crier = night(), Crier()
    crier.cry(one.state, "acct", one.section, "nobody answers")
    crier.over(one.state)
    crier.close()

    assert (["opened", "over"], []) == (
        [what for what in one.history() if what in {"opened", "over"}],
        listed(one.state),
    )


def test_a_mouth_that_dies_is_begun_again(night: MakeNight) -> None:
    """What was on its way is called again."""
    one, said = night(), queue.SimpleQueue[tuple[str, str]]()
    caller = Caller(owners_of(one.section))
    caller.begin()
    caller.call("ann", "first", "", lambda *told: said.put(told))
    assert ("ann", "") == said.get(timeout=PATIENCE_S)
    assert caller.mouth is not None
    os.kill(caller.mouth.pid, 9)
    caller.mouth.wait()
    caller.call("ann", "second", "", lambda *told: said.put(told))
    assert ("ann", "") == said.get(timeout=PATIENCE_S)
    caller.close()

    assert ["first", "second"] == one.heard("ann")


def test_a_call_without_an_address_takes_no_other_one_with_it(night: MakeNight) -> None:
    """Somebody's secret cannot be read, and what is on its way to somebody else is answered all the same."""
    one, said = night(), queue.SimpleQueue[tuple[str, str]]()
    (one.folder / "ben.url").unlink()
    caller = Caller(owners_of(one.section))
    caller.begin()
    for who in ("ann", "ben"):
        caller.call(who, "one", "", lambda *told: said.put(told))
    found = dict(said.get(timeout=PATIENCE_S) for _ in range(2))
    caller.close()

    assert ("", True) == (found["ann"], "ben.url" in found["ben"])


def test_no_address_stands_in_a_list_of_processes(night: MakeNight) -> None:
    """Nor in the history, nor among the open alerts."""
    one = night(ann="sink:/secret/place")
    router = one.router()
    router.look((BREAK,), {})
    until(lambda: "failed" in one.history())
    assert router.caller.mouth is not None
    command = Path(f"/proc/{router.caller.mouth.pid}/cmdline").read_bytes()
    environment = Path(f"/proc/{router.caller.mouth.pid}/environ").read_bytes()
    kept = b"".join(file.read_bytes() for file in one.state.iterdir())

    assert not any(b"/secret/place" in raw for raw in (command, environment, kept))


class Post(http.server.BaseHTTPRequestHandler):
    """Takes what is posted."""

    said: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()

    def do_POST(self) -> None:
        """Take one message."""
        self.said.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_apprise_carries_it_over_a_network(night: MakeNight) -> None:
    """By the same addresses as Telegram, mail and push have, here to a server on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Post) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        one = night(ann=f"json://127.0.0.1:{server.server_port}", ben="json://127.0.0.1:1")
        found = tried("acct", one.section)
        server.shutdown()
    said = Post.said.get(timeout=1.0)

    assert [("ann", True, ""), ("ben", False, "not reached by json")] == [(r.who, r.ok, r.problem) for r in found]
    assert ("acct: test", True) == (said["title"], "nothing is wrong" in said["message"])


@pytest.mark.parametrize("file", [shelf.BOOK_FILE, shelf.HISTORY_FILE, shelf.LOCK_FILE])
def test_a_disk_that_refuses_keeps_nobody_from_being_called(night: MakeNight, file: str) -> None:
    """Once: what cannot be kept is remembered as long as the process lives."""
    one = night()
    one.state.mkdir()
    (one.state / file).mkdir()
    router = one.router()
    router.look((BREAK,), {BREAK.about: BREAK.text})
    until(lambda: one.heard("ann"))
    for _ in range(5):
        time.sleep(0.2)

    assert (True, ["acct: unexplained break"]) == (router.thread.is_alive(), one.heard("ann"))
