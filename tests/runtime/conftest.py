"""Fixtures of what runs for an account: a server at which somebody trades by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import brokers.mt5.lookalike as m

from tests.daemons import still_server
from tests.trade_server import attended


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Serve a still market, and be logged in there by hand."""
    with attended(still_server(tmp_path / "server")) as home:
        assert m.login(7, "open", "Lookalike-Demo")
        assert m.symbol_select("GOLD")
        yield home
