"""How much a gateway lets through in a second, a minute and a day, whoever dies meanwhile; and what repeats."""

from pathlib import Path

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.limits import Limits
from brokers.mt5.pace import DAY_FILE, Pace
from brokers.requests import AnyRequest
from tests.orders import LIMITS, NOW, cancel, close, entry, modify, resting, stop_at

DAY = 86_400_000
MIDNIGHT = NOW // DAY * DAY + DAY
FREE = msgspec.structs.replace(LIMITS, max_orders_per_minute=10**6, max_orders_per_second=10**6)
OURS = 3 << 48 | 1 << 32
"""Magic number of the third strategy's first run."""


def asked(pace: Pace, request: AnyRequest, at: int = NOW) -> str:
    """Ask for a request, and count it where it passes; return the name of what refuses, or nothing."""
    return pace.broken(request, at)[0] or pace.passed(request, at)[0]


def test_more_than_so_many_in_a_second_wait_for_the_next(tmp_path: Path) -> None:
    """The fourth entry within a second is refused, closing passes, and a second after the first there is room again."""
    pace = Pace(tmp_path, msgspec.structs.replace(FREE, max_orders_per_second=3))
    found = [asked(pace, resting(n), NOW + n) for n in range(1, 5)]
    also = [asked(pace, r, NOW + 4) for r in (stop_at(ident=5), modify(6), close(7), cancel(8))]

    assert ["", "", "", "rate a second"] == found
    assert ["rate a second", "rate a second", "", ""] == also
    assert "" == asked(pace, resting(9), NOW + 1_004)


def test_the_count_of_a_day_outlives_the_process(tmp_path: Path) -> None:
    """A gateway that comes after another one goes on counting; the next day begins at nothing."""
    limits = msgspec.structs.replace(FREE, max_orders_per_day=2)
    found = [asked(Pace(tmp_path, limits), resting(n)) for n in (1, 2, 3)]

    assert ["", "", "rate a day"] == found
    assert ["", ""] == [asked(Pace(tmp_path, limits), r, NOW) for r in (close(4), cancel(5))]
    assert "" == asked(Pace(tmp_path, limits), resting(6), MIDNIGHT)


def test_a_clock_that_falls_back_begins_no_new_day(tmp_path: Path) -> None:
    """What was counted tomorrow counts today, too: a server's clock that jumps must not open the gate."""
    pace = Pace(tmp_path, msgspec.structs.replace(FREE, max_orders_per_day=2))
    found = [asked(pace, resting(n), at) for n, at in ((1, MIDNIGHT), (2, MIDNIGHT + 1), (3, NOW))]

    assert ["", "", "rate a day"] == found


def test_what_cannot_be_counted_and_takes_risk_is_not_sent(tmp_path: Path) -> None:
    """Where the day's count cannot be written entries are refused; what closes leaves nevertheless."""
    (tmp_path / DAY_FILE).mkdir()
    pace = Pace(tmp_path, LIMITS)

    assert ["rate a day", "", ""] == [asked(pace, r) for r in (entry(1), close(2), cancel(3))]


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        ({}, True),
        ({"price": 2004.3}, True),
        ({"volume": 0.2}, False),
        ({"side": -1, "stop": 2020.0}, False),
        ({"kind": "limit", "price": 1999.0}, False),
        ({"magic": 4 << 48 | 2}, False),
    ],
)
def test_the_same_entry_of_a_strategy_twice_within_a_second_is_one(
    tmp_path: Path,
    second: dict[str, object],
    refused: bool,  # noqa: FBT001
) -> None:
    """Another number does not make another order of it; another strategy, side, size or kind does."""
    pace = Pace(tmp_path, LIMITS)
    first = asked(pace, entry(1, magic=OURS | 1))
    found = asked(pace, entry(2, **({"magic": OURS | 2} | second)), NOW + 999)

    assert ("", "repeated" if refused else "") == (first, found)


def test_a_second_later_it_is_another_entry(tmp_path: Path) -> None:
    """The window ends: a strategy that enters again a second later means it."""
    pace = Pace(tmp_path, LIMITS)

    assert ["", ""] == [asked(pace, entry(n, magic=OURS | n), NOW + 1_000 * n) for n in (1, 2)]


@given(
    st.lists(st.tuples(st.integers(0, 30_000), st.sampled_from(["entry", "close", "restart"])), max_size=60),
    st.integers(1, 5),
    st.integers(1, 8),
    st.integers(1, 12),
)
def test_whatever_comes_no_stretch_holds_more_than_its_limit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]], second: int, minute: int, day: int
) -> None:
    """At any pace and order of requests, entries in a second, a minute and a day stay within their limits."""
    limits = msgspec.structs.replace(
        LIMITS, max_orders_per_second=second, max_orders_per_minute=minute, max_orders_per_day=day
    )
    passed = _passed(tmp_path_factory.mktemp("pace"), limits, steps)

    for n, at in enumerate(passed):
        assert sum(at - other < 1_000 for other in passed[: n + 1]) <= second
        assert sum(at - other < 60_000 for other in passed[: n + 1]) <= minute
        assert sum(at // DAY == other // DAY for other in passed[: n + 1]) <= day


def _passed(folder: Path, limits: Limits, steps: list[tuple[int, str]]) -> list[int]:
    """Return when entries passed; a restart keeps the count of the day, and is drawn only where a minute is over."""
    pace, at, passed = Pace(folder, limits), NOW, []
    for number, (wait, what) in enumerate(steps, 1):
        at += wait
        if what == "restart":
            at += 60_000
            pace = Pace(folder, limits)
        elif what == "close":
            assert not asked(pace, close(number), at)
        elif not asked(pace, resting(number), at):
            passed.append(at)
    return passed
