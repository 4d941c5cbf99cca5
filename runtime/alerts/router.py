"""The daemon's way to the people on call: a thread that is told what stands, and never makes the daemon wait.

What is told is compared and queued; files, calls and their time are this thread's. It also watches whether the daemon
comes round, which the daemon cannot do.
"""

import queue
import threading
import time

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

from config.alerts import AlertsSection
from runtime.alerts.book import Book, Entry, Pace, note_holds, raised, stand
from runtime.alerts.caller import Caller
from runtime.alerts.keeper import Keeper
from runtime.alerts.people import owners_of
from runtime.alerts.shelf import Line
from runtime.clock import Clock
from runtime.core.kinds import KINDS, Alarm
from runtime.core.permissions import HOLD_ROWS
from runtime.operator.stands import latched

LOOK_S = 0.25
"""How often is looked at what nobody tells of: time, what others have written, and whether the daemon comes round."""
END_S = 5.0


class Seen(NamedTuple):
    """What a daemon has seen of itself."""

    alarms: tuple[Alarm, ...]
    holds: dict[str, str]


class Router:
    """Takes what stands and what happens, and has people called."""

    def __init__(
        self,
        folder: Path,
        account: str,
        section: AlertsSection,
        clock: Clock,
        patience_s: float = 0.0,
        secrets: Iterable[str] = (),
    ) -> None:
        """Be ready to begin; `patience_s` is what one call of the daemon's may take beyond `progress_s`.

        `secrets`: variables of our environment that who speaks to people does not inherit.
        """
        self.folder, self.section = folder, section
        self.stuck_s = section.progress_s + patience_s
        self.caller = Caller(owners_of(section), ready=True, secrets=secrets)
        self.keeper = Keeper(folder, account, section, self.caller, clock)
        self.silent_s: Callable[[], float] = lambda: 0.0
        """For how many seconds the daemon has not come round; safe from any thread."""
        self.log = structlog.get_logger()
        self.seen: Seen | None = None
        self.standing: frozenset[str] = frozenset()
        """Keys of the alarms that were told last."""
        self.since: dict[str, int] = {}
        """Hold -> since when it lies, UTC milliseconds."""
        self.stuck = False
        self.why = ""
        self.inbox: queue.SimpleQueue[Seen | Alarm | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def begin(self) -> None:
        """Go to work."""
        self.caller.begin()
        self.thread.start()

    def close(self) -> None:
        """End; what has to be called now has a moment left."""
        self.inbox.put(None)
        if self.thread.is_alive():
            self.thread.join(timeout=END_S)
        self.caller.close()

    # --- for the daemon's thread ------------------------------------------------------------------------------------

    def look(self, alarms: tuple[Alarm, ...], holds: Mapping[str, str]) -> None:
        """Take what stands now."""
        if self.seen is None or alarms != self.seen.alarms or holds.keys() != self.seen.holds.keys():
            self.seen = Seen(alarms, dict(holds))
            self.standing = frozenset(alarm.key for alarm in alarms)
            self.inbox.put(self.seen)

    def happened(self, alarm: Alarm) -> None:
        """Take what has happened: it stands as long as the hold that it is about, else until a person takes it."""
        if KINDS[alarm.kind].severity == "page" or self.section.routes.warn:
            self.inbox.put(alarm)

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        working = True
        while working:
            items = self._waited()
            working = None not in items
            try:
                self._turn([item for item in items if item is not None])
            except OSError as error:
                self._refused(str(error))
            except Exception:  # a bug here may not end who calls people
                self.log.exception("alerts")
                time.sleep(LOOK_S)

    def _refused(self, why: str) -> None:
        """Say once that the disk refuses; people are called all the same."""
        if why != self.why:
            self.log.warning("alerts are not kept", why=why)
        self.why = why

    def _waited(self) -> list[Seen | Alarm | None]:
        try:
            items = [self.inbox.get(timeout=LOOK_S)]
        except queue.Empty:
            return []
        while not self.inbox.empty():
            items.append(self.inbox.get())
        return items

    def _turn(self, items: list[Seen | Alarm]) -> None:
        keeper, stuck = self.keeper, self.silent_s() > self.stuck_s
        if items or stuck != self.stuck or keeper.wanted:
            self.stuck = stuck
            keeper.turn(lambda book, now, pace: self._change(book, now, pace, items))

    def _change(self, book: Book, now: int, pace: Pace, items: list[Seen | Alarm]) -> list[Entry]:
        seen = self.seen
        if seen is not None:
            self.keeper.lines += _moved(book.holds, seen.holds, now)
            note_holds(book, seen.holds, now)
            self.since = book.holds
        for item in items:
            if isinstance(item, Alarm):
                _happened(book, item, now, pace)
        if seen is None:
            return []
        stands = [_with_reason(self.folder, alarm) for alarm in seen.alarms]
        if self.stuck:
            stands.append(Alarm("no_progress", "loop", f"the daemon has not come round for {self.stuck_s:.0f} s"))
        return stand(book, stands, now, pace)


def _happened(book: Book, alarm: Alarm, now: int, pace: Pace) -> None:
    """Note what has happened; what is about a hold that is lifted already is over."""
    lasts = alarm.about.partition(":")[0] in HOLD_ROWS
    if not lasts or alarm.about in book.holds:
        raised(book, alarm, now, pace, once=not lasts)


def _moved(before: Mapping[str, int], holds: Mapping[str, str], now: int) -> Iterator[Line]:
    """Yield the lines that tell which holds were laid and lifted since the last look."""
    for hold, why in holds.items():
        if hold not in before:
            yield Line(at=now, what="held", about=hold, text=f"{hold}: {why}")
    for hold in before:
        if hold not in holds:
            yield Line(at=now, what="lifted", about=hold, text=hold)


def _with_reason(folder: Path, alarm: Alarm) -> Alarm:
    """Return an alarm with what only the latch tells: who halted the account, and why."""
    if alarm.kind != "halt":
        return alarm
    by = latched(folder)
    return Alarm(alarm.kind, alarm.about, f"{alarm.text}, by {by.who or 'nobody known'}: {by.why}")
