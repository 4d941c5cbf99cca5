"""Where the price was within the last minute: one wild tick trades nothing, and a market that moved does."""

from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.limits import GATES
from brokers.mt5.frames import History, Past
from brokers.mt5.gateway import Gateway
from brokers.mt5.recent import ENOUGH, WINDOW_MS, Recent
from brokers.requests import AnyRequest
from tests.latches import latched
from tests.orders import ASK, BID, LIMITS, NOW, cancel, close, entry, modify, stop_at
from tests.terminals import terminal_in
from tests.trade_server import GOLD

SECOND = 1_000
MINUTE = 60 * SECOND


def gate(folder: Path) -> Gateway:
    """Return a gate at run."""
    return Gateway(latched(folder, "run"), LIMITS, {"GOLD": GOLD}, "USD")


def asked(gateway: Gateway, request: AnyRequest, bid: float, at: int = NOW) -> str:
    """Ask a gate at a quote; return the name of what refuses, or nothing."""
    refused = gateway.check(request, gateway.tick("GOLD", at, bid, bid + 0.2, 0.0))
    return GATES[refused.code - 1] if refused else ""


@pytest.mark.parametrize(("bid", "expected"), [(2044.0, ""), (2044.3, "jump"), (1964.0, ""), (1963.7, "jump")])
def test_a_quote_far_from_those_of_the_last_minute_trades_nothing(tmp_path: Path, bid: float, expected: str) -> None:
    """By more than 2 % of the median; the order's own price agrees with the quote, it was decided upon it."""
    gateway = gate(tmp_path / "a")
    for second in range(ENOUGH):
        gateway.saw("GOLD", NOW, BID, ASK, NOW + second * SECOND)
    request = entry(price=bid + 0.2, stop=bid - 20.0, target=0.0)

    assert expected == asked(gateway, request, bid)


@pytest.mark.parametrize(("request_", "expected"), [
    (modify(price=2099.0), "jump"), (close(price=2099.0), ""), (stop_at(2090.0), ""), (cancel(), ""),
])  # fmt: skip
def test_what_leaves_or_takes_back_is_not_held_to_it(tmp_path: Path, request_: AnyRequest, expected: str) -> None:
    """A resting entry that is moved is an entry."""
    gateway = gate(tmp_path / "a")
    for second in range(ENOUGH):
        gateway.saw("GOLD", NOW, BID, ASK, NOW + second * SECOND)

    assert expected == asked(gateway, request_, 2099.0)


def test_a_market_that_has_moved_may_be_traded(tmp_path: Path) -> None:
    """Once the middle of the minute is there; and one that nobody has seen for a minute is not judged by what was."""
    gateway, later, found = gate(tmp_path / "a"), gate(tmp_path / "b"), []
    for second in range(9):
        bid = BID if second < 4 else 2100.0
        gateway.saw("GOLD", NOW, bid, bid + 0.2, NOW + second * SECOND)
        if second >= ENOUGH:
            found.append(asked(gateway, entry(second, price=2100.2, stop=2090.0, target=0.0), 2100.0))
    for second in range(ENOUGH):
        later.saw("GOLD", NOW, BID, ASK, NOW - WINDOW_MS - second * SECOND)
    request = entry(price=2100.2, stop=2090.0, target=0.0)

    assert ["jump", "jump", "jump", ""] == found
    assert "" == asked(later, request, 2100.0)


@pytest.mark.parametrize(
    ("closed", "expected"),
    [((NOW - MINUTE, 2000.0), "jump"), ((NOW - MINUTE, 2080.0), ""), ((NOW - 61 * MINUTE, 2000.0), ""), ((0, 0.0), "")],
)
def test_before_a_minute_was_watched_the_last_bar_tells_what_is_wild(
    tmp_path: Path, closed: tuple[int, float], expected: str
) -> None:
    """If it closed within the hour: whoever has just connected has seen no price yet."""
    gateway = gate(tmp_path / "a")
    request = entry(price=2100.2, stop=2090.0, target=0.0)
    refused = gateway.check(request, gateway.tick("GOLD", NOW, 2100.0, 2100.2, 0.0, closed))

    assert expected == (GATES[refused.code - 1] if refused else "")


@given(st.lists(st.floats(1.0, 1e5), min_size=ENOUGH, max_size=200), st.integers(0, 2), st.floats(1e6, 1e9))
def test_fewer_wild_quotes_than_half_never_move_the_middle_beyond_the_others(
    prices: list[float], wild: int, price: float
) -> None:
    """Two in five seconds change which of the true prices is in the middle, and nothing else."""
    recent = Recent()
    told = [*prices[: len(prices) - wild], *[price] * wild]
    for second, mid in enumerate(told):
        recent.seen("GOLD", second * SECOND, mid, mid)
    true = told[-60 : len(told) - wild]
    known = recent.usual("GOLD", len(told) * SECOND - SECOND)

    assert min(true) <= known <= max(true)


@given(st.lists(st.integers(0, 50), max_size=60))
def test_before_so_many_seconds_are_known_nobody_can_say(gaps: list[int]) -> None:
    """Quotes of one second are one, and a second that was is not told again."""
    recent, at, seconds = Recent(), NOW, set[int]()
    for gap in gaps:
        at += gap * 100
        recent.seen("GOLD", at, 5.0, 5.0)
        if not seconds or at >= max(seconds) + SECOND:
            seconds.add(at)
    recent.seen("GOLD", NOW - SECOND, 9.0, 9.0)
    fresh = [moment for moment in seconds if moment > at - WINDOW_MS]

    assert (len(fresh) >= ENOUGH) == (recent.usual("GOLD", at) == 5.0)


def test_a_worker_that_polls_knows_where_the_price_was(tmp_path: Path) -> None:
    """In recorded time polls of one moment are one quote: a replay of bars is refused nothing."""
    with terminal_in(tmp_path) as terminal:
        terminal.serve().up()
        for _ in range(ENOUGH):
            terminal.poll()
        gateway = terminal.worker.gateway
        assert gateway is not None
        tick = gateway.tick("GOLD", NOW, BID, ASK, 0.0, terminal.worker.reader.last("GOLD"))

    assert tick.recent != tick.recent


@pytest.mark.parametrize("lockstep", [False, True])
def test_a_worker_that_has_read_history_knows_the_last_close(tmp_path: Path, *, lockstep: bool) -> None:
    """Of a market that goes on by itself, and not of a replay of bars, which knows one price of each."""
    with terminal_in(tmp_path) as terminal:
        worker = terminal.serve(lockstep=lockstep).up().worker
        told = worker.answer(Past(symbol="GOLD", timeframe="H1", count=3))
        assert isinstance(told, History)
        known = (told.bars[-1].time + 60 * MINUTE, told.bars[-1].close)

        assert ((0, 0.0) if lockstep else known) == worker.reader.last("GOLD")
