"""Recorded tester accounts go through the venue's own money: every profit, commission, swap and balance to the cent."""

from pathlib import Path

import pytest

from brokers.fills import DIRECT, INVERSE, profit
from tests.recorded import BTCUSD, RECORDINGS, USDJPY, XAUUSD, Recording, Replayed, number, rows, trips

HOLIDAY = ("395", "Swap", 2.13, 1.06)
"""The night from Friday 26 to Monday 29 December 2025 was charged double: a holiday's factor, which no file has."""

MIDNIGHTS = 0.01
"""The farthest share by which a midnight's price has to lie from the nearest deal's, up to three hours away."""

UNRECORDED = [
    "21", "27", "35", "37", "41", "45", "49", "61", "79", "101", "105", "113", "139", "143", "147", "151", "181", "187",
    "191", "201", "209", "213", "227", "233", "257", "279", "285", "295", "299", "307", "311", "315",
]  # fmt: skip
"""Deals of BTCUSD whose swap is not that of the nearest deal's price: the night's price is not recorded."""


def replayed(shared_data: Path, recording: Recording, within: float = 0.0) -> Replayed:
    """Return an account told again to a venue."""
    return Replayed(shared_data / "mt5", recording, within)


@pytest.mark.parametrize(("recording", "count"), [(XAUUSD, 60), (USDJPY, 398), (BTCUSD, 314)])
def test_a_recorded_account_comes_out_of_the_venue(shared_data: Path, recording: Recording, count: int) -> None:
    """Each deal of a recorded account is made anew, with its price, money, comment and balance, but one row.

    The contract of BTCUSD is inferred: one coin a lot, two digits, 30 % a year over 360 days on a long position,
    threefold on Friday, nothing on Saturday and Sunday. A night's price is recorded nowhere: it is the price nearest to
    that of the nearest deal by which the swap comes out, and is never farther from it than `MIDNIGHTS`.
    """
    told = replayed(shared_data, recording, MIDNIGHTS)

    assert count == len(told.venue.deals) - 1
    assert [HOLIDAY] * (recording is USDJPY) == told.wrong


@pytest.mark.parametrize(
    ("recording", "expected"), [(XAUUSD, []), (USDJPY, ["395"]), (BTCUSD, UNRECORDED)], ids=RECORDINGS
)
def test_without_looking_for_a_nights_price_only_swaps_differ(
    shared_data: Path, recording: Recording, expected: list[str]
) -> None:
    """With the nearest deal's price at midnight, nothing but the listed swaps is off, and by less than ten cents."""
    told = replayed(shared_data, recording)
    off = [(recorded, made) for deal, _, recorded, made in told.wrong if deal != HOLIDAY[0]]

    assert expected == [deal for deal, *_ in told.wrong]
    assert {"Swap"} >= {what for _, what, *_ in told.wrong}
    assert all(abs(float(recorded) - float(made)) < 0.1 for recorded, made in off)


def test_a_holidays_factor_explains_the_row_that_does_not_come_out(shared_data: Path) -> None:
    """Twice the factor on that one Friday gives the recorded swap."""
    told = replayed(shared_data, USDJPY)
    deal = next(row for row in told.deals if row["Deal"] == HOLIDAY[0])
    one_night = 7.93 * number(deal["Volume"]) * 100.0 / 156.597

    assert (HOLIDAY[2], HOLIDAY[3]) == (round(2.0 * one_night, 2), round(one_night, 2))


@pytest.mark.parametrize(
    ("recording", "mode", "size", "count"),
    [(BTCUSD, DIRECT, 1.0, 157), (XAUUSD, DIRECT, 100.0, 30), (USDJPY, INVERSE, 100000.0, 199)],
)
def test_profits_are_those_of_recorded_accounts(
    shared_data: Path, recording: Recording, mode: float, size: float, count: int
) -> None:
    """The kernel alone earns on every round trip exactly what its report says."""
    pairs = list(trips(rows(shared_data / "mt5" / f"deals-{recording.files}.csv")))
    wrong = [
        out
        for entry, out in pairs
        if number(out["Profit"])
        != profit(
            mode,
            1.0 if entry["Type"] == "buy" else -1.0,
            number(entry["Price"]),
            number(out["Price"]),
            number(out["Volume"]),
            size,
        )
    ]

    assert (count, []) == (len(pairs), wrong)
