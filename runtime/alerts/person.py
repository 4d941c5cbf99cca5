"""What a person does about alerts: lists them, takes one, tries whether people are reached; no daemon has to live."""

import queue

from collections.abc import Iterable
from pathlib import Path

import msgspec

from config.alerts import AlertsSection
from runtime.alerts import shelf
from runtime.alerts.book import Entry, acknowledge
from runtime.alerts.caller import ANSWER_S, Caller
from runtime.alerts.people import owners_of
from runtime.alerts.shelf import line_of
from runtime.clock import Clock
from runtime.core.kinds import KINDS


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a call that was made to try it."""

    who: str
    ok: bool
    problem: str


def listed(folder: Path) -> list[dict[str, object]]:
    """Return the alerts that are open, those that nobody has taken first, then by age."""
    entries = [entry for entry in shelf.read(folder).entries.values() if entry.open]
    return [_row(entry) for entry in sorted(entries, key=lambda entry: (bool(entry.acked_by), entry.opened))]


def _row(entry: Entry) -> dict[str, object]:
    ruling = KINDS[entry.kind]
    return {
        "id": entry.id, "kind": entry.kind, "severity": ruling.severity, "owner": ruling.duty, "opened": entry.opened,
        "about": entry.about, "text": entry.text, "called": entry.called, "suppressed": entry.suppressed,
        "acked_by": entry.acked_by, "acked_at": entry.acked_at, "acked_why": entry.acked_why,
        "runbook": f"docs/runbooks/{entry.kind}.md",
    }  # fmt: skip


def take(folder: Path, ident: int, who: str, why: str) -> Entry | None:
    """Take an alert: nobody else is called for it; None where no such one is open. OSError where the disk refuses."""
    now = Clock().wall_ms()
    with shelf.changing(folder) as book:
        entry = acknowledge(book, ident, who, why, now)
    if entry is not None:
        shelf.remember(folder, line_of("acknowledged", entry, now, who, why))
    return entry


def tried(account: str, section: AlertsSection, secrets: Iterable[str] = ()) -> list[Reached]:
    """Call everybody, once, to see whether he is reached."""
    answers: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    caller = Caller(owners_of(section), secrets=secrets)
    caller.begin()
    for who in section.owners:
        text = "a person tries whether you are reached: nothing is wrong"
        caller.call(who, f"{account}: test", text, lambda *said: answers.put(said))
    found = dict(_waited(answers, len(section.owners)))
    caller.close()
    return [
        Reached(who=who, ok=found.get(who) == "", problem=found.get(who, "no answer came")) for who in section.owners
    ]


def _waited(answers: "queue.SimpleQueue[tuple[str, str]]", many: int) -> list[tuple[str, str]]:
    found = []
    for _ in range(many):
        try:
            found.append(answers.get(timeout=ANSWER_S + 1.0))
        except queue.Empty:
            break
    return found
