"""The exchange behind the trade server, without a process: whatever comes in, its record can make it again."""

import tempfile

from pathlib import Path
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.mt5.lookalike.events import Flowed
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.selection import in_group
from brokers.mt5.lookalike.setup import (
    AccountSetup,
    Columns,
    ServerSetup,
    SetupError,
    SymbolSetup,
    read_setup,
    write_setup,
)
from tests.trade_server import GOLD, HISTORY, HOUR, START, bars_of, set_up

FIRST = 5_000_000_001
tickets = st.integers(FIRST, FIRST + 12) | st.just(0)
prices = st.sampled_from([0.0, 1990.0, 2003.9, 2004.1, 2006.0, 2030.0]) | st.floats()
requests = st.builds(
    lambda *fields: list(fields),
    st.sampled_from([1, 5, 6, 7, 8, 10, 1, 5]) | st.integers(0, 11),  # action
    st.integers(0, 2**64 - 1),  # magic
    tickets,  # order
    st.sampled_from(["GOLD", "OIL", "GOLD", ""]),
    st.sampled_from([0.1, 0.3, 50.0]) | st.floats(),  # volume
    prices,
    prices,  # stoplimit
    prices,  # sl
    prices,  # tp
    st.integers(0, 50),  # deviation
    st.integers(0, 8),  # type
    st.sampled_from([1, 2, 0, 3]),  # filling
    st.integers(0, 4),  # lifetime
    st.integers(0, 2**33) | st.just((START + 6 * HOUR) // 1000),
    st.text(max_size=29),
    tickets,  # position
    tickets,
)

flows = st.builds(Flowed, login=st.sampled_from([7, 8]), amount=st.integers(-900, 900).map(lambda n: n / 10.0))
ACCOUNTS = (
    AccountSetup(login=7, password="open"),
    AccountSetup(login=8, password="sesame", margin_mode="netting"),
)


def seen(x: Exchange) -> list[Any]:
    """Return all that must survive."""
    accounts = [
        (a.venue.snapshot(), a.deals, a.past, a.resting, a.history.stories, a.requests) for a in x.accounts.values()
    ]
    return [accounts, x.replay.at, x.replay.ended, x.terminals]


@settings(max_examples=60)
@given(st.lists(requests | flows | st.sampled_from(["done", "login", "partial"]), max_size=25))
def test_any_inputs_can_be_repeated_from_the_record(inputs: list[Any]) -> None:
    """A second exchange on the same folder comes to the same state, and balances are the sum of their deals."""
    with tempfile.TemporaryDirectory() as name:
        x, share = Exchange(set_up(Path(name), accounts=ACCOUNTS)), 1.0
        for what in inputs:
            match what:
                case "partial":
                    share = 1.5 - share
                case Flowed():
                    x.happen(what)
                case "done":
                    x.done("", x.replay.at)
                case "login":
                    x.log_in("", 15 - x.terminal("").login)
                case _:
                    x.send(x.terminal("").login, what, share=share)
        x.close()
        again = Exchange(Path(name))
        again.close()

    assert seen(x) == seen(again)
    for account in x.accounts.values():
        assert round(sum(d.money for d in account.venue.deals), 2) == account.venue.balance
        assert len(account.deals) == len(account.venue.deals)
        assert set(account.resting) == {o.ticket for o in account.venue.orders()}


def test_bars_of_different_frames_are_played_when_they_end(tmp_path: Path) -> None:
    """A long bar's rest is played only at the moment that lies beyond its end."""
    long = SymbolSetup(symbol=GOLD, timeframe="H2")
    short = SymbolSetup(
        symbol=type(GOLD)(**{f: getattr(GOLD, f) for f in GOLD.__struct_fields__} | {"name": "G"}), timeframe="H1"
    )
    setup = ServerSetup(accounts=read_setup(set_up(tmp_path / "a"))[0].accounts, symbols=(long, short), start=START)
    every_other = bars_of("GOLD", 10.0, missing=(1, 3, 5, 7, 9))
    write_setup(tmp_path / "b", setup, {"GOLD": every_other, "G": bars_of("G", 20.0)})
    x = Exchange(tmp_path / "b")
    played = []
    for _ in range(3):
        played.append((x.series["GOLD"].index, x.series["GOLD"].played, x.series["G"].index))
        x.go_on()
    x.close()

    assert [(0, False, 0), (0, False, 1), (1, False, 2)] == played


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"accounts": ()}, "at least one account"),
        ({"start": START + 100 * HOUR}, "choose an earlier start"),
        ({"symbols": (SymbolSetup(symbol=GOLD, timeframe="H5"),)}, "no timeframe H5"),
    ],
)
def test_a_setup_that_cannot_be_served_says_why(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    """The error names what to change."""
    with pytest.raises(SetupError, match=problem):
        read_setup(set_up(tmp_path, **changes))


def test_bars_out_of_order_are_refused(tmp_path: Path) -> None:
    """Recorded bars ascend in time and their columns are of one length."""
    row = [1.0, 1.0]
    bars = Columns(time=[2, 1], open=row, high=row, low=row, close=row, volume=row, spread=row)
    setup = read_setup(set_up(tmp_path / "a"))[0]
    for broken, problem in (
        (bars, "do not ascend"),
        (Columns(**{f: getattr(bars, f) for f in bars.__struct_fields__} | {"open": [1.0]}), "differ in length"),
    ):
        write_setup(tmp_path / "b", setup, {"GOLD": broken, "OIL": bars_of("OIL", 1.0)})
        with pytest.raises(SetupError, match=problem):
            read_setup(tmp_path / "b")


def test_the_first_moment_opens_the_first_replayed_bar(tmp_path: Path) -> None:
    """A fresh exchange stands at the opening tick of the first bar that is not history."""
    x = Exchange(set_up(tmp_path))
    x.close()

    assert (START + HISTORY * HOUR, 2004.0, 2004.2) == (x.replay.at, x.series["GOLD"].bid, x.series["GOLD"].ask)


@pytest.mark.parametrize(
    ("group", "expected"),
    [("*", True), ("EUR*", True), ("*USD,!EUR*", False), ("!EUR*,*", True), ("GBPUSD", False), ("", False)],
)
def test_groups_are_masks_and_exceptions(group: str, expected: bool) -> None:  # noqa: FBT001 - a table of cases
    """The last mask that fits decides."""
    assert expected == in_group("EURUSD", group)
