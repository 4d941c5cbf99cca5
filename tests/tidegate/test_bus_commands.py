"""Words of the operator over the bus: they end well only on a signed answer, and say what was tried without one."""

import json

from pathlib import Path

import pytest

from backtests.benchmarks.mosquitto import free_port
from runtime.bus.mqtt import Mqtt
from runtime.bus.port import Broker
from runtime.bus.telemetry import KINDS
from runtime.bus.teller import Teller
from runtime.clock import Clock
from runtime.operator.keyfiles import read_signer
from tests.documented import answered, documented
from tests.listeners import ACCOUNT, House
from tests.mosquittos import Mosquitto
from tests.stand_ins import until
from tidegate.cli import run


def remote_toml(folder: Path, house: House, port: int, role: str = "operator") -> None:
    """Say how the account is commanded from elsewhere, for one who has nothing of it here."""
    place = folder / "tidegate" / "remotes" / f"{ACCOUNT}.toml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(
        f'[remote]\naccount = "{ACCOUNT}"\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'
        f'key = "{house.folder}/{role}.jwk"\noperators = "{house.ring}"\n'
    )


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand at a machine that has nothing of the account; return the user's folder of configurations."""
    for name, part in (("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")):
        monkeypatch.setenv(name, str(tmp_path / part))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config"


def test_an_account_elsewhere_is_halted_looked_at_and_resumed(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its name alone, since nothing of it is here; the path that worked is told."""
    house, broker = House(tmp_path / "house"), Mosquitto(tmp_path / "mosquitto")
    remote_toml(elsewhere, house, broker.port)
    listener = house.listener(broker.port)
    listener.begin()
    try:
        codes = [
            run(["halt", ACCOUNT, "--reason", "smoke", "--json"]), run(["status", ACCOUNT, "--json"]),
            run(["resume", ACCOUNT, "--reason", "over", "--via", "mqtt", "--json"]),
        ]  # fmt: skip
    finally:
        listener.close()
        broker.kill()
    halted, shown, resumed = (json.loads(line) for line in capsys.readouterr().out.splitlines() if line[0] == "{")

    assert [0, 0, 0] == codes
    assert ("halt", 2, "mqtt", True) == (halted["level"], halted["generation"], halted["path"], halted["confirmed"])
    assert (True, "halt", 2, "mqtt") == (shown["ok"], shown["level"], shown["generation"], shown["path"])
    assert ("run", 3) == (resumed["level"], resumed["generation"])


def test_without_an_answer_a_command_says_what_was_tried(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And ends with 9; an account of which nobody knows anything is a slip of the pen."""
    port = free_port()
    remote_toml(elsewhere, House(tmp_path / "house"), port)
    codes = [
        run(["halt", ACCOUNT, "--reason", "smoke"]), run(["halt", "other", "--reason", "smoke"]),
        run(["halt", "other", "--via", "mqtt", "--reason", "smoke"]),
        run(["halt", "--all", str(tmp_path), "--via", "mqtt", "--reason", "smoke"]),
        run(["halt", f"elsewhere/{ACCOUNT}", "--reason", "smoke"]),
    ]  # fmt: skip
    said = capsys.readouterr().err.splitlines()

    assert [9, 2, 2, 2, 2] == codes
    assert f"mqtt at 127.0.0.1:{port}" in said[0]
    assert "no account 'other'" in said[1]
    assert "no remote account 'other'" in said[2]


def test_a_daemon_that_says_no_is_told_from_one_that_says_nothing(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The signed no ends with 11, and why stands in one line."""
    house, broker = House(tmp_path / "house"), Mosquitto(tmp_path / "mosquitto")
    remote_toml(elsewhere, house, broker.port, "viewer")
    listener = house.listener(broker.port)
    listener.begin()
    try:
        code = run(["halt", ACCOUNT, "--reason", "smoke"])
    finally:
        listener.close()
        broker.kill()

    assert (11, "run") == (code, house.level[0])
    assert "tidegate: error: refused: role: a viewer may not tighten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('tls = false\nhost = "mqtt.example.org"\n', "remote.tls: expected true"),
        ('host = "localhost"\npassword = { env = "two words" }\n', "remote.password: expected"),
        ('host = "localhost"\nlogin = 3\n', "login"),
    ],
)
def test_what_a_remote_account_may_not_say_is_refused_by_its_key(
    elsewhere: Path, more: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands do not travel in the clear through a network."""
    place = elsewhere / "tidegate" / "remotes" / "x.toml"
    place.parent.mkdir(parents=True)
    place.write_text(f'[remote]\naccount = "x"\nkey = "a"\noperators = "b"\n{more}')

    assert 3 == run(["halt", "x", "--reason", "smoke"])
    assert expected in capsys.readouterr().err


def test_who_looks_on_is_shown_what_the_daemon_has_signed(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each thing told, to programs with all its keys; 9 where nothing came, or no broker answers."""
    house, broker = House(tmp_path / "house"), Mosquitto(tmp_path / "mosquitto")
    remote_toml(elsewhere, house, broker.port, "viewer")
    house.key("viewer")
    silent = run(["listen", ACCOUNT, "--for", "0.2"])
    teller = Teller(
        Mqtt(Broker(host="127.0.0.1", port=broker.port, tls=False)), ACCOUNT, read_signer(house.key("daemon")),
        house.hooks, Clock(),
    )  # fmt: skip
    teller.begin()
    try:
        until(lambda: teller.sequence >= len(KINDS) + 1)
        capsys.readouterr()  # of the teller's own log
        rows = answered(["listen", ACCOUNT, "--for", "0.5"], 0, capsys)
        told, shown = run(["listen", ACCOUNT, "--for", "0.5"]), capsys.readouterr().out
    finally:
        teller.close()
        broker.kill()
    away = run(["listen", ACCOUNT, "--for", "0.2"])

    assert [9, 0, 9] == [silent, told, away]
    assert {*KINDS} == {row["kind"] for row in rows}
    assert all(documented("listen") == set(row) for row in rows)
    assert {*KINDS} == {line.split()[1] for line in shown.splitlines()}
    assert f"mqtt at 127.0.0.1:{broker.port}" in capsys.readouterr().err
