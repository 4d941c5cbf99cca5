"""A running daemon over a real bus: halted and resumed by signed commands, held and never ended by a silent one."""

import asyncio
import json
import sqlite3
import subprocess
import sys

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from backtests.benchmarks.mosquitto import free_port
from config.bus import BusSection
from config.errors import ConfigError
from runtime.bus.assembly import bus_of
from runtime.bus.caller import RefusedError, called, change_remote
from runtime.clock import Clock
from runtime.core.facts import BusHeard, BusSilent
from runtime.journal.reader import JournalReader
from runtime.listening import listening
from runtime.operator import latch
from runtime.operator.client import change_level
from runtime.operator.judge import Arguments, Told
from runtime.operator.signing import Role
from runtime.recorder import decode_fact
from tests.daemons import Living, lived, still_server
from tests.listeners import ACCOUNT, House
from tests.mosquittos import Mosquitto
from tests.trade_server import attended


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Have a trade server whose market stands still."""
    with attended(still_server(tmp_path / "broker")) as folder:
        yield folder


def test_a_daemon_obeys_what_is_signed_and_journals_what_it_refuses(
    home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Halted, resumed by one who may, refused to one who may not; held while the bus is silent, and no longer."""
    house, broker = House(tmp_path / "house"), Mosquitto(tmp_path / "mosquitto")
    section = BusSection(
        host="127.0.0.1", port=broker.port, tls=False, key=str(house.key("daemon")), operators=str(house.ring),
        silent_s=4.0,  # a busy machine holds a heartbeat up for a while
    )  # fmt: skip
    phone, operator = house.remote("phone", broker.port), house.remote("operator", broker.port)
    seen: dict[str, object] = {}

    async def act(living: Living) -> None:
        daemon = living.daemon
        daemon.bus = bus_of(section, ACCOUNT, daemon.folder, Clock())
        with listening(daemon, asyncio.get_running_loop()):
            await living.ready()
            seen["halted"] = (await asyncio.to_thread(change_remote, phone, "halt", "smoke")).confirmed
            seen["level"] = daemon.ledger.level
            with pytest.raises(RefusedError, match="a phone may not loosen"):
                await asyncio.to_thread(change_remote, phone, "run", "me too")
            seen["replayed"] = await asyncio.to_thread(replayed)
            await asyncio.to_thread(change_remote, operator, "run", "no smoke")
            await living.until(lambda: daemon.ledger.level == "run")
            broker.freeze()
            await living.until(lambda: "BUS_SILENT" in living.holds)
            polls = daemon.session.answered
            await living.until(lambda: daemon.session.answered > polls + 3)  # the terminal is asked as ever
            broker.thaw()
            await living.until(lambda: "BUS_SILENT" not in living.holds)

    def replayed() -> str:
        """Send a resume whose sequence was used, as one who has caught it would."""
        with called(operator) as caller:
            stands = caller.look().generation
            now = caller.clock.wall_ms()
            for n in range(2):
                told = Told(
                    account=ACCOUNT, command="run" if n else "halt", arguments=Arguments(generation=stands), why="x",
                    id=f"replayed-{n}", sequence=now, issued=now, expires=now + 30_000,
                )  # fmt: skip
                problem = caller.ask(told, 5.0).problem
            return problem.partition(":")[0]

    try:
        living = lived(home, tmp_path, act)
    finally:
        broker.kill()
    with sqlite3.connect(tmp_path / "journal.sqlite") as journal:
        rows = journal.execute("SELECT command, who, path, accepted, why FROM commands WHERE path = 'mqtt'").fetchall()
    journal.close()

    shown = "".join(capfd.readouterr()) + (tmp_path / "journal.sqlite").read_bytes().decode(errors="replace")
    secrets = [json.loads(file.read_text())["d"] for file in house.folder.glob("*.jwk")]

    assert (5, []) == (len(secrets), [secret for secret in secrets if secret in shown])
    assert (True, "halt", "replay") == (seen["halted"], seen["level"], seen["replayed"])
    # what was obeyed is journaled as the latch is read, what was refused at once: the rows are in no order of the clock
    assert sorted([
        ("halt", "phone", "mqtt", 1, "smoke"), ("run", "phone", "mqtt", 0, "me too"),
        ("halt", "operator", "mqtt", 1, "x"), ("run", "operator", "mqtt", 0, "x"),
        ("run", "operator", "mqtt", 1, "no smoke"),
    ]) == sorted(rows)  # fmt: skip
    assert [BusSilent, BusHeard] == [type(fact) for kind in (BusSilent, BusHeard) for fact in living.told(kind)]
    assert {key.kid for key in house.known.keys if key.role in {"phone", "operator"}} == set(
        living.daemon.ledger.sequences
    )
    told_again(tmp_path / "journal.sqlite", living)


def told_again(path: Path, living: Living) -> None:
    """Show that what was journaled is what the core was told, in its order."""
    with JournalReader(path) as reader:
        kept = [decode_fact(row.fact) for row in reader.rows() if row.fact]

    assert living.recorder.told == kept


def test_where_two_people_are_needed_nobody_resumes_alone_at_the_daemon_s_own_machine(
    home: Path, tmp_path: Path
) -> None:
    """There all are one user, so that nobody could tell two people apart; whoever tightens is obeyed as ever."""
    house = House(tmp_path / "house")
    section = BusSection(
        host="127.0.0.1", port=free_port(), tls=False, key=str(house.key("daemon")), operators=str(house.ring),
        two_people=True,
    )  # fmt: skip
    seen: list[str] = []

    async def act(living: Living) -> None:
        daemon = living.daemon
        daemon.bus = bus_of(section, ACCOUNT, daemon.folder, Clock())
        with listening(daemon, asyncio.get_running_loop()):
            await living.until(lambda: daemon.linker.up)
            await asyncio.to_thread(change_level, daemon.folder, "halt", "smoke")
            for level in ("close-only", "run"):
                with pytest.raises(latch.LatchError, match="alone: two people are needed"):
                    await asyncio.to_thread(change_level, daemon.folder, level, "no smoke")
                seen.append(latch.read(daemon.folder).level)

    lived(home, tmp_path, act)

    assert ["halt", "halt"] == seen


@pytest.mark.parametrize(("key", "account"), [("operator", ACCOUNT), ("daemon", "another")])
def test_a_daemon_whose_answers_nobody_could_believe_does_not_start(tmp_path: Path, key: Role, account: str) -> None:
    """A person's key signs no answers, and another account's daemon does not answer for ours."""
    house = House(tmp_path)
    section = BusSection(host="localhost", tls=False, key=str(house.key(key)), operators=str(house.ring))

    with pytest.raises(ConfigError, match=r"bus\.key: expected the daemon's own"):
        bus_of(section, account, house.state, Clock())


def test_a_person_who_does_not_know_the_daemon_s_key_is_told_so(tmp_path: Path) -> None:
    """No answer could be believed: that is said before anything is sent."""
    remote = msgspec.structs.replace(House(tmp_path).remote("risk", 1), account="another")

    with pytest.raises(ConfigError, match=r"remote\.operators: expected the key of another's daemon"):
        change_remote(remote, "halt", "smoke")


def test_without_a_section_nothing_of_a_bus_is_loaded() -> None:
    """Neither a signature's library nor a broker's costs a daemon anything that does not speak over one."""
    libraries = ("joserfc", "aiomqtt", "paho", "cryptography")
    code = f"import sys, runtime.start; print([n for n in {libraries!r} if n in sys.modules])"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == shown.stdout.strip()
