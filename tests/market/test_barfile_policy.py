"""What is wrong with a bar file is refused, dropped or mended as the policy says, and always counted."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.barcheck import ADVICE, BarFileError, Policy, Report, Tally, check_prices
from market.barfile import read_bars
from market.barorder import put_in_order
from market.bars import COLUMNS, Bars

MINUTE = 60_000
SUNDAY = 1_572_220_800_000  # 2019-10-28 00:00 UTC is 2019-10-27 19:00 EST

Row = tuple[int, int, float, float, float, float, float, float]
Read = Callable[..., tuple[Bars, Report]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write minute rows of `minute open high low close` to a file and read it with a policy."""

    def bars(rows: Sequence[str], **policy: str | float) -> tuple[Bars, Report]:
        path = tmp_path / "bars.csv"
        lines = [",".join([str(1_328_054_400 + int(r.split()[0]) * 60), *r.split()[1:]]) for r in rows]
        path.write_text("\n".join(["time,open,high,low,close", *lines]))
        return read_bars(path, "GBPUSD", "M1", msgspec.convert(policy, Policy))

    return bars


GOOD = ["0 1.1 1.3 1.0 1.2", "1 1.2 1.3 1.1 1.2", "2 1.2 1.4 1.1 1.3", "3 1.3 1.4 1.2 1.3"]
FLAWS = {
    "zero price": ("price", "1 0 1.3 0 1.2", ["drop"]),
    "negative price": ("price", "1 1.2 1.3 -1.1 1.2", ["drop"]),
    "not a number": ("price", "1 1.2 nan 1.1 1.2", ["drop"]),
    "infinite": ("price", "1 1.2 inf 1.1 1.2", ["drop"]),
    "high below low": ("range", "1 1.2 1.1 1.3 1.2", ["drop", "repair"]),
    "open above high": ("range", "1 1.5 1.3 1.1 1.2", ["drop", "repair"]),
    "close below low": ("range", "1 1.2 1.3 1.1 1.0", ["drop", "repair"]),
    "told twice": ("duplicate", "0 1.15 1.3 1.0 1.2", ["drop", "repair"]),
    "goes back": ("backward", "-5 1.15 1.3 1.0 1.2", ["drop", "repair"]),
    "words": ("unreadable", "1 one 1.3 1.0 1.2", ["drop"]),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_flaw_is_refused_unless_the_policy_says_otherwise(read: Read, flaw: str) -> None:
    """The refusal names the line and what to do."""
    kind, row, _ = FLAWS[flaw]

    with pytest.raises(BarFileError) as refusal:
        read([GOOD[0], row, *GOOD[2:]])
    assert "bars.csv, line 3: " in str(refusal.value)
    assert str(refusal.value).endswith(ADVICE[kind])


@pytest.mark.parametrize(("flaw", "done"), [(flaw, done) for flaw, (_, _, ways) in FLAWS.items() for done in ways])
def test_flaw_that_is_allowed_is_counted_and_quoted(read: Read, flaw: str, done: str) -> None:
    """Nothing is dropped or mended without a line in the report."""
    kind, row, _ = FLAWS[flaw]
    _, report = read([GOOD[0], row, *GOOD[2:]], **{kind: done})

    assert [(kind, 1, done)] == [(p.kind, p.count, p.done) for p in report.problems]
    assert report.problems[0].examples[0].startswith("line 3: ")
    assert 4 == report.rows
    assert any(line.startswith(f"{kind}: 1 ({done}), first line 3: ") for line in report.lines())


def test_repaired_range_holds_all_four_prices(read: Read) -> None:
    """High and low are widened just so far, and open and close stay."""
    bars, _ = read([GOOD[0], "1 1.5 1.3 1.35 1.2", GOOD[2]], range="repair")

    assert (1.5, 1.5, 1.2, 1.2) == (bars.open[1], bars.high[1], bars.low[1], bars.close[1])


@pytest.mark.parametrize(("done", "close"), [("drop", 1.2), ("repair", 1.25)])
def test_duplicates_keep_the_first_or_the_last(read: Read, done: str, close: float) -> None:
    """Drop believes the first telling of a bar, repair the last."""
    bars, report = read([GOOD[0], "0 1.1 1.3 1.0 1.25", *GOOD[1:]], duplicate=done)

    assert (4, close) == (report.bars, bars.close[0])


def test_gaps_are_counted_and_the_longest_told(read: Read) -> None:
    """Missing stretches are kept by default, and told."""
    rows = [GOOD[0], "1 1.2 1.3 1.1 1.2", "4 1.2 1.3 1.1 1.2", "14 1.2 1.3 1.1 1.2"]
    _, report = read(rows)

    assert (2, 600.0, 1_328_054_400_000 + 4 * MINUTE) == (report.gaps, report.longest_gap_s, report.longest_gap_at)
    assert ("line 5: nothing between", 4) == (_refused(read, rows, gap="refuse", longest_gap_s=300), report.bars)


def _refused(read: Read, rows: Sequence[str], **policy: str | float) -> str:
    with pytest.raises(BarFileError) as refusal:
        read(rows, **policy)
    return str(refusal.value).split("bars.csv, ")[1][:23]


def test_file_of_nothing_but_flaws_is_refused(read: Read) -> None:
    """A policy that drops everything leaves no bars, and that is an error, not an empty history."""
    with pytest.raises(BarFileError, match="no bar among 2 rows"):
        read(["0 0 0 0 0", "1 0 0 0 0"], price="drop")


def test_unknown_policy_is_refused() -> None:
    """A typing error in a policy is not a policy."""
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"duplicates": "drop"}, Policy)


def turned_back(tmp_path: Path) -> Path:
    """Write what histdata's 2019 files hold: 19:00 to 19:59 stands twice."""
    hours = [*range(18 * 60, 20 * 60), *range(19 * 60, 21 * 60)]
    lines = [f"20191027 {m // 60:02d}{m % 60:02d}00;1.1;1.1;1.1;{1.1 - i / 1e6:.6f};0" for i, m in enumerate(hours)]
    path = tmp_path / "DAT_ASCII_EURUSD_M1_2019.csv"
    path.write_text("\n".join(line.replace(";1.1;1.1;1.1;", ";1.1;1.1;1.0;") for line in lines))
    return path


def test_clock_turned_back_is_noticed(tmp_path: Path) -> None:
    """An hour told twice is no duplicate: half of the file may be an hour off, and the refusal says so."""
    with pytest.raises(BarFileError, match=r"line 121: the clock was turned back an hour.*may be an hour off"):
        read_bars(turned_back(tmp_path), "EURUSD")


def test_hour_told_twice_can_be_dropped(tmp_path: Path) -> None:
    """The second telling goes, all of it and nothing else, and it is counted."""
    bars, report = read_bars(turned_back(tmp_path), "EURUSD", policy=Policy(clock="drop"))

    assert (60, 180, 0) == (report.count("clock"), report.bars, report.gaps)
    assert (SUNDAY - 60 * MINUTE, SUNDAY + 119 * MINUTE) == (bars.time[0], bars.time[-1])
    assert 1.1 - 60 / 1e6 == pytest.approx(bars.close[60])


DAY = 86_400_000
TOLD = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(0.5, 2.0), min_size=n, max_size=n),
        st.lists(st.integers(0, n - 1), max_size=20),
        st.randoms(),
    )
)


@given(TOLD)
def test_shuffled_and_doubled_rows_come_out_as_the_original(told: tuple[list[float], list[int], object]) -> None:
    """Any file whose rows were shuffled, and some told twice, gives the very bars it was made from."""
    prices, twice, dice = told
    original: list[Row] = [(i + 2, DAY * i, x, x, x, x, 0.0, 0.0) for i, x in enumerate(prices)]
    rows = [*original, *(original[i] for i in twice)]
    dice.shuffle(rows)  # type: ignore[attr-defined]
    tally = Tally("bars.csv", Policy(backward="repair", duplicate="drop"))

    assert original == put_in_order(rows, DAY, tally)
    assert len(twice) == tally.count("duplicate")


@given(st.lists(st.integers(0, 40), max_size=40))
def test_dropping_leaves_rising_times_and_counts_the_rest(minutes: list[int]) -> None:
    """Whatever the order, what is left rises strictly, and every row is a bar or in the report."""
    rows: list[Row] = [(i + 2, MINUTE * m, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0) for i, m in enumerate(minutes)]
    tally = Tally("bars.csv", Policy(backward="drop", duplicate="drop", clock="drop"))
    times = [row[1] for row in put_in_order(rows, MINUTE, tally)]

    assert sorted(set(times)) == times
    assert len(rows) == len(times) + sum(problem.count for problem in tally.problems())


PRICE = st.one_of(st.floats(), st.floats(0.5, 2.0), st.sampled_from([1.0, 1.1]))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(PRICE, PRICE, PRICE, PRICE), max_size=20), st.sampled_from([None, 0, 5]))
def test_what_is_left_is_always_a_bar(prices: list[tuple[float, float, float, float]], digits: int | None) -> None:
    """Every bar that leaves the check has positive prices that its high and low hold, and no row is lost uncounted."""
    rows: list[Row] = [(i, i, *four, 0.0, 0.0) for i, four in enumerate(prices)]
    tally = Tally("bars.csv", Policy(price="drop", range="repair"))
    kept = check_prices(rows, tally, digits)

    assert all(0.0 < low <= min(o, c) <= max(o, c) <= high for _, _, o, high, low, c, _, _ in kept)
    assert len(rows) == len(kept) + tally.count("price")


def test_columns_are_those_of_a_bar() -> None:
    """Columns and bar name their fields alike."""
    assert ("time", "open", "high", "low", "close", "volume", "spread") == COLUMNS
