"""Fixtures of what runs for an account: a bus and who may use it, and a server at which somebody trades by hand."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import brokers.mt5.lookalike as m

from tests.daemons import still_server
from tests.listeners import House
from tests.mosquittos import Mosquitto
from tests.trade_server import attended


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return what is taken down afterwards."""
    with ExitStack() as found:
        yield found


@pytest.fixture
def broker(tmp_path: Path, stack: ExitStack) -> Mosquitto:
    """Return a broker of this test."""
    found = Mosquitto(tmp_path / "mosquitto")
    stack.callback(found.kill)
    return found


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Return an account at run, generation 1, and those who may command it."""
    return House(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Serve a still market, and be logged in there by hand."""
    with attended(still_server(tmp_path / "server")) as home:
        assert m.login(7, "open", "Lookalike-Demo")
        assert m.symbol_select("GOLD")
        yield home
