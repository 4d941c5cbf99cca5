"""Words about a part of an account over a real Mosquitto: from the command line to what the daemon does and signs."""

import asyncio
import json

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.bus import BusSection
from runtime.bus.assembly import bus_of
from runtime.clock import Clock
from runtime.listening import listening
from runtime.operator import latch
from tests.daemons import Living, lived, still_server
from tests.listeners import ACCOUNT, House
from tests.mosquittos import Mosquitto
from tests.trade_server import attended
from tidegate.cli import run


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Have a trade server whose market stands still."""
    with attended(still_server(tmp_path / "broker")) as folder:
        yield folder


@pytest.fixture
def remote(house: House, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand at a machine that has nothing of the account but the way to command it."""
    for name in ("config", "state"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(house.folder / name))
    monkeypatch.chdir(house.folder)
    place = house.folder / "config" / "tidegate" / "remotes" / f"{ACCOUNT}.toml"
    place.parent.mkdir(parents=True)
    place.write_text(
        f'[remote]\naccount = "{ACCOUNT}"\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false\n'
        f'key = "{house.key("operator")}"\noperators = "{house.ring}"\n'
    )


def bus(house: House, broker: Mosquitto) -> BusSection:
    """Return the account's end of the bus."""
    return BusSection(
        host="127.0.0.1", port=broker.port, tls=False, key=str(house.key("daemon")), operators=str(house.ring)
    )


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize(("option", "name"), [("--strategy", "lane1"), ("--symbol", "XAUUSD")])
def test_a_part_of_an_account_is_halted_and_resumed_over_the_bus(
    option: str, name: str, home: Path, house: House, broker: Mosquitto, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The daemon holds what was named and nothing else, says so signed, and lets it go; a slip of the pen is told."""
    scope, seen, codes = f"{option[2:]}:{name}", [], []

    async def act(living: Living) -> None:
        daemon = living.daemon
        lane = daemon.core.lanes[0]
        daemon.bus = bus_of(bus(house, broker), ACCOUNT, daemon.folder, Clock())

        async def says(*words: str) -> None:
            codes.append(await asyncio.to_thread(run, [words[0], ACCOUNT, *words[1:], "--reason", "smoke", "--json"]))
            await living.until(lambda: daemon.ledger.generation == latch.read(daemon.folder).generation)
            seen.append((daemon.ledger.level, daemon.core.decider.blocked("entry", lane)))

        with listening(daemon, asyncio.get_running_loop()):
            await living.ready()
            await says("halt", option, name)
            await says("halt", option, "NOPE")
            await says("resume", option, name)

    living = lived(home, tmp_path / "live", act)
    told: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[0] == "{"]
    by = [(line.command.scope, line.command.level, line.command.path) for line in latch.logged(living.daemon.folder, 1)]

    assert ([0, 11, 0], ["mqtt"] * 3) == (codes, [one["path"] for one in told])
    assert [("run", (f"halt {scope}",)), ("run", (f"halt {scope}",)), ("run", ())] == seen
    assert [(scope, 1), (f"{option[2:]}:NOPE", 0), (scope, 1)] == [(one["scope"], one["concerned"]) for one in told]
    assert [(scope, "halt", "mqtt"), (f"{option[2:]}:NOPE", "halt", "mqtt"), (scope, "run", "mqtt")] == by
