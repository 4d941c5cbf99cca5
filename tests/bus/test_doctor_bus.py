"""The doctor's look at the bus, each fault of a real Mosquitto told by name."""

import datetime
import gc
import subprocess

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backtests.benchmarks.mosquitto import certified, free_port
from config.bus import BusSection
from config.errors import ConfigError
from config.secrets import SecretRef
from runtime.bus.port import BusError
from runtime.doctor_bus import bus_of, keys_of
from runtime.operator.keyfiles import revoke_key
from tests.listeners import ACCOUNT, House
from tests.mosquittos import Mosquitto, guarded

OPENSSL = "openssl"
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho forgets its socket


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return what is taken down afterwards."""
    with ExitStack() as found:
        yield found
    gc.collect()


def section(house: House, port: int, user: str = "", password: Path | None = None, **more: Any) -> BusSection:  # noqa: ANN401 - fields
    """Return the account's side of a bus."""
    said = {"host": "127.0.0.1", "tls": False, **more}
    return BusSection(
        port=port, key=str(house.key("daemon")), operators=str(house.ring), user=user,
        password=SecretRef(file=str(password)) if password else None, **said,
    )  # fmt: skip


def test_a_bus_by_the_shipped_recipe_lacks_nothing(house: House, tmp_path: Path, stack: ExitStack) -> None:
    """Certificate, user and rules are named, and how long a message takes; the broker keeps nothing of the look."""
    tls = tmp_path / "tls"
    tls.mkdir()
    broker = guarded(tmp_path / "guarded", stack, certified(tls))
    mine = section(
        house, broker.port, "demo", broker.folder / "demo.password", host="localhost", tls=True, ca=str(tls / "ca.crt")
    )
    said = bus_of(mine, ACCOUNT)
    broker.end()
    took = float(said.partition("there and back ")[2].split()[0])

    assert f"localhost:{broker.port} as demo, its certificate is good for " in said
    assert took < 30.0
    assert "demo-secret" not in said
    assert b"tidegate/demo" not in (broker.folder / "mosquitto.db").read_bytes()


def test_who_is_not_let_in_or_finds_nobody_is_told_so(house: House, tmp_path: Path, stack: ExitStack) -> None:
    """A wrong password, a port at which nobody listens, a certificate that nobody vouches for."""
    broker = guarded(tmp_path / "guarded", stack)
    wrong = broker.folder / "risk.password"
    tls = tmp_path / "tls"
    tls.mkdir()
    strange = Mosquitto(tmp_path / "strange", f"allow_anonymous true\n{certified(tls)}")
    stack.callback(strange.kill)

    with pytest.raises(BusError, match=rf"mqtt at 127\.0\.0\.1:{broker.port}: .*uthori[sz]ed"):
        bus_of(section(house, broker.port, "demo", wrong), ACCOUNT)
    with pytest.raises(BusError, match="refused"):
        bus_of(section(house, free_port()), ACCOUNT)
    with pytest.raises(BusError, match="certificate verify failed"):
        bus_of(section(house, strange.port, tls=True, host="localhost"), ACCOUNT)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("topic write tidegate/demo/answer/#", "topic write tidegate/demo/answer/#"),
        ("topic write tidegate/demo/telemetry/#", "topic write tidegate/demo/telemetry/#"),
        ("topic readwrite tidegate/demo/state", "topic readwrite tidegate/demo/state"),
    ],
)
def test_a_rule_that_is_missing_is_named_as_the_broker_needs_it(
    house: House, tmp_path: Path, stack: ExitStack, rule: str, problem: str
) -> None:
    """So that it can be pasted."""
    broker = guarded(tmp_path / "guarded", stack)
    rules = broker.folder / "acl"
    rules.write_text(rules.read_text().replace(f"{rule}\n", "", 1))
    broker.end()
    broker.start()

    with pytest.raises(ValueError, match="acl needs") as found:
        bus_of(section(house, broker.port, "demo", broker.folder / "demo.password"), ACCOUNT)
    assert problem in str(found.value)


def test_a_state_that_does_not_come_back_is_told(house: House, tmp_path: Path, stack: ExitStack) -> None:
    """It may be written and not be read: the daemon would hold entries."""
    broker = guarded(tmp_path / "guarded", stack)
    rules = broker.folder / "acl"
    rules.write_text(rules.read_text().replace("readwrite", "write", 1))
    broker.end()
    broker.start()

    with pytest.raises(ValueError, match="nothing that is written to tidegate/demo/state comes back"):
        bus_of(section(house, broker.port, "demo", broker.folder / "demo.password"), ACCOUNT)


def test_a_broker_that_waits_for_the_kernel_is_told_what_to_set(house: House, tmp_path: Path, stack: ExitStack) -> None:
    """What comes back takes 40 ms instead of less than one."""
    broker = Mosquitto(tmp_path / "slow")
    stack.callback(broker.kill)
    conf = broker.folder / "mosquitto.conf"
    conf.write_text(conf.read_text().replace("set_tcp_nodelay true", "set_tcp_nodelay false"))
    broker.end()
    broker.start()

    assert "set_tcp_nodelay true" in bus_of(section(house, broker.port), ACCOUNT)


def test_a_certificate_that_ends_soon_is_to_be_renewed(house: House, tmp_path: Path, stack: ExitStack) -> None:
    """While there is time yet."""
    tls = tmp_path / "tls"
    tls.mkdir()
    conf = certified(tls)
    for arguments in (
        ["x509", "-x509toreq", "-in", "server.crt", "-signkey", "server.key", "-out", "again.csr"],
        ["x509", "-req", "-in", "again.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3",
         "-extfile", "names", "-out", "server.crt"],
    ):  # fmt: skip
        (tls / "names").write_text("subjectAltName=DNS:localhost\n")
        subprocess.run([OPENSSL, *arguments], cwd=tls, check=True, capture_output=True)
    broker = Mosquitto(tmp_path / "mosquitto", f"allow_anonymous true\n{conf}")
    stack.callback(broker.kill)
    year = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)).year

    with pytest.raises(ValueError, match=rf"good for [23] days only, until .*{year}"):
        bus_of(section(house, broker.port, tls=True, host="localhost", ca=str(tls / "ca.crt")), ACCOUNT)


def test_keys_are_told_by_whose_they_are(house: House) -> None:
    """Not by what they are."""
    said = keys_of(section(house, 1), ACCOUNT)

    assert "phone (phone), operator (operator), risk (risk)" in said
    assert msgspec.json.decode(house.key("daemon").read_bytes())["d"] not in said


def test_key_files_that_others_can_open_or_write_are_told(house: House) -> None:
    """Who can write the ring can command; who can read the key can answer for the daemon."""
    house.ring.chmod(0o666)
    with pytest.raises(ValueError, match="may be written by others"):
        keys_of(section(house, 1), ACCOUNT)
    house.key("daemon").chmod(0o644)

    with pytest.raises(ConfigError, match="chmod 600"):
        keys_of(section(house, 1), ACCOUNT)


def test_keys_that_nobody_believes_or_hears_are_told(house: House) -> None:
    """Another's key, a revoked one, and a ring in which there is no person."""
    mine = section(house, 1)
    with pytest.raises(ValueError, match="not the daemon's own"):
        keys_of(msgspec.structs.replace(mine, key=str(house.key("risk"))), ACCOUNT)
    for key in house.known.keys:
        if key.role != "daemon":
            revoke_key(key.kid, house.ring, 1)
    with pytest.raises(ValueError, match="nobody can command"):
        keys_of(mine, ACCOUNT)
    revoke_key(house.signer("daemon").kid, house.ring, 1)

    with pytest.raises(ValueError, match="the key of demo was revoked"):
        keys_of(mine, ACCOUNT)
