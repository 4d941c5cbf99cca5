"""A first run: its number is above any the venue has seen, and its terminal is waited for."""

import asyncio
import os
import signal

from pathlib import Path
from typing import Any

import pytest

from msgspec.structs import replace

from brokers.facts import DealMade
from brokers.mt5.frames import Connected, Looked
from brokers.mt5.line import Terms
from brokers.mt5.session import LinkLostError, WrongTerminalError
from config.errors import TerminalRefused
from market.types import Deal, Position
from runtime.clock import Clock
from runtime.core.desk import magic_of
from runtime.daemon import Daemon
from runtime.first import awaited, awaited_run
from runtime.hearing import Ears
from runtime.journal.writer import JournalWriter
from runtime.linker import Linker, Loss
from runtime.operator.control import Asked, ask
from runtime.outcomes.books import Books
from runtime.recorder import Recorder
from runtime.start import check_place
from runtime.status import status_of
from tests.cores import a_lane, a_plan, an_account, hour
from tests.daemons import terms_of
from tests.told import Told

AWAY = LinkLostError("the terminal has no connection to its broker", crashed=False)
NO = LinkLostError("authorization failed", crashed=False, fatal=True)
LOOKED = Looked(at=hour(1), account=an_account(), positions=(), orders=(), news=(), last_deal=1)
DEAL = Deal(
    ticket=1, order=1, position=1, at=0, symbol="XAUUSD", side=1, entry="in", volume=1.0, price=1.0,
    magic=magic_of(2, 6, 1),
)  # fmt: skip
POSITION = Position(ticket=1, at=0, symbol="XAUUSD", side=1, volume=1.0, price=1.0, magic=magic_of(1, 8, 1))


class Script:
    """A session whose starts and looks come to what the script says, in turn; the last ones stay."""

    def __init__(self, terms: Terms, *starts: Loss | None, looks: tuple[Loss | Looked, ...] = (LOOKED,)) -> None:
        """Take the script."""
        self.terms, self.starts, self.looks = terms, list(starts), list(looks)
        self.running = self.pid = self.answered = 0

    async def start(self) -> Connected:
        """Come up, or be lost."""
        loss = self.starts.pop(0) if len(self.starts) > 1 else self.starts[0]
        if loss is not None:
            raise loss
        self.running += 1
        return Connected(at=hour(1), account=an_account(), symbols=(), lockstep=False)

    async def look(self, *_: object) -> Looked:
        """Tell what is there, or be lost."""
        told = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(told, Looked):
            return told
        raise told

    async def stop(self) -> None:
        """Leave no worker."""
        self.running = 0


class Jumps(Clock):
    """A clock that goes on by so much with each pause."""

    def __init__(self, seconds: float) -> None:
        """Begin at the beginning."""
        self.now, self.seconds = 0.0, seconds

    def elapsed(self) -> float:
        """Return what was paused."""
        return self.now

    async def pause(self, _seconds: float) -> None:
        """Pause for longer than was asked."""
        self.now += self.seconds


class Heard:
    """A log that keeps the alerts."""

    def __init__(self) -> None:
        """Begin with none."""
        self.alerts: list[tuple[str, str]] = []

    def info(self, *_: object, **__: object) -> None:
        """Keep nothing."""

    def warning(self, event: str, *, severity: str = "", text: str = "", **_: object) -> None:
        """Keep an alert."""
        if event == "alert":
            self.alerts.append((severity, text))


def begun(*starts: Loss | None, looks: tuple[Loss | Looked, ...] = (LOOKED,)) -> tuple[int, list[float], Any]:
    """Return the number a first run gets, the pauses it made, and its session."""
    session: Any = Script(terms_of(Path("/t"), Path("/s")), *starts, looks=looks)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    return asyncio.run(awaited_run(Linker(session, Clock(), lambda: 1.0), pause)), pauses, session


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({}, 1),
        ({"magics": (77, magic_of(1, 4, 9))}, 5),
        ({"magics": (magic_of(1, 4, 9),), "news": (DealMade(at=0, deal=DEAL),)}, 7),
        ({"positions": (POSITION,)}, 9),
    ],
    ids=["nothing", "past orders", "deals", "positions"],
)
def test_a_first_run_is_above_all_the_venue_remembers(fields: dict[str, Any], number: int) -> None:
    """Also above a run whose every order was taken back: a magic number is never used twice."""
    assert number == begun(None, looks=(replace(LOOKED, **fields),))[0]


def test_a_terminal_that_is_away_is_waited_for() -> None:
    """Ever longer, as any link is, whether it does not come up or is lost again before it was looked at."""
    number, pauses, session = begun(AWAY, AWAY, None, looks=(AWAY, LOOKED))

    assert (1, 3, 0) == (number, len(pauses), session.running)
    assert 0.0 < pauses[0] < pauses[1]


def test_a_person_is_called_once_while_a_first_run_waits_for_its_broker() -> None:
    """At the first try after `page_after_s`, as in any later life."""
    said = {}
    for passed in (100.0, 101.0):
        session: Any = Script(terms_of(Path("/t"), Path("/s")), AWAY, AWAY, AWAY, AWAY, None)
        clock, log = Jumps(passed), Heard()
        linker = Linker(session, clock, lambda: 1.0, page_after_s=201.0)
        linker.log = log
        asyncio.run(awaited_run(linker, clock.pause))
        said[passed] = log.alerts
    text = "no terminal for 3 minutes of an open market: the terminal has no connection to its broker"

    assert {100.0: [("page", text.replace("3", "5"))], 101.0: [("page", text)]} == said


def test_a_person_is_called_once_where_a_first_run_connects_and_no_look_succeeds() -> None:
    """A terminal that comes up and cannot be looked at is away: waiting in silence helps nobody."""
    session: Any = Script(terms_of(Path("/t"), Path("/s")), None, looks=(*[AWAY] * 9, LOOKED))
    clock, log = Jumps(100.0), Heard()
    linker = Linker(session, clock, lambda: 1.0)
    linker.log = log
    asyncio.run(awaited_run(linker, clock.pause))

    assert ["page"] == [severity for severity, _ in log.alerts]


def test_a_link_is_not_up_before_a_first_run_has_begun(tmp_path: Path) -> None:
    """The terminal answers, but the run's number is still being looked for: whoever asks is told so."""
    with JournalWriter(tmp_path / "journal.sqlite") as journal:
        daemon = a_daemon(tmp_path, journal, None)
        asyncio.run(daemon.linker.connect())
        told = status_of(daemon)

    assert ("starting", 0) == (told["link"], told["run"])
    assert ["terminal: what it remembers of us is not read yet"] == told["missing"]


@pytest.mark.parametrize("loss", [NO, WrongTerminalError("7 on S", "8 on S")])
@pytest.mark.parametrize("before", [(), (AWAY,)])
def test_what_waiting_cannot_mend_ends_a_first_run(before: tuple[Loss, ...], loss: Loss) -> None:
    """A wrong password or another account is for a person."""
    with pytest.raises(TerminalRefused):
        begun(*before, loss)


def test_a_terminal_that_is_not_installed_is_not_waited_for(tmp_path: Path) -> None:
    """Its path is wrong: nothing would ever come there."""
    with pytest.raises(TerminalRefused, match=r"nothing is at .*nowhere.*: correct terminal\.path"):
        check_place(terms_of(tmp_path / "nowhere", tmp_path))


def a_daemon(folder: Path, journal: JournalWriter, *starts: Loss | None) -> Daemon:
    """Return the daemon of a core that was told nothing, over a scripted session."""
    core = Told(a_plan(a_lane({})), opened=False).core
    session: Any = Script(terms_of(folder, folder), *starts)
    return Daemon(
        Recorder(core, Books(core, {}), journal, Clock()), session, folder, warmup=3, poll_s=(0.01, 0.01),
        reconcile_s=1.0, ears=Ears(max_age_ms=1000), jitter=lambda: 0.0,
    )  # fmt: skip


def test_a_first_run_that_waits_says_what_is_missing_and_ends_when_told_to(tmp_path: Path) -> None:
    """The control door is open: status names the terminal, and SIGTERM ends the wait."""

    async def life(daemon: Daemon) -> tuple[int | str, dict[str, Any]]:
        waits = asyncio.create_task(awaited(daemon))
        await asyncio.sleep(0.01)
        told = await asyncio.to_thread(ask, tmp_path, Asked(do="status"))
        os.kill(os.getpid(), signal.SIGTERM)
        return await waits, told

    with JournalWriter(tmp_path / "journal.sqlite") as journal:
        why, status = asyncio.run(life(a_daemon(tmp_path, journal, AWAY)))

    assert ("SIGTERM", ["terminal: the terminal has no connection to its broker"]) == (why, status["missing"])
    assert {"LINK", "UNRECONCILED"} < set(status["holds"])
