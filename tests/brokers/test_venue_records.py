"""The venue's arithmetic against recorded tester accounts: every profit, balance, commission and swap, to the cent."""

import csv

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from brokers.fills import DIRECT, INVERSE, commission, night, profit
from market.money import cents

ACCOUNTS = [
    ("deals-btcusd-m15.csv", DIRECT, 1.0, 157),
    ("deals-xauusd-h4-a.csv", DIRECT, 100.0, 30),
    ("deals-usdjpy-m15.csv", INVERSE, 100000.0, 199),
]


def _number(cell: str) -> float:
    return float(cell.replace(" ", "").replace("\xa0", "") or 0)


def _deals(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _round_trips(path: Path) -> Iterator[tuple[float, dict[str, str], dict[str, str]]]:
    """Yield (side, in, out); an out closes the oldest position of its other side and its volume."""
    standing: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for deal in _deals(path):
        if deal["Direction"] == "in":
            standing[deal["Type"], deal["Volume"]].append(deal)
        elif deal["Direction"] == "out":
            kind = "sell" if deal["Type"] == "buy" else "buy"
            yield (1.0 if kind == "buy" else -1.0), standing[kind, deal["Volume"]].pop(0), deal


@pytest.mark.parametrize(("file", "mode", "contract", "count"), ACCOUNTS)
def test_profits_are_those_of_recorded_accounts(
    shared_data: Path, file: str, mode: float, contract: float, count: int
) -> None:
    """Every round trip of a recorded tester account earns exactly what its report says."""
    trips = list(_round_trips(shared_data / "mt5" / file))
    wrong = [
        (entry, out)
        for side, entry, out in trips
        if profit(mode, side, _number(entry["Price"]), _number(out["Price"]), _number(out["Volume"]), contract)
        != _number(out["Profit"])
    ]

    assert (count, []) == (len(trips), wrong)


@pytest.mark.parametrize("file", [file for file, *_ in ACCOUNTS])
def test_balances_are_those_of_recorded_accounts(shared_data: Path, file: str) -> None:
    """A balance is the one before plus profit, commission and swap, to the cent."""
    balance = 0.0
    wrong = []
    for deal in _deals(shared_data / "mt5" / file):
        balance = cents(balance + _number(deal["Profit"]) + _number(deal["Commission"]) + _number(deal["Swap"]))
        if balance != _number(deal["Balance"]):
            wrong.append(deal)

    assert [] == wrong


def test_commissions_are_those_of_a_recorded_account(shared_data: Path) -> None:
    """Five dollars a lot are charged on each entry of the gold account, rounded to the cent."""
    entries = [entry for _, entry, _ in _round_trips(shared_data / "mt5" / "deals-xauusd-h4-a.csv")]

    assert [_number(e["Commission"]) for e in entries] == [commission(5.0, _number(e["Volume"])) for e in entries]


def test_swaps_are_those_of_a_recorded_account(shared_data: Path) -> None:
    """Nights on gold add up with a threefold Wednesday and nothing for Saturday and Sunday."""
    days = (1.0, 1.0, 3.0, 1.0, 1.0, 0.0, 0.0)
    expected, actual = [], []
    for _, entry, out in _round_trips(shared_data / "mt5" / "deals-xauusd-h4-a.csv"):
        since, until = (datetime.strptime(deal["Time"][:10], "%Y.%m.%d") for deal in (entry, out))  # noqa: DTZ007
        evenings = [(since + timedelta(days=n)).weekday() for n in range((until - since).days)]
        volume = _number(out["Volume"])
        if evenings and entry["Type"] == "buy":
            expected.append(_number(out["Swap"]))
            actual.append(cents(sum(night(DIRECT, -66.0, days[d], volume, 1.0, 0.0) for d in evenings)))

    assert len(expected) > 10
    assert expected == actual
