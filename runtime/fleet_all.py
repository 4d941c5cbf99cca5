"""One question, or one level, to every account of a folder at once: each by itself, whatever befalls another."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from brokers.latch import Level
from runtime.alerts.person import listed
from runtime.fleet_folder import Entry, entries_of
from runtime.fleet_process import owner
from runtime.fleet_told import Told, heard, supervised
from runtime.operator.client import Report, change_level, status

AT_ONCE = 32
"""One that hangs takes seconds to be given up, and must not keep the others waiting."""

DOUBTS = frozenset({"BREAK", "MISSING", "IN_DOUBT"})
"""Holds under which nobody knows all that the account has."""

T = TypeVar("T")


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a change of level of one account."""

    account: str
    ok: bool
    outcome: Report | None = None
    problem: str = ""


def known(folder: Path, entries: Mapping[str, Entry]) -> dict[str, Told]:
    """Return every account that files name, or that the folder's supervisor has: a daemon may run on without one."""
    tale = heard(folder)
    told = {one.name: one for one in tale.accounts} if tale is not None else {}
    alive = supervised(folder)
    if not alive:  # what a dead supervisor said of processes is history
        told = {name: msgspec.structs.replace(one, life="", pid=0) for name, one in told.items() if _runs(one)}
    for name, entry in entries.items():
        if name not in told or not told[name].state:
            life = "refused" if entry.problem and not alive else ""
            new = Told(name=name, state=str(entry.state or ""), life=life, why=entry.problem)
            told[name] = msgspec.structs.replace(told.get(name, new), state=new.state)
    return dict(sorted(told.items()))


def _runs(one: Told) -> bool:
    return bool(one.state) and owner(Path(one.state)) > 0


def status_all(folder: Path) -> list[dict[str, Any]]:
    """Return what every daemon says of itself and what its supervisor says of it, the worst first, then by name."""
    return sorted(_each(known(folder, entries_of(folder)), _status_of), key=urgency)


def urgency(one: Mapping[str, Any]) -> int:
    """Return how soon somebody must look at an account: the lowest first, one that is well last."""
    holds = {hold.partition(":")[0] for hold in one.get("holds", ())}
    asked = (
        bool(one.get("unguarded")),
        not one.get("running") and one["life"] != "ended",
        bool(holds & DOUBTS),
        one.get("level") in {"halt", "flatten"},
        bool(one.get("alerts")),
        one.get("level") == "close-only",
        bool(holds),
    )
    return next((place for place, so in enumerate(asked) if so), len(asked))


def _status_of(one: Told) -> dict[str, Any]:
    said: dict[str, Any] = status(Path(one.state)) if one.state else {"ok": False, "running": False}
    said.pop("ok", None)
    pid = said.pop("pid", one.pid)
    supervised_as = one.life or "unsupervised"
    alerts = sum(not alert["acked_by"] for alert in listed(Path(one.state))) if one.state else 0
    told = {"account": one.name, "life": supervised_as, "restarts": one.restarts, "why": one.why, "pid": pid}
    return {**told, "alerts": alerts, **said}


def change_all(
    folder: Path, level: Level, why: str, *, user: str = "", scope: str = "", force: bool = False
) -> list[Changed]:
    """Latch a level of every account directly, all at once; the outcome of each, in order of name.

    user: only of whose money it is. An account whose file is gone may be anybody's, and is told.
    """
    entries = entries_of(folder)
    users = {name: entry.config.account.user if entry.config else "" for name, entry in entries.items()}
    meant = {name: one for name, one in known(folder, entries).items() if not user or users.get(name, "") in {"", user}}

    def change(one: Told) -> Changed:
        if user and not users.get(one.name):
            return Changed(account=one.name, ok=False, problem="nobody knows whose it is: its file cannot be read")
        return _change(one, level, why, scope, force=force)

    return _each(meant, change)


def _change(one: Told, level: Level, why: str, scope: str, *, force: bool) -> Changed:
    if not one.state:
        return Changed(account=one.name, ok=False, problem=f"nobody knows its state folder: {one.why}")
    try:
        outcome = change_level(Path(one.state), level, why, scope=scope, force=force)
    except Exception as error:  # noqa: BLE001 - the others must be halted all the same, and this one is told
        return Changed(account=one.name, ok=False, problem=str(error) or type(error).__name__)
    return Changed(account=one.name, ok=True, outcome=outcome)


def _each(accounts: dict[str, Told], work: Callable[[Told], T]) -> list[T]:
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(work, accounts.values()))
