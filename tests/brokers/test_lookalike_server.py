"""The trade server as a process: its truth outlives it, it knows its clients, and it ends when it should."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys

from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.launch import LaunchError, launch, stop
from brokers.mt5.lookalike.wire import frame
from tests.trade_server import HISTORY, HOUR, START, serving, set_up

OPEN = START + HISTORY * HOUR
BUY = {"action": 1, "symbol": "GOLD", "volume": 0.1, "type": 0, "price": 2004.2, "sl": 1990.0, "type_filling": 1}
LIMIT = BUY | {"action": 5, "type": 2, "price": 1999.0, "type_filling": 2}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Set up a fresh folder; nobody serves it yet."""
    return set_up(tmp_path / "terminal")


def everything() -> list[object]:
    """Return all a client can see."""
    forever = (0, 2_000_000_000)
    rates: Any = m.copy_rates_from_pos("GOLD", m.TIMEFRAME_H1, 0, 9)
    return [
        *(m.account_info(), m.positions_get(), m.orders_get(), m.symbol_info_tick("GOLD"), control.state()),
        *(m.history_orders_get(*forever), m.history_deals_get(*forever), rates.tolist()),
    ]


def trade(folder: Path) -> None:
    """Connect and let some things happen."""
    m.initialize(str(folder))
    m.symbol_select("GOLD")
    m.order_send(BUY)
    m.order_send(BUY | {"sl": 2003.6})
    m.order_send(LIMIT)
    control.done(OPEN)


def test_a_killed_server_comes_back_with_all_it_knew(folder: Path) -> None:
    """After kill -9 and a restart a client sees what it saw before."""
    server = launch(folder)
    trade(folder)
    before = everything()
    server.kill()
    server.communicate()
    with serving(folder):
        assert m.initialize(str(folder))
        after = everything()
        tickets = [getattr(d, "ticket", 0) for d in m.history_deals_get(0, 2_000_000_000) or ()]
        following: Any = m.order_send(BUY)
        m.shutdown()

    assert before == after
    assert following.order > max(tickets)


def test_a_line_that_was_not_written_whole_never_happened(folder: Path) -> None:
    """The torn end of the record is cut off; its whole lines count."""
    with serving(folder):
        trade(folder)
        before = everything()
    with (folder / "ledger.jsonl").open("a") as record:
        record.write('{"in":"done","at":170')
    with serving(folder):
        m.initialize(str(folder))
        after = everything()
        m.shutdown()

    assert before == after


def test_a_record_that_cannot_be_repeated_is_refused(folder: Path) -> None:
    """A changed line, or another setup, stops the server with one line that says so."""
    with serving(folder):
        trade(folder)
        m.shutdown()
    record = folder / "ledger.jsonl"
    kept = record.read_text()
    record.write_text(kept.replace('"balance":99999.8', '"balance":99999.9'))

    with pytest.raises(LaunchError, match="cannot be repeated"):
        launch(folder)
    record.write_text(kept)
    set_up(folder, speed=2.0)
    with pytest.raises(LaunchError, match="begun with another setup"):
        launch(folder)


def test_the_record_tells_every_deal_and_the_balance_after_it(folder: Path) -> None:
    """From the record alone the balance can be summed up, and every request has its answer."""
    with serving(folder):
        trade(folder)
        account: Any = m.account_info()
        m.shutdown()
    lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    deals = [line for line in lines if line.get("out") == "deal" and line["login"] == account.login]
    money = sum(d["deal"].get(x, 0.0) for d in deals for x in ("profit", "commission", "swap", "fee"))

    assert (account.balance, account.balance) == (round(money, 2), deals[-1]["balance"])
    assert [x.get("out") for x in lines].count("answer") == [x.get("in") for x in lines].count("request") == 3


def test_a_broken_line_says_so_once_and_then_there_is_none(folder: Path) -> None:
    """The first call after the server's death fails to receive, later ones have no connection."""
    server = launch(folder)
    m.initialize(str(folder))
    server.kill()
    server.communicate()
    errors = []
    for call in (m.positions_get, m.positions_get, m.account_info):
        assert call() is None
        errors.append(m.last_error()[0])

    assert [-10002, -10004, -10004] == errors
    assert not m.initialize(str(folder))
    assert m.last_error()[0] == -10003


def test_nobody_is_let_in_without_the_password(folder: Path) -> None:
    """A wrong password, login or server fails with the package's code; the saved ones need not be told."""
    with serving(folder):
        refused = [
            m.initialize(str(folder), login=7, password="wrong"),
            m.initialize(str(folder), login=9),
            m.initialize(str(folder), login=7, server="Elsewhere"),
        ]
        error = m.last_error()
        assert m.account_info() is None
        assert m.initialize(str(folder / "terminal64.exe"))
        switched = m.login(8, password="sesame")
        account: Any = m.account_info()
        m.shutdown()

    assert [False] * 3 == refused
    assert error == (-6, "Terminal: Authorization failed")
    assert (True, 8) == (switched, account.login)


def test_a_stranger_without_the_token_is_dropped(folder: Path) -> None:
    """A connection that begins with anything but the token gets no answer."""
    with serving(folder):
        port = json.loads((folder / "port").read_text())
        answers = []
        for message in (frame(("account", [])), b"GET / HTTP/1.1\r\n\r\n"):
            with socket.create_connection((port["host"], port["port"])) as line:
                line.sendall(message)
                answers.append(line.recv(100))

    assert [b"", b""] == answers


def test_the_folders_secrets_are_for_its_owner(folder: Path) -> None:
    """Setup, record and port file can be read by nobody else."""
    with serving(folder):
        modes = {stat.S_IMODE((folder / name).stat().st_mode) for name in ("server.json", "ledger.jsonl", "port")}

    assert {0o600} == modes


def test_several_clients_see_one_truth(folder: Path) -> None:
    """What one process trades another sees at once."""
    look = (
        "import sys, brokers.mt5.lookalike as m; m.initialize(sys.argv[1]); print(m.positions_total());"
        " m.order_send(action=1, symbol='GOLD', volume=0.1, type=1, type_filling=1); print(m.positions_total())"
    )
    with serving(folder):
        m.initialize(str(folder))
        m.order_send(BUY)
        other = subprocess.run([sys.executable, "-c", look, folder], capture_output=True, check=True, text=True)
        total = m.positions_total()
        m.shutdown()

    assert ["1", "2"] == other.stdout.split()
    assert total == 2


def test_a_folder_is_served_once(folder: Path) -> None:
    """A second server for the same folder is refused with one line."""
    with serving(folder), pytest.raises(LaunchError, match="served already"):
        launch(folder)


def test_a_folder_without_a_setup_is_refused(tmp_path: Path) -> None:
    """The refusal says what to do."""
    with pytest.raises(LaunchError, match="write it with write_setup"):
        launch(tmp_path)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_cleanly(folder: Path, sign: signal.Signals) -> None:
    """It ends with 0 and takes its port file along."""
    server = launch(folder)
    server.send_signal(sign)
    server.communicate()

    assert (0, False) == (server.returncode, (folder / "port").exists())


def test_the_server_ends_with_its_standard_input(folder: Path) -> None:
    """When whoever started it closes the pipe, it ends."""
    server = launch(folder)
    assert server.stdin is not None
    server.stdin.close()

    assert server.wait(10) == 0
    stop_quietly(server)


def stop_quietly(server: subprocess.Popen[bytes]) -> None:
    """Close what is left of a server that has ended."""
    if server.stderr is not None:
        server.stderr.close()


def test_the_server_ends_with_its_parent(folder: Path) -> None:
    """A server whose parent is killed goes too, even where its standard input stays open."""
    start = (
        "import os, subprocess, sys; from brokers.mt5.lookalike.launch import launch; from pathlib import Path;"
        "print(launch(Path(sys.argv[1])).pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen([sys.executable, "-c", start, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    m.initialize(str(folder))
    while m.version() != (0, 0, ""):
        pass

    with pytest.raises(ProcessLookupError):
        wait_gone(child)


def wait_gone(pid: int) -> None:
    """Raise ProcessLookupError once a process is gone or only a zombie's name remains."""
    for _ in range(100_000):
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        if status.exists() and status.read_text().split()[2] == "Z":
            raise ProcessLookupError


def test_stop_waits_for_the_end(folder: Path) -> None:
    """After stop the folder is free again."""
    stop(launch(folder))
    with serving(folder):
        assert m.initialize(str(folder))
        m.shutdown()


def test_the_server_never_loads_numpy() -> None:
    """Importing all of the server leaves numpy, and everything heavy, out."""
    look = (
        "import sys, brokers.mt5.lookalike.server; print([x for x in ('numpy', 'pandas', 'numba') if x in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, check=True, text=True)

    assert seen.stdout.strip() == "[]"
