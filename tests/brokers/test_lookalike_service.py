"""The service between a call and its outcome, the lines that show outcomes, and many terminals at one server."""

import subprocess
import sys
import threading
import time

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.outcomes import Delayed, Hangup, Outcome, Reply, Silence
from brokers.mt5.lookalike.server import Server, tell_port
from brokers.mt5.lookalike.service import Service
from brokers.mt5.lookalike.wire import Stranger
from tests.trade_server import HISTORY, HOUR, START, serving, set_up

OPEN = START + HISTORY * HOUR
VERSION = Reply(1, "", [500, 5430, "14 Nov 2025"])


class Moody(Service):
    """A service in a mood: what it does about `version`."""

    mood: Outcome = VERSION

    def answer(self, place: str, verb: str, arguments: list[Any]) -> Outcome:
        """Answer as usual, but `version` by mood."""
        return self.mood if verb == "version" else super().answer(place, verb, arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Set up a fresh folder; nobody serves it yet."""
    return set_up(tmp_path / "broker")


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    """Have a service in this process."""
    exchange = Exchange(folder)
    yield Service(exchange, folder)
    exchange.close()


@pytest.fixture
def moody(folder: Path) -> Iterator[Moody]:
    """Have a service with moods behind a real line; the look-alike is connected to it."""
    server = Server(Exchange(folder), folder)
    server.service = Moody(server.exchange, folder)
    tell_port(folder / "port", server)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert m.initialize(str(folder))
    yield server.service
    m.shutdown()
    server.stop()
    thread.join()
    server.close()


def login_of(service: Service, place: str) -> int:
    """Return who is logged in to the terminal at a place."""
    told = service.answer(place, "account", [])
    assert isinstance(told, Reply)
    return int(told.value[0])


# --- the service, in this process -----------------------------------------------------------------------------------


def test_the_service_needs_no_process(service: Service) -> None:
    """A call is worked where it is made: a value for a good one, the package's code for a bad one."""
    good, bad = service.answer("", "symbols_total", []), service.answer("", "symbol", ["SILVER"])

    assert Reply(1, "", 2) == good
    assert Reply(-4, "Terminal: Not found", None) == bad


def test_what_no_client_asks_is_a_stranger(service: Service) -> None:
    """A verb outside the list is no call of the package."""
    with pytest.raises(Stranger, match="nobody here would make"):
        service.answer("", "eval", ["1"])


def test_each_terminal_has_a_login_and_a_market_watch_of_its_own(service: Service) -> None:
    """Where one terminal changes its account or selects a symbol, another sees nothing of it."""
    service.answer("terminals/a", "login", [8, None, None])
    service.answer("terminals/a", "select", ["GOLD", True])
    ticks = [service.answer(place, "tick", ["GOLD"]) for place in ("terminals/a", "terminals/b")]

    assert [7, 8, 7] == [login_of(service, place) for place in ("", "terminals/a", "terminals/b")]
    assert [1, -4] == [tick.code for tick in ticks if isinstance(tick, Reply)]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", ""),
        ("terminal64.exe", ""),
        ("terminals/a", "terminals/a"),
        ("terminals/a/terminal64.exe", "terminals/a"),
        ("terminals/a/MetaTrader 5/terminal64.exe", "terminals/a/MetaTrader 5"),
        ("../elsewhere", ""),
    ],
)
def test_a_terminal_is_known_by_the_path_it_was_opened_by(service: Service, path: str, place: str) -> None:
    """The folder of the program names it, whether the program or the folder is given."""
    assert place == service.place_of(str(service.folder / path))


def test_a_clock_may_wait_for_several_terminals(tmp_path: Path) -> None:
    """With a quorum of two the first terminal that is done waits for the second, however often it says so."""
    x = Exchange(set_up(tmp_path, quorum=2))
    service = Service(x, tmp_path)
    moments = []
    for place in ("terminals/a", "terminals/a", "terminals/b", "terminals/a"):
        service.answer(place, "done", [x.replay.at])
        moments.append((x.replay.at - OPEN) // HOUR)
    x.close()

    assert [0, 0, 1, 1] == moments


# --- outcomes on a real line ----------------------------------------------------------------------------------------


def test_a_late_reply_comes_late_and_holds_up_nobody(moody: Moody, folder: Path) -> None:
    """While one client waits, another is served at once."""
    moody.mood = Delayed(0.2, VERSION)
    began = time.monotonic()
    waiting = threading.Thread(target=m.version)
    waiting.start()
    look = "import sys, brokers.mt5.lookalike as m; m.initialize(sys.argv[1]); print(m.symbols_total())"
    other = subprocess.run([sys.executable, "-c", look, folder], capture_output=True, check=True, text=True)
    waiting.join()

    assert other.stdout.strip() == "2"
    assert time.monotonic() - began >= 0.2


def test_a_line_that_is_hung_up_is_broken_for_good(moody: Moody) -> None:
    """The call in flight fails to receive, later ones have no connection, and initialize helps."""
    moody.mood = Hangup()
    errors = []
    for call in (m.version, m.symbols_total, m.account_info):
        call()
        errors.append(m.last_error()[0])

    assert [-10002, -5, -10004] == errors
    assert m.initialize(str(moody.folder))


def test_a_silent_terminal_is_silent_until_its_client_goes(moody: Moody, folder: Path) -> None:
    """Nothing comes however long one waits; the client's end is noticed, and others are served."""
    moody.mood = Silence()
    ask = "import sys, brokers.mt5.lookalike as m; m.initialize(sys.argv[1]); print(1, flush=True); m.version()"
    with subprocess.Popen([sys.executable, "-c", ask, folder], stdout=subprocess.PIPE) as hanging:
        assert hanging.stdout is not None
        assert hanging.stdout.readline() == b"1\n"
        with pytest.raises(subprocess.TimeoutExpired):
            hanging.wait(0.2)
        hanging.kill()

    assert m.symbols_total() == 2


# --- many terminals -------------------------------------------------------------------------------------------------


def test_terminals_of_one_server_outlive_it(folder: Path) -> None:
    """Two terminals opened by path are logged in apart, say where they are, and are so again after a restart."""
    paths = [folder / "terminals" / "a", folder / "terminals" / "b" / "terminal64.exe"]

    def seen() -> list[tuple[int, str]]:
        told = []
        for path in paths:
            assert m.initialize(str(path))
            account: Any = m.account_info()
            terminal: Any = m.terminal_info()
            told.append((account.login, terminal.path))
        m.shutdown()
        return told

    with serving(folder):
        for path, login, password in zip(paths, (7, 8), ("open", "sesame"), strict=True):
            assert m.initialize(str(path), login=login, password=password, server="Lookalike-Demo")
            m.symbol_select("GOLD")
        before = seen()
    with serving(folder):
        after = seen()
        assert m.symbol_info_tick("GOLD") is None
        assert m.initialize(str(paths[1]))
        tick = m.symbol_info_tick("GOLD")
        m.shutdown()

    assert [(7, str(paths[0])), (8, str(paths[1].parent))] == before == after
    assert tick is not None


def test_a_terminal_without_a_server_is_not_found(folder: Path) -> None:
    """Where nobody serves, neither the folder nor a terminal in it can be opened."""
    opened = [m.initialize(str(path)) for path in (folder, folder / "terminals" / "a", folder / "terminals")]

    assert [False] * 3 == opened
    assert m.last_error()[0] == -10003


def test_a_terminal_without_a_line_has_no_clock(folder: Path) -> None:
    """Control shares the package's line, and its errors."""
    m.initialize(str(folder))

    assert control.state() is None
    assert m.last_error()[0] == -10004
