"""What spread is usual in an hour, and how old a price is: seen by a worker, kept for the next one."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.limits import GATES
from brokers.mt5.gateway import Gateway
from brokers.mt5.priced import Tick
from brokers.mt5.spreads import ENOUGH, KEPT, SPREADS_FILE, Spreads
from brokers.mt5.watch import Watch
from brokers.requests import AnyRequest
from tests.latches import latched
from tests.orders import ASK, BID, LIMITS, NOW, close, entry, modify, stop_at
from tests.terminals import Terminal, terminal_in
from tests.trade_server import GOLD

HOUR, MINUTE = 3_600_000, 60_000
MIDNIGHT = NOW // (24 * HOUR) * 24 * HOUR


def asked(folder: Path, request: AnyRequest, tick: Tick, silent_s: float = 0.0) -> str:
    """Ask a gate at run; return the name of what refuses, or nothing."""
    gateway = Gateway(latched(folder, "run"), LIMITS, {"GOLD": GOLD}, "USD")
    refused = gateway.check(request, tick, silent_s)
    gateway.close()
    return GATES[refused.code - 1] if refused else ""


# --- usual spreads ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("usual", "expected"), [(2.01, ""), (1.99, "usual spread"), (float("nan"), "")])
def test_an_entry_at_many_times_the_usual_spread_is_refused(tmp_path: Path, usual: float, expected: str) -> None:
    """Ten times is allowed, more is not; where nobody knows what is usual the limit in points stands alone."""
    assert expected == asked(tmp_path / "a", entry(), Tick(NOW, BID, ASK, usual))  # 20 points


def test_a_wide_spread_keeps_nobody_from_leaving(tmp_path: Path) -> None:
    """Closing and moving a stop do not wait for a better spread."""
    wide = Tick(NOW, BID, BID + 90.0, 1.0, 1e6)

    assert "" == asked(tmp_path / "a", close(), wide)
    assert "" == asked(tmp_path / "b", stop_at(), wide)


@given(st.lists(st.floats(1.0, 500.0), min_size=ENOUGH, max_size=KEPT + 50))
def test_what_is_usual_is_the_median_of_the_newest_of_that_hour(
    tmp_path_factory: pytest.TempPathFactory, points: list[float]
) -> None:
    """One a minute counts, only the hour's own, and only the newest of them."""
    spreads = Spreads(tmp_path_factory.mktemp("spreads"))
    moments = [MIDNIGHT + (n // 60) * 24 * HOUR + n % 60 * MINUTE for n in range(len(points))]
    for at, spread in zip(moments, points, strict=True):
        spreads.seen("GOLD", at, spread)
        spreads.seen("GOLD", at + 59_999, 1e9)

    assert median(points[-KEPT:]) == spreads.usual("GOLD", moments[-1] + 1)


def test_too_little_of_an_hour_is_filled_by_the_others_and_nothing_at_all_is_not_known(tmp_path: Path) -> None:
    """Twenty spreads of two hours say nothing; forty do, of each; an unknown symbol has none."""
    spreads, found = Spreads(tmp_path), []
    for minute in range(20):
        for hour in (3, 4):
            found.append(spreads.usual("GOLD", MIDNIGHT))
            spreads.seen("GOLD", MIDNIGHT + (minute * 24 + hour) * HOUR, float(hour))

    assert [True] * 30 == [x != x for x in found[:30]]
    assert (3.5, 3.5) == (spreads.usual("GOLD", MIDNIGHT), spreads.usual("GOLD", MIDNIGHT + 3 * HOUR))
    assert spreads.usual("OIL", MIDNIGHT) != spreads.usual("OIL", MIDNIGHT)


def test_a_spread_of_nothing_is_usual_as_one_point(tmp_path: Path) -> None:
    """Of an account without spreads any spread at all would be endless times the usual one."""
    spreads = Spreads(tmp_path)
    for minute in range(ENOUGH):
        spreads.seen("GOLD", MIDNIGHT + minute * MINUTE, 0.0)

    assert 1.0 == spreads.usual("GOLD", MIDNIGHT)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"GOLD": [[1.0]]}', b'{"GOLD": 3}', b"\xff\xfe"])
def test_what_was_seen_is_kept_and_a_damaged_file_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    """The next worker knows what the last one saw; one that finds rubbish knows nothing, and goes on."""
    spreads = Spreads(tmp_path)
    for minute in range(ENOUGH):
        spreads.seen("GOLD", MIDNIGHT + minute * MINUTE, 7.0)
    spreads.save()
    kept = Spreads(tmp_path).usual("GOLD", MIDNIGHT)
    (tmp_path / SPREADS_FILE).write_bytes(damage)
    lost = Spreads(tmp_path)
    lost.seen("GOLD", MIDNIGHT, 7.0)

    assert 7.0 == kept
    assert lost.usual("GOLD", MIDNIGHT) != lost.usual("GOLD", MIDNIGHT)


def test_a_file_that_cannot_be_written_keeps_nobody_from_the_price(tmp_path: Path) -> None:
    """On a full disk a worker goes on polling, and knows what it has seen itself."""
    spreads = Spreads(tmp_path)
    (tmp_path / SPREADS_FILE).with_suffix(".draft").mkdir()
    for minute in range(ENOUGH):
        spreads.seen("GOLD", MIDNIGHT + minute * MINUTE, 7.0)

    assert 7.0 == spreads.usual("GOLD", MIDNIGHT)


# --- ages -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age_s", "expected"), [(120.0, ""), (120.1, "price age"), (float("nan"), "price age")])
def test_an_entry_at_an_old_price_is_refused(tmp_path: Path, age_s: float, expected: str) -> None:
    """A price that stands still for two minutes is none to enter at; closing at it is better than not closing."""
    tick = Tick(NOW, BID, ASK, age_s=age_s)

    assert expected == asked(tmp_path / "a", entry(), tick)
    assert "" == asked(tmp_path / "b", close(), tick)


@pytest.mark.parametrize(
    ("request_", "expected"), [(entry(), "lease"), (modify(), "lease"), (stop_at(), ""), (close(), "")]
)
def test_a_daemon_that_was_away_takes_no_risk(tmp_path: Path, request_: AnyRequest, expected: str) -> None:
    """After seconds of silence what it wants to open was decided in another world; what guards is let through."""
    tick = Tick(NOW, BID, ASK)

    assert expected == asked(tmp_path / "a", request_, tick, 5.1)
    assert "" == asked(tmp_path / "b", request_, tick, 5.0)


def test_a_price_is_as_old_as_the_newest_is_ahead_or_as_it_stands_still() -> None:
    """Two symbols, one of which moves on; then none moves, and the worker's own clock tells."""
    clock = [100.0]
    watch = Watch(lambda: clock[0])
    watch.saw("GOLD", 5_000)
    watch.saw("OIL", 65_000)
    behind = watch.age_s("GOLD", 5_000)
    clock[0] += 300.0
    still = watch.age_s("OIL", 65_000)
    moved = watch.age_s("OIL", 66_000)

    assert (60.0, 300.0, 0.0) == (behind, still, moved)


def test_what_a_daemon_waits_for_is_no_silence() -> None:
    """A look that takes forty seconds, and the next request right after it: nobody was away."""
    clock = [0.0]
    watch = Watch(lambda: clock[0])
    watch.asked()
    clock[0] = 40.0
    watch.answered()
    clock[0] = 41.0
    watch.asked()

    assert 1.0 == watch.silent_s


def test_a_silence_is_forgotten_only_with_what_is_told_anew() -> None:
    """Who was silent for ten seconds, and is heard again and again since, wants what he decided before."""
    clock, found = [0.0], []
    watch = Watch(lambda: clock[0])
    for passed, anew in ((10.0, False), (1.0, False), (0.5, True), (2.0, False)):
        clock[0] += passed
        watch.asked(anew=anew)
        watch.answered()
        found.append(watch.silent_s)

    assert [10.0, 10.0, 0.0, 2.0] == found


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Have a terminal whose server is not up yet."""
    with terminal_in(tmp_path) as found:
        yield found


def test_a_worker_tells_the_gate_of_its_silent_daemon(terminal: Terminal) -> None:
    """An entry that lay in the line while the daemon stood still is refused; told of the market anew, it may."""
    up, clock = terminal.serve().up(), [0.0]
    up.worker.watch = Watch(lambda: clock[0])
    clock[0] = 6.0
    first, second = (up.send(entry(n)) for n in (1, 2))
    up.poll()
    third = up.send(entry(3))

    lease = 1 + GATES.index("lease")
    assert [lease, lease] == [getattr(answer, "code", 0) for answer in (first, second)]
    assert "Accepted" == type(third).__name__
