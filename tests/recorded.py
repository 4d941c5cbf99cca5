"""Recorded tester accounts, told again to a simulated venue: it is given prices and requests, and must make the money.

A venue is built from the symbol's specification where one was saved; what was inferred is said beside each account.
Prices are those of the recorded deals, at which bid and ask are one, and one price a night, which no file has: it is
that of the deal nearest to midnight, or the price nearest to it by which the night's swap comes out.
"""

import csv

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from brokers.commission import PerLot
from brokers.costs import Costs
from brokers.facts import Accepted
from brokers.requests import AnyRequest, CloseRequest, EntryRequest
from brokers.swap import SwapInterest, SwapPoints, SwapPolicy
from brokers.venue import Venue
from market.money import cents
from market.types import DAY_MS, CalcMode, Deal, Side, Symbol

Row = dict[str, str]
Trip = tuple[Row, Row]

_CALCS: dict[str, CalcMode] = {"Forex": "forex", "CFD Leverage": "cfd_leverage"}
_STEP = 0.00002  # of a price: how finely a night's price is looked for


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One account: its files and what its venue is made of."""

    files: str
    symbol: str
    specs: bool
    costs: Costs
    days: tuple[float, float, float, float, float, float, float]


XAUUSD = Recording(
    files="xauusd-h4-a",
    symbol="XAUUSD",
    specs=True,
    # inferred: commission (no file has it) and -66.00 points a night, of a day when the specification's was not -63.88
    costs=Costs(commission=PerLot(rate=5.0, on="in"), swap=SwapPoints(long=-66.0, short=0.0)),
    days=(1.0, 1.0, 3.0, 1.0, 1.0, 0.0, 0.0),
)
USDJPY = Recording(
    files="usdjpy-m15",
    symbol="USDJPY",
    specs=True,
    # inferred: 7.93 and -17.77 points, where the specification of another day has 5.96 and -16.95
    costs=Costs(swap=SwapPoints(long=7.93, short=-17.77)),
    days=(1.0, 1.0, 3.0, 1.0, 1.0, 0.0, 0.0),
)
BTCUSD = Recording(
    files="btcusd-m15",
    symbol="BTCUSD",
    specs=False,
    # all inferred: two digits and hundredths of a lot are in the file, one coin a lot from the profits, 30 % a year of
    # the night's price over 360 days and the weekdays' factors from the swaps
    costs=Costs(swap=SwapInterest(long=-30.0, short=0.0)),
    days=(1.0, 1.0, 1.0, 1.0, 3.0, 0.0, 0.0),
)
RECORDINGS = {r.symbol: r for r in (XAUUSD, USDJPY, BTCUSD)}


def number(cell: str) -> float:
    """Return a cell as a number; thousands are parted by blanks."""
    return float(cell.replace(" ", "").replace("\xa0", "") or 0)


def moment(cell: str) -> int:
    """Return a cell as milliseconds of the server's clock."""
    return int(datetime.strptime(cell, "%Y.%m.%d %H:%M:%S").replace(tzinfo=UTC).timestamp()) * 1000


def rows(path: Path) -> list[Row]:
    """Return a table of the file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def contract(folder: Path, r: Recording) -> Symbol:
    """Return the symbol of a recording, from its specification where there is one."""
    if not r.specs:
        return Symbol(
            name=r.symbol, digits=2, tick_size=0.01, contract_size=1.0, volume_min=0.01, volume_max=100.0,
            volume_step=0.01, currency_base="BTC", currency_profit="USD", swap_days=r.days,
        )  # fmt: skip
    told = {row["Property"]: row["Value"] for row in rows(folder / f"specs-{r.symbol}.csv")}
    return Symbol(
        name=r.symbol, digits=int(told["Digits"]), tick_size=float(told["Tick size"]),
        contract_size=float(told["Contract size"]), volume_min=float(told["Minimal volume"]),
        volume_max=float(told["Maximal volume"]), volume_step=float(told["Volume step"]), currency_base=r.symbol[:3],
        calc=_CALCS[told["Calculation"]], stops_level=int(told["Stops level"]), swap_days=r.days,
        currency_margin=told["Margin currency"], currency_profit=told["Profit currency"],
    )  # fmt: skip


def trips(deals: list[Row]) -> Iterator[Trip]:
    """Yield each entry with its exit: an exit closes the oldest of its other side and its volume; none is ambiguous."""
    standing: list[Row] = []
    for deal in deals:
        if deal["Direction"] == "in":
            standing.append(deal)
        elif deal["Direction"] == "out":
            entry = next(e for e in standing if e["Type"] != deal["Type"] and e["Volume"] == deal["Volume"])
            standing.remove(entry)
            yield entry, deal


def nearest_price(trip: Trip) -> float:
    """Return the price of the deal nearest to the first midnight between an entry and its exit.

    A stop's or target's exit does not count: its level was not reached before.
    """
    entry, out = trip
    if out["Comment"][:3] in {"sl ", "tp "}:
        return number(entry["Price"])
    midnight = (moment(entry["Time"]) // DAY_MS + 1) * DAY_MS
    near = entry if midnight - moment(entry["Time"]) <= moment(out["Time"]) - midnight else out
    return number(near["Price"])


def textbook_swap(r: Recording, size: float, trip: Trip, price: float) -> float:
    """Return what a trade's nights come to at one price: the sum of each night's, rounded each."""
    entry, out = trip
    volume, policy = number(out["Volume"]), r.costs.swap

    assert not isinstance(policy, bool)
    rate = policy.long if entry["Type"] == "buy" else policy.short
    a_night = volume * _of_a_lot(policy, r, size, price) * rate
    first, last = (moment(deal["Time"]) // DAY_MS for deal in trip)
    return cents(sum(cents(a_night * r.days[(evening + 3) % 7]) for evening in range(first, last)))


def _of_a_lot(policy: SwapPolicy, r: Recording, size: float, price: float) -> float:
    if isinstance(policy, SwapInterest):
        return size * price / 100.0 / policy.year
    return size / 1000.0 / price if r.symbol == "USDJPY" else size / 100.0


def night_price(r: Recording, size: float, trip: Trip, levels: tuple[float, float], within: float) -> float | None:
    """Return the price nearest to the nearest deal's by which a trade's swap comes out, or None within a share of it.

    It has not reached the trade's stop and target, 0.0 where there is none.
    """
    near, swap = nearest_price(trip), number(trip[1]["Swap"])
    entered = number(trip[0]["Price"])
    for step in range(int(within / _STEP) + 1):
        for price in (near * (1.0 + step * _STEP), near * (1.0 - step * _STEP)):
            beyond = any(level and (price - level) * (entered - level) <= 0.0 for level in levels)
            if not beyond and textbook_swap(r, size, trip, price) == swap:
                return price
    return None


def recorded_deals(table: list[Row]) -> list[Deal]:
    """Return the deals of a recorded account; positions are those of their entries, as `trips` pairs them."""
    position = {row["Deal"]: int(row["Deal"]) for row in table}
    position |= {out["Deal"]: int(came["Deal"]) for came, out in trips(table)}
    return [
        Deal(
            ticket=int(row["Deal"]), order=int(row["Order"] or 0), position=position[row["Deal"]],
            at=moment(row["Time"]), symbol=row["Symbol"], side=-1 if row["Type"] == "sell" else 1,
            entry=row["Direction"] or "none",  # type: ignore[arg-type]  # as the file has it
            volume=number(row["Volume"]), price=number(row["Price"]), profit=number(row["Profit"]),
            commission=number(row["Commission"]), swap=number(row["Swap"]), magic=position[row["Deal"]],
            flow="" if row["Direction"] else "balance",
        )
        for row in table
    ]  # fmt: skip


class Replayed:
    """A venue that is told a recorded account, deal by deal."""

    def __init__(self, folder: Path, r: Recording, within: float) -> None:
        """Tell everything; a night's price may be `within` a share of the nearest deal's."""
        self.deals = rows(folder / f"deals-{r.files}.csv")
        self.orders = {row["Order"]: row for row in rows(folder / f"orders-{r.files}.csv")}
        self.symbol = contract(folder, r)
        self.venue = Venue(
            {r.symbol: self.symbol}, {r.symbol: r.costs}, currency="USD", balance=number(self.deals[0]["Balance"]),
            leverage=500, at=moment(self.deals[0]["Time"]),
        )  # fmt: skip
        self.positions: dict[str, int] = {}
        self.moved: list[str] = []
        """Trades, by the number of their exit deal, whose night had another price than the nearest deal."""
        self.unexplained: list[str] = []
        """Trades whose swap no price within reach explains."""
        self.wrong: list[tuple[str, str, float | str, float | str]] = []
        """(deal, what, recorded, made)."""
        self._nights = self._priced(r, within)
        self._drift = 0.0
        for row in self.deals[1:]:
            self._tell(row)

    def _priced(self, r: Recording, within: float) -> dict[int, float]:
        """Return the price of the last quote of each day that a trade lasts beyond."""
        found = {}
        self.entry_of = {out["Deal"]: entry for entry, out in trips(self.deals)}
        for trip in trips(self.deals):
            first, last = (moment(deal["Time"]) // DAY_MS for deal in trip)
            order = self.orders[trip[0]["Order"]]
            levels = (number(order["S / L"]), number(order["T / P"]))
            price = night_price(r, self.symbol.contract_size, trip, levels, within)
            if price is None:
                self.unexplained.append(trip[1]["Deal"])
            elif price != nearest_price(trip):
                self.moved.append(trip[1]["Deal"])
            for day in range(first, last):
                found[day] = price or nearest_price(trip)
        return found

    def _quote(self, at: int, price: float) -> None:
        self.venue.tick(self.symbol.name, at, price, price)

    def _tell(self, row: Row) -> None:
        at, price = moment(row["Time"]), number(row["Price"])
        for day in range(self.venue.at // DAY_MS, at // DAY_MS):
            if day in self._nights and self.venue.positions():
                self._quote((day + 1) * DAY_MS - 1, self._nights[day])
        before = len(self.venue.deals)
        self._quote(at, price)
        if row["Direction"] == "in":
            answer = self.venue.send(self._entry(row))

            assert isinstance(answer, Accepted), (row, answer)
            self.positions[row["Deal"]] = answer.order
        elif row["Comment"][:3] not in {"sl ", "tp "}:
            answer = self.venue.send(self._close(row))

            assert isinstance(answer, Accepted), (row, answer)
        self._compare(row, before)

    def _compare(self, row: Row, before: int) -> None:
        assert before + 1 == len(self.venue.deals), (row, self.venue.deals[before:])

        made = self.venue.deals[before]
        recorded = {name: number(row[name]) for name in ("Volume", "Price", "Commission", "Swap", "Profit")}
        given = (made.volume, made.price, made.commission, made.swap, made.profit)
        pairs: list[tuple[str, float | str, float | str]] = [
            (name, cell, is_) for (name, cell), is_ in zip(recorded.items(), given, strict=True)
        ]
        pairs.append(("Comment", row["Comment"], made.comment))
        self.wrong += [(row["Deal"], name, cell, is_) for name, cell, is_ in pairs if cell != is_]
        self._drift += sum(recorded[name] for name in ("Commission", "Swap", "Profit")) - made.money
        balance = cents(self.venue.balance + self._drift)
        if balance != number(row["Balance"]):
            self.wrong.append((row["Deal"], "Balance", number(row["Balance"]), balance))

    def _entry(self, row: Row) -> AnyRequest:
        order = self.orders[row["Order"]]
        side: Side = 1 if row["Type"] == "buy" else -1
        return EntryRequest(
            id=int(row["Deal"]), symbol=self.symbol.name, side=side, kind="market", volume=number(row["Volume"]),
            price=number(row["Price"]), stop=number(order["S / L"]), target=number(order["T / P"]), magic=1,
            comment=row["Comment"], decided_at=0,
        )  # fmt: skip

    def _close(self, row: Row) -> AnyRequest:
        entry = self.entry_of[row["Deal"]]
        return CloseRequest(
            id=int(row["Deal"]), symbol=self.symbol.name, position=self.positions[entry["Deal"]],
            side=1 if entry["Type"] == "buy" else -1, volume=number(row["Volume"]), price=number(row["Price"]), magic=1,
            comment=row["Comment"], decided_at=0,
        )  # fmt: skip
