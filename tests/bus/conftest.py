"""Fixtures of the bus: a broker, and an account on it with those who may command it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.listeners import House
from tests.mosquittos import Mosquitto


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
