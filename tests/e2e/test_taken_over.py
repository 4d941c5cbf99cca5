"""What a person takes over at a running daemon: a changed contract is accepted, and traded."""

from collections.abc import Iterator

import msgspec
import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.setup import SETUP_FILE, ServerSetup
from tests.demos import Demo, MakeDemo
from tests.oracle import table

POSITION = 15
"""Place of the position among the fields of a trade request."""
WHY = ("--reason", "a test")


@pytest.fixture
def beside() -> Iterator[None]:
    """Leave the terminal that a test speaks to beside the daemon's."""
    yield
    m.shutdown()


def commands(demo: Demo, word: str) -> list[tuple[str, int, str]]:
    """Return scope, acceptance and reason of the journal's commands of a kind."""
    return [(r["scope"], r["accepted"], r["why"]) for r in table(demo.journal, "commands") if r["command"] == word]


@pytest.mark.usefixtures("beside")
def test_a_changed_contract_is_traded_again_once_it_is_accepted(make_demo: MakeDemo) -> None:
    """Entries are held from the moment it is seen; `tidegate ack` takes it, and the symbol is traded by it."""
    demo = make_demo(bars=None, reconcile_s=0.2)
    demo.begin()
    demo.until_bar(5)
    setup = msgspec.json.decode((demo.home / SETUP_FILE).read_bytes(), type=ServerSetup)
    symbol = setup.symbols[0].symbol
    changed = msgspec.structs.replace(symbol, contract_size=symbol.contract_size * 2)
    assert m.initialize(str(demo.home)), m.last_error()
    assert control.happen("respecified", symbol=msgspec.to_builtins(changed)), m.last_error()
    demo.until(lambda: "SPEC_CHANGED:SP500" in demo.status().get("holds", {}))
    demo.until(lambda: not demo.status()["positions"])
    before = demo.written()

    said = demo.tidegate("ack", "--symbol", "SP500", *WHY)
    demo.until(lambda: [r for r in demo.requests(before) if r[0] == m.TRADE_ACTION_DEAL and not r[POSITION]])
    held = demo.status()["holds"]
    demo.stop()

    assert "SP500 is traded by its new contract: contract size 1 -> 2" in said
    assert "SPEC_CHANGED:SP500" not in held
    assert [("SP500", 1, "a test")] == commands(demo, "ack")
