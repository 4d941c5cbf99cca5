"""Words of who is on call: what was written down, what happened meanwhile, and what a resume would meet."""

import concurrent.futures

from pathlib import Path
from typing import Any, get_args

import pytest

from runtime.alerts import notes
from runtime.core.lifts import LIFTS
from runtime.core.permissions import Hold
from runtime.fleet_all import urgency
from runtime.operator.control import Control
from runtime.operator.keyboard import asker_of
from tests.alarms import alarmed
from tests.documented import answered, documented
from tests.latches import latched
from tidegate.cli import run

WHY = ("--reason", "a test")


@pytest.fixture
def account(tmp_path: Path) -> str:
    """Return the state folder of an account that is halted, with one open alert; no daemon runs it."""
    return str(alarmed(latched(tmp_path / "one", "run", "halt")))


def test_a_note_waits_for_a_daemon_that_journals_it(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It stands in the history at once, and nothing of it is lost where the daemon dies while it takes it."""
    (said,) = answered(["note", account, "the broker is called"], 0, capsys)
    first = [note.asker.why for note in notes.waiting(Path(account))]
    again = [note.asker.why for note in notes.waiting(Path(account))]
    notes.taken(Path(account))

    assert documented("note") == set(said)
    assert (False, ["the broker is called"], first) == (said["journaled"], first, again)
    assert [] == notes.waiting(Path(account))


def test_a_note_that_a_daemon_is_too_busy_to_take_waits_for_its_next_start(account: str) -> None:
    """It has answered that nothing was done, and is perhaps ended next: the note is as one of before its start."""
    busy: concurrent.futures.Future[dict[str, Any]] = concurrent.futures.Future()
    busy.set_result({"ok": False, "problem": "the daemon did not answer"})
    folder = Path(account)
    daemon = Control(folder, dict, lambda _: busy, lambda: None, lambda _: busy)
    journaled = notes.write(folder, asker_of("it hangs"))
    daemon.close()

    assert (False, ["it hangs"]) == (journaled, [note.asker.why for note in notes.waiting(folder)])


def test_a_handover_tells_levels_alerts_and_notes_in_order(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With who did what, and why; what was before is left out."""
    answered(["ack", account, "--alert", "1", "--reason", "on it"], 0, capsys)
    answered(["note", account, "the broker is called"], 0, capsys)
    answered(["close-only", account, *WHY], 9, capsys)
    answered(["halt", account, *WHY], 0, capsys)
    events = answered(["handover", account, "--since", "2h"], 0, capsys)

    assert documented("handover") == set(events[0])
    assert ["alert taken", "note", "level"] == [event["what"] for event in events]
    assert "1 (break) position 7 is not at the venue: on it" == events[0]["text"]
    assert "halt: a test (direct)" == events[2]["text"]


def test_a_resume_is_looked_at_before_it_is_tried(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is in its way, who halted and why, and what has happened since; nothing is changed."""
    answered(["halt", account, *WHY], 0, capsys)
    answered(["note", account, "after the halt"], 0, capsys)
    (found,) = answered(["resume", account, "--dry"], 11, capsys)

    assert documented("resume --dry") == set(found)
    assert (False, "halt", "a test") == (found["ok"], found["level"], found["why"])
    assert ["no daemon runs:", "alert 1 (break)"] == [" ".join(b.split(" ")[:3]) for b in found["blockers"]]
    assert "after the halt" in [event["text"] for event in found["changes"]]
    assert 2 == run(["resume", account])


@pytest.mark.parametrize("since", ["soon", "8x", ""])
def test_a_time_that_cannot_be_meant_is_refused(account: str, since: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With examples of what can."""
    assert 2 == run(["handover", account, "--since", since])
    assert "expected 8h, 90m, 2d" in capsys.readouterr().err


def test_every_hold_says_what_lifts_it() -> None:
    """Whoever is woken asks that first."""
    assert set(get_args(Hold)) == set(LIFTS)


def test_the_worst_account_stands_first() -> None:
    """A position without a stop before a dead daemon, that before what nobody knows, a halt, an alert, a hold."""
    well = {"running": True, "life": "running", "level": "run", "holds": {}}
    rows = [
        well | {"unguarded": 1}, well | {"running": False}, well | {"holds": {"BREAK:XAUUSD": "x"}},
        well | {"level": "halt"}, well | {"alerts": 1}, well | {"level": "close-only"},
        well | {"holds": {"STALE_FEED:XAUUSD": "x"}}, well,
    ]  # fmt: skip

    assert list(range(8)) == [urgency(row) for row in rows]
