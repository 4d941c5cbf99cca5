"""Tick files as they come: each form is read into the same ticks, or refused with a word on what to do."""

import gzip
import zipfile

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from brokers.mt5.zone import to_utc
from market.barcheck import BarFileError, Policy
from market.bartext import time_of
from market.tickfile import PAUSE, TickFile, read_ticks
from market.ticks import Ticks
from market.ticktext import Moments

BEGUN = 1_328_054_400_123  # 2012-02-01 00:00:00.123 UTC

TICKS = [
    (BEGUN, 1.5760, 1.5762),
    (BEGUN + 500, 1.5761, 1.5762),
    (BEGUN + 500, 1.5761, 1.5764),
    (BEGUN + 61_000, 1.5759, 1.5761),
]
"""The second has moved the bid alone, the third, of the same millisecond, the ask alone."""

MT5 = """<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>
2012.02.01\t00:00:00.123\t1.5760\t1.5762\t\t\t6
2012.02.01\t00:00:00.623\t1.5761\t\t\t\t130
2012.02.01\t00:00:00.623\t\t1.5764\t\t\t4
2012.02.01\t00:01:01.123\t1.5759\t1.5761\t\t\t134
"""
HISTDATA = """20120131 190000123,1.576000,1.576200,0
20120131 190000623,1.576100,1.576200,0
20120131 190000623,1.576100,1.576400,0
20120131 190101123,1.575900,1.576100,0
"""
CSV = """Timestamp,Ask,Bid
2012-02-01 00:00:00.123+00:00,1.5762,1.5760
2012-02-01 01:00:00.623+01:00,,1.5761
2012-02-01 00:00:00.623+00:00,1.5764,
2012-02-01 00:01:01.123+00:00,1.5761,1.5759
"""
EPOCH = """time;time_msc;bid;ask
1328054400;1328054400123;1.5760;1.5762
1328054400;1328054400623;1.5761;1.5762
1328054400;1328054400623;1.5761;1.5764
1328054461;1328054461123;1.5759;1.5761
"""

Write = Callable[..., Path]


def rows_of(ticks: Ticks) -> list[tuple[int, float, float]]:
    """Return ticks as plain rows."""
    return list(zip(ticks.time, ticks.bid, ticks.ask, strict=True))


@pytest.mark.parametrize(
    ("text", "form"),
    [(MT5, "mt5"), (HISTDATA, "histdata"), (CSV, "csv"), (EPOCH, "csv")],
    ids=["MetaTrader 5", "histdata", "ISO", "epoch"],
)
def test_every_form_of_text_gives_the_same_ticks(write: Write, text: str, form: str) -> None:
    """To the millisecond, in the order in which they came; a side that a tick does not tell stays as it was."""
    ticks, report = read_ticks(write(text), "GBPUSD", digits=5)

    assert TICKS == rows_of(ticks)
    assert (form, 4, 4, "ticks", BEGUN, BEGUN + 61_000) == (
        report.form, report.rows, report.bars, report.of, report.first, report.last,
    )  # fmt: skip


def test_packed_files_and_utf_16_are_read_alike(write: Write, tmp_path: Path) -> None:
    """As terminals and archives write them."""
    (tmp_path / "ticks.csv.gz").write_bytes(gzip.compress(MT5.encode()))
    with zipfile.ZipFile(tmp_path / "ticks.zip", "w") as archive:
        archive.writestr("ticks.csv", HISTDATA)
    files = [tmp_path / "ticks.csv.gz", tmp_path / "ticks.zip", write(MT5, "wide.csv", "utf-16")]

    assert [TICKS] * 3 == [rows_of(read_ticks(file, "GBPUSD", digits=5)[0]) for file in files]


def test_parquet_is_read_to_the_millisecond_by_flags(tmp_path: Path) -> None:
    """Milliseconds go before seconds; a side of 0.0 that its flag does not name is as it was."""
    columns = {
        "time": [BEGUN // 1000] * 3 + [BEGUN // 1000 + 61],
        "bid": [1.5760, 1.5761, 0.0, 1.5759],
        "ask": [1.5762, 0.0, 1.5764, 1.5761],
        "time_msc": [time for time, _, _ in TICKS],
        "flags": [134, 130, 4, 6],
    }
    parquet.write_table(pa.table(columns), tmp_path / "ticks.parquet")

    assert TICKS == rows_of(read_ticks(tmp_path / "ticks.parquet", "GBPUSD")[0])


def test_a_side_of_nothing_is_no_price_where_its_flag_names_it(tmp_path: Path) -> None:
    """Who says that the bid has changed to 0.0 tells no quote."""
    columns = {"time_msc": [BEGUN], "bid": [0.0], "ask": [1.5], "flags": [134]}
    parquet.write_table(pa.table(columns), tmp_path / "ticks.parquet")

    with pytest.raises(BarFileError, match=r"line 1: bid 0, ask 1\.5: not both are prices; mend the row"):
        read_ticks(tmp_path / "ticks.parquet", "GBPUSD")


HEAD = "time,bid,ask\n1328054400123,1.2,1.3\n"


@pytest.mark.parametrize(
    ("row", "kind", "done", "left", "said"),
    [
        ("yesterday,1.2,1.3", "unreadable", "drop", 1, r"line 3: 'yesterday,1.2,1.3' is no tick"),
        ("1328054400124,-1.2,1.3", "price", "drop", 1, r"line 3: bid -1\.2, ask 1\.3: not both are prices"),
        ("1328054400124,1.4,1.3", "range", "drop", 1, r"bid 1\.4 is above ask 1\.3; .*range=\"repair\""),
        ("1328054400124,1.4,1.3", "range", "repair", 2, r"bid 1\.4 is above ask 1\.3"),
        ("1328054400123,1.2,1.3", "duplicate", "drop", 1, r"was told just before; read with duplicate=\"drop\""),
        ("1328054400122,1.2,1.3", "backward", "drop", 1, r"comes after .*; sort the file, or read with"),
    ],
)
def test_what_no_tick_can_be_is_refused_or_dropped_and_counted(
    write: Write, row: str, kind: str, done: str, left: int, said: str
) -> None:
    """Refused, unless the policy says otherwise; then it is counted, and the first ones are quoted."""
    path = write(f"{HEAD}{row}\n")
    with pytest.raises(BarFileError, match=said):
        read_ticks(path, "GBPUSD")

    ticks, report = read_ticks(path, "GBPUSD", Policy(**{kind: done}))  # type: ignore[arg-type]  # the case's own
    assert (left, 2, 1) == (len(ticks), report.rows, report.count(kind))
    assert f"{kind}: 1 ({done})" in report.lines()[-1]


def test_a_crossed_tick_is_mended_to_no_spread(write: Write) -> None:
    """The bid is what bars are made of; it stays."""
    ticks, _ = read_ticks(write(f"{HEAD}1328054400124,1.4,1.3\n"), "GBPUSD", Policy(range="repair"))

    assert (1.4, 1.4) == (ticks.bid[1], ticks.ask[1])


def test_pauses_are_counted_and_refused_where_they_are_too_long(write: Write) -> None:
    """From an hour on; the longest is named."""
    path = write(f"{HEAD}{BEGUN + PAUSE},1.2,1.3\n{BEGUN + 4 * PAUSE},1.2,1.3\n")

    assert (1, 10_800.0, BEGUN + PAUSE) == (
        (report := read_ticks(path, "GBPUSD")[1]).gaps, report.longest_gap_s, report.longest_gap_at,
    )  # fmt: skip
    with pytest.raises(BarFileError, match=r"line 4: nothing between 2012-02-01 01:00:00 and 2012-02-01 04:00:00"):
        read_ticks(path, "GBPUSD", Policy(gap="refuse", longest_gap_s=7_200.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,open,high,low,close\n1,1,1,1,1\n", r"no column for bid, ask among time, open.*is it a file of ticks\?"),
        ("time,bid,ask\n", r"no tick among 0 rows; is it a file of ticks\?"),
        ("", r"no column for time, bid, ask among"),
    ],
    ids=["bars", "no row", "nothing"],
)
def test_what_holds_no_ticks_is_refused_by_name(write: Write, text: str, said: str) -> None:
    """Bars are not ticks."""
    with pytest.raises(BarFileError, match=said):
        read_ticks(write(text), "GBPUSD")


def test_ticks_are_never_sorted(write: Write) -> None:
    """A file that takes more memory than there is cannot be; whoever asks for it hears so before anything is read."""
    with pytest.raises(BarFileError, match="ticks are not sorted here: sort the file"):
        read_ticks(write(MT5), "GBPUSD", Policy(backward="repair"))


def test_a_clock_turns_the_servers_time(write: Write) -> None:
    """As it does with bars."""
    ticks, report = read_ticks(write(MT5), "GBPUSD", clock=lambda wall: wall - 7_200_000)

    assert (BEGUN - 7_200_000, "turned into UTC by the clock given") == (ticks.time[0], report.zone)


@given(
    at=st.integers(1_700_000_000_000, 1_740_000_000_000),
    zone=st.sampled_from(["UTC", "UTC+2 EU", "New York close"]),
    form=st.sampled_from(
        ["{:%Y.%m.%d %H:%M:%S}", "{:%Y-%m-%d %H:%M:%S}.{ms:03d}", "{:%Y-%m-%dT%H:%M:%S}.{ms:03d}+00:00"]
    ),
)
def test_moments_are_read_a_minute_at_a_time_as_each_by_itself(at: int, zone: str, form: str) -> None:
    """Whatever they are written like, over each change of a clock."""
    clock = partial(to_utc, zone)
    moments, text = Moments(clock), form.format(datetime.fromtimestamp(at / 1000, UTC), ms=at % 1000)
    wall = time_of(text)

    assert [time_of(text, clock)] * 2 == [moments.of(text) for _ in range(2)]
    assert [clock(wall)] * 2 == [moments.turned(wall) for _ in range(2)]
    assert wall == Moments(None).of(text) == Moments(None).turned(wall)


@pytest.mark.parametrize("text", ["2024.01.01 00:00:75", "2024.01.01 00:00:1x", "2024.13.01 00:00:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """Not read as another one."""
    with pytest.raises(ValueError, match=r"isoformat|must be in"):
        Moments(None).of(text)


def test_a_long_file_comes_in_parts_and_tells_how_far_it_is(write: Write) -> None:
    """Some ticks are in memory at a time."""
    rows = "".join(f"{BEGUN + n},1.2,1.{3 + n % 5}\n" for n in range(140_000))
    told: list[tuple[int, int]] = []
    parts = list(TickFile(write(f"time,bid,ask\n{rows}")).parts(lambda done, whole: told.append((done, whole))))

    assert [131_072, 8_928] == [len(times) for times, _, _ in parts]
    assert [(1, 3), (2, 3)] == told[:2]
