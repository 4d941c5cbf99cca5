"""Bar files as they come: each form is read into the same bars, or refused with a word on what to do."""

import gzip
import zipfile

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from pyarrow import parquet

from market.barcheck import BarFileError
from market.barfile import read_bars
from market.bars import COLUMNS, Bars
from market.bartext import time_of

FEBRUARY = 1_328_054_400_000  # 2012-02-01 00:00 UTC, a Wednesday
MINUTE = 60_000
DAY = 86_400_000

ROWS = [
    (FEBRUARY, 1.57597, 1.57606, 1.57576, 1.57576, 12.0, 8.0),
    (FEBRUARY + MINUTE, 1.57576, 1.57583, 1.57543, 1.57543, 13.0, 9.0),
    (FEBRUARY + 2 * MINUTE, 1.57543, 1.57551, 1.57542, 1.57548, 14.0, 8.0),
]

MT5 = """<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>
2012.02.01\t00:00:00\t1.57597\t1.57606\t1.57576\t1.57576\t12\t0\t8
2012.02.01\t00:01:00\t1.57576\t1.57583\t1.57543\t1.57543\t13\t0\t9
2012.02.01\t00:02:00\t1.57543\t1.57551\t1.57542\t1.57548\t14\t0\t8
"""
CSV = """Timestamp,Open,High,Low,Close,Volume,Spread
2012-02-01 00:00:00+00:00,1.57597,1.57606,1.57576,1.57576,12,8
2012-02-01 00:01:00+00:00,1.57576,1.57583,1.57543,1.57543,13,9
2012-02-01 00:02:00+00:00,1.57543,1.57551,1.57542,1.57548,14,8
"""
EPOCH = """close;low;high;open;time;volume;spread
1.57576;1.57576;1.57606;1.57597;1328054400;12;8
1.57543;1.57543;1.57583;1.57576;1328054460;13;9
1.57548;1.57542;1.57551;1.57543;1328054520;14;8
"""
HISTDATA = """20120131 190000;1.575970;1.576060;1.575760;1.575760;12
20120131 190100;1.575760;1.575830;1.575430;1.575430;13
20120131 190200;1.575430;1.575510;1.575420;1.575480;14
"""
MT5_DAYS = """<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>
2012.02.01\t1.3\t1.4\t1.2\t1.35\t12\t0\t8
2012.02.02\t1.35\t1.36\t1.3\t1.31\t12\t0\t8
"""

Write = Callable[..., Path]


def rows_of(bars: Bars) -> list[tuple[float, ...]]:
    """Return bars as plain rows."""
    return [tuple(getattr(bar, name) for name in COLUMNS) for bar in bars]


@pytest.mark.parametrize(
    ("text", "form"), [(MT5, "mt5"), (CSV, "csv"), (EPOCH, "csv")], ids=["MetaTrader 5", "ISO", "epoch"]
)
def test_every_text_form_gives_the_same_bars(write: Write, text: str, form: str) -> None:
    """Bars, volumes, spreads and the timeframe come out alike, however the columns stand."""
    bars, report = read_bars(write(text), "GBPUSD")

    assert ROWS == rows_of(bars)
    assert ("GBPUSD", "M1", form, 3, ()) == (bars.symbol, bars.timeframe, report.form, report.rows, report.problems)


def test_histdata_is_est_the_whole_year(write: Write) -> None:
    """Seven in the evening of histdata is midnight UTC, and it tells no spread."""
    bars, report = read_bars(write(HISTDATA), "GBPUSD")

    assert [(*row[:6], 0.0) for row in ROWS] == rows_of(bars)
    assert ("histdata", "EST, UTC-5 the whole year") == (report.form, report.zone)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_terminal_encodings_are_read(write: Write, coding: str) -> None:
    """MetaTrader writes UTF-8 or UTF-16, and Windows a byte order mark."""
    assert ROWS == rows_of(read_bars(write(MT5, coding=coding), "GBPUSD")[0])


def test_packed_files_are_read(tmp_path: Path) -> None:
    """What is packed with gzip or zip need not be unpacked, and the first bytes tell, not the name."""
    packed, archive = tmp_path / "bars.dat", tmp_path / "bars.zip"
    packed.write_bytes(gzip.compress(CSV.encode()))
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("DAT_ASCII.csv", HISTDATA)
        file.writestr("DAT_ASCII.pdf", "words")

    assert ROWS == rows_of(read_bars(packed, "GBPUSD")[0])
    assert 3 == len(read_bars(archive, "GBPUSD")[0])


def test_daily_export_has_no_time(write: Write) -> None:
    """A daily MetaTrader export has dates only: bars open at midnight."""
    bars, report = read_bars(write(MT5_DAYS), "EURUSD")

    assert ("D1", [FEBRUARY, FEBRUARY + DAY]) == (bars.timeframe, bars.time.tolist())
    assert "server time taken as UTC" == report.zone


def test_clock_turns_server_time_into_utc(write: Write) -> None:
    """A server two hours ahead is put right by the clock given, and the report says so."""
    bars, report = read_bars(write(MT5), "GBPUSD", clock=lambda wall: wall - 7_200_000)

    assert [row[0] - 7_200_000 for row in ROWS] == bars.time.tolist()
    assert "turned into UTC by the clock given" == report.zone


def test_clock_and_zone_together_are_refused(write: Write) -> None:
    """A stamp that says it is two hours ahead of UTC is not turned twice."""
    with pytest.raises(BarFileError, match=r"line 2: .*names its own zone"):
        read_bars(write(CSV.replace("+00:00", "+02:00")), "GBPUSD", clock=lambda wall: wall)


def parquet_of(folder: Path, **nulls: int) -> Path:
    """Write ROWS as Parquet with columns named as copy_rates names them; `nulls`: a column, and its row without."""
    path = folder / "bars.parquet"
    names = ("time", "open", "high", "low", "close", "tick_volume", "spread")
    table = {name: list(column) for name, column in zip(names, zip(*ROWS, strict=True), strict=True)}
    for name, row in nulls.items():
        table[name][row] = None
    table["time"] = pa.array(table["time"], pa.timestamp("ms", tz="UTC"))
    parquet.write_table(pa.table(table), path)
    return path


def test_parquet_is_read(tmp_path: Path) -> None:
    """Columns named as copy_rates names them are enough."""
    bars, report = read_bars(parquet_of(tmp_path), "GBPUSD")

    assert ROWS == rows_of(bars)
    assert "parquet" == report.form


def test_what_parquet_does_not_tell_is_not_known(tmp_path: Path) -> None:
    """A null spread or volume, as pandas writes it, is 0, as where the column is absent."""
    bars, _ = read_bars(parquet_of(tmp_path, spread=0, tick_volume=1), "GBPUSD")

    assert (0.0, 0.0) == (bars.spread[0], bars.volume[1])


def test_a_price_that_parquet_does_not_tell_is_refused(tmp_path: Path) -> None:
    """By its row, in words."""
    with pytest.raises(BarFileError, match=r"line 2: row .* has no price in one of its columns"):
        read_bars(parquet_of(tmp_path, close=1), "GBPUSD")


@pytest.mark.parametrize(
    "stamp",
    [
        "2012-02-01",
        "2012-02-01T00:00Z",
        "2012.02.01 00:00:00.000",
        "20120201",
        "2012-01-31 19:00-05:00",
        "1328054400",
        "1328054400000",
        "1328054400000000",
        "1328054400000000000",
    ],
)
def test_stamps_mean_the_same_moment(stamp: str) -> None:
    """ISO 8601, MetaTrader's dots and numbers since 1970 in any unit are understood."""
    assert FEBRUARY == time_of(stamp)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column for time, open, high, low, close"),
        ("a,b\n1,2\n", "no column for time, open, high, low, close among a, b; name them so"),
        ("time,open,high,low\n", "no column for close among time, open, high, low"),
        ("time,open,high,low,close\n", "no bar among 0 rows; is it a file of bars?"),
        ("time,open,high,low,close\n2012-02-01,1,1,1,1\n", "one bar does not tell its timeframe; name it"),
        ("time,open,high,low,close\n1328054400,1,1,1,1\n1328054407,1,1,1,1\n", "7 s apart, which is no timeframe"),
        ("time,open,high,low,close\n01/02/2012,1,1,1,1\n", "line 2: '01/02/2012,1,1,1,1' is no bar"),
        ("time,open,high,low,close\n2012-02-01,1,1,1\n", "line 2: '2012-02-01,1,1,1' is no bar"),
        ("time,open,high,low,close,volume\n2012-02-01,1,1,1,1,-5\n", r"line 2: .*-5 is no volume or spread"),
    ],
)
def test_file_without_bars_is_refused(write: Write, text: str, message: str) -> None:
    """The refusal names the file, and what it lacks."""
    path = write(text)

    with pytest.raises(BarFileError, match=message) as refusal:
        read_bars(path, "GBPUSD")
    assert str(refusal.value).startswith(str(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bars.csv", bytes(range(256)) * 8),
        ("bars.csv", b"\x1f\x8b broken"),
        ("bars.csv", gzip.compress(CSV.encode())[:-20]),
        ("bars.zip", b"PK\x03\x04 broken"),
        ("bars.parquet", b"PAR1 broken"),
    ],
    ids=["noise", "gzip", "cut gzip", "zip", "parquet"],
)
def test_broken_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """A file that is no bar file, or was cut short, is a refusal and never a traceback of a library."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BarFileError, match="cannot be read"):
        read_bars(tmp_path / name, "GBPUSD")


def test_absent_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(BarFileError, match=r"absent\.csv: cannot be read"):
        read_bars(tmp_path / "absent.csv", "GBPUSD")


def test_archive_of_two_files_is_refused(tmp_path: Path) -> None:
    """Nobody guesses which of two files is meant."""
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV)

    with pytest.raises(BarFileError, match=r"holds 2 text files \(a.csv, b.csv\), not one"):
        read_bars(tmp_path / "two.zip", "GBPUSD")


def test_finer_bars_than_named_are_refused(write: Write) -> None:
    """A minute file is not read as five-minute bars; a sparse file may be read as what it is."""
    sparse = "time,open,high,low,close\n2012-02-01,1,1,1,1\n2012-02-03,1,1,1,1\n"

    with pytest.raises(BarFileError, match="mostly 60 s apart, too close for M5"):
        read_bars(write(CSV), "GBPUSD", "M5")
    assert "D1" == read_bars(write(sparse), "X", "D1")[0].timeframe
    with pytest.raises(BarFileError, match="'M7' is no timeframe"):
        read_bars(write(CSV), "GBPUSD", "M7")


def test_prices_are_rounded_to_the_digits_named(write: Write) -> None:
    """Noise behind the last digit goes, where the digits are known."""
    noisy = "time,open,high,low,close\n2012-02-01,1244.780029,1272.5,1244.780029,1272.339966\n"
    bars, _ = read_bars(write(noisy), "SP500", "D1", digits=2)

    assert (1244.78, 1272.5, 1244.78, 1272.34) == rows_of(bars)[0][1:5]
