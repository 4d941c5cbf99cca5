"""The money of a record over time: its equity, its balance, and how far it stood below its highest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any, NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.decided import Decided, Part, parts
from backtests.scratch import gone_through, room, stretches_of
from brokers.book import mode_of, units_of
from brokers.fills import floating
from market.barfile_room import let_go
from market.money import cents
from market.types import Deal, Symbol

Array = NDArray[Any]
Point = tuple[int, float]
"""A moment, UTC milliseconds, and money."""


class Curve(NamedTuple):
    """Money over time, (n,) each: moments in UTC milliseconds, rising."""

    at: Array
    money: Array


class Fall(NamedTuple):
    """How far a curve stands below its highest so far, (n,) each; 0 or negative."""

    at: Array
    money: Array
    share: Array


def curve_of(points: Iterable[Point]) -> Curve:
    """Return points as a curve."""
    told = list(points)
    return Curve(np.array([at for at, _ in told], np.int64), np.array([money for _, money in told], np.float64))


class _Holding:
    """A position as its deals tell it."""

    def __init__(self, deal: Deal) -> None:
        self.symbol, self.side, self.volume, self.value = deal.symbol, deal.side, 0.0, 0.0

    def grow(self, deal: Deal) -> None:
        self.volume += deal.volume
        self.value += deal.volume * deal.price

    def shrink(self, volume: float) -> None:
        self.value -= self.value * volume / self.volume
        self.volume -= volume


_Held = tuple[str, float, float, float]
"""Symbol, side, price of the entry and lots of a position."""


class _Account:
    """Balance and positions, deal by deal, valued at the quotes of the decisions."""

    def __init__(self, initial: float, deals: Sequence[Deal], symbols: Mapping[str, Symbol], currency: str) -> None:
        self.balance, self.deals, self.done = initial, deals, 0
        self.held: dict[int, _Holding] = {}
        self.quotes: dict[str, tuple[float, float]] = {}
        self.contracts = {name: (mode_of(s, currency) or 0.0, units_of(s, currency)) for name, s in symbols.items()}

    def take(self) -> Deal:
        """Take the next deal in."""
        deal = self.deals[self.done]
        self.done += 1
        self.balance = cents(self.balance + deal.money)
        if deal.entry == "in":
            self.held.setdefault(deal.position, _Holding(deal)).grow(deal)
        elif deal.entry == "out" and deal.position in self.held:
            held = self.held[deal.position]
            held.shrink(deal.volume)
            if held.volume < 1e-9:
                del self.held[deal.position]
        return deal

    def standing(self) -> tuple[_Held, ...]:
        return tuple((h.symbol, float(h.side), h.value / h.volume, h.volume) for h in self.held.values())

    def equity(self) -> float:
        total = self.balance
        for symbol, side, price, volume in self.standing():
            if symbol in self.quotes:
                bid, ask = self.quotes[symbol]
                mode, contract = self.contracts[symbol]
                total += floating(mode, side, price, bid if side > 0 else ask, volume, contract)
        return total

    # --- many moments at once -----------------------------------------------------------------------------------------

    def over(self, decided: Decided, part: Part) -> Curve:
        """Return the equity at each moment of a part, all deals up to it taken in."""
        last = np.flatnonzero(np.append(part.at[1:] != part.at[:-1], True))
        at = part.at[last]
        quotes = {name: self._quoted(part, last, place, name) for place, name in enumerate(decided.symbols)}
        begins, balances, stood = self._stretches(at)
        lengths = np.diff(np.append(begins, len(at)))
        total = np.repeat(balances, lengths)
        for slot in range(max(map(len, stood))):
            total = self._valued(total, [s[slot] if slot < len(s) else None for s in stood], lengths, quotes)
        return Curve(at, total)

    def _quoted(self, part: Part, last: Array, place: int, name: str) -> tuple[Array, Array, Array]:
        """Return bid and ask of a symbol at each moment, and whether it was quoted by then."""
        rows = np.flatnonzero(part.symbol == place)
        before = self.quotes.get(name)
        newest = np.searchsorted(rows, last, "right") - 1
        told = newest >= 0
        if not len(rows):
            old = before or (0.0, 0.0)
            return np.full(len(last), old[0]), np.full(len(last), old[1]), np.full(len(last), before is not None)
        bid, ask = (
            np.where(told, column[rows[np.maximum(newest, 0)]], old)
            for column, old in zip((part.bid, part.ask), before or (0.0, 0.0), strict=True)
        )
        self.quotes[name] = float(part.bid[rows[-1]]), float(part.ask[rows[-1]])
        return bid, ask, told | (before is not None)

    def _stretches(self, at: Array) -> tuple[list[int], list[float], list[tuple[_Held, ...]]]:
        """Take in the deals up to the last of these moments; return from which moment on what stood."""
        begins, balances, stood = [0], [self.balance], [self.standing()]
        for found in self._places(at):
            place = max(begins[-1], found)
            self.take()
            if place == begins[-1]:
                balances[-1], stood[-1] = self.balance, self.standing()
            else:
                begins.append(place)
                balances.append(self.balance)
                stood.append(self.standing())
        return begins, balances, stood

    def _places(self, at: Array) -> list[int]:
        """Return, of each deal to be taken in up to the last of these moments, at which of them it is."""
        end = int(at[-1])
        dealt = [deal.at for deal in takewhile(lambda deal: deal.at <= end, islice(self.deals, self.done, None))]
        return np.searchsorted(at, dealt, "left").tolist()  # type: ignore[no-any-return]  # numbers, as many as deals

    def _valued(
        self, total: Array, held: list[_Held | None], lengths: Array, quotes: Mapping[str, tuple[Array, Array, Array]]
    ) -> Array:
        """Add what one position in each stretch is worth, at the quotes of its moments."""
        told = [h or ("", 0.0, 0.0, 0.0) for h in held]
        side, price, volume = (np.repeat([h[k] for h in told], lengths) for k in (1, 2, 3))
        for name, (bid, ask, known) in quotes.items():
            mine = np.repeat([h[0] == name for h in told], lengths) & known
            if mine.any():
                mode, contract = self.contracts[name]
                quote = np.where(side > 0.0, bid, ask)
                worth = floating(mode, side, price, quote, volume, contract)  # type: ignore[arg-type]  # row by row
                total = np.where(mine, total + worth, total)
        return total


def equity_of(
    initial: float, deals: Sequence[Deal], decided: Decided, symbols: Mapping[str, Symbol], currency: str
) -> Curve:
    """Return the equity at every moment decided at, after all deals up to it; swap not yet booked is not in it."""
    account = _Account(initial, deals, symbols, currency)
    most = len(decided) + len(deals)
    curve, done = Curve(room(most, np.int64), room(most)), 0
    for part in parts(decided):
        at, money = account.over(decided, part)
        if done and curve.at[done - 1] == at[0]:  # one moment in two parts
            done -= 1
        curve.at[done : done + len(at)], curve.money[done : done + len(at)] = at, money
        done += len(at)
        let_go(curve)
    while account.done < len(deals):
        curve.at[done] = account.take().at
        curve.money[done] = account.equity()
        done += 1
    return Curve(curve.at[:done], curve.money[:done])


def stepped(initial: float, begin: int, closed: Iterable[Point]) -> list[Point]:
    """Return the balance that an account began with, and what each trade had made of it when it was closed."""
    total, curve = initial, [(begin, initial)]
    for at, net in sorted(closed, key=lambda trade: trade[0]):
        total = cents(total + net)
        curve.append((at, total))
    return curve


def drawdown_of(curve: Curve, initial: float) -> Fall:
    """Return how far a curve stands below its highest so far."""
    fall = Fall(curve.at, room(len(curve.at)), room(len(curve.at)))
    for begin, money, share in _falls(curve, initial):
        fall.money[begin : begin + len(money)], fall.share[begin : begin + len(money)] = money, share
        let_go(fall)
    return fall


def deepest_of(curve: Curve, initial: float) -> tuple[float, float]:
    """Return the deepest fall of a curve below its highest so far, in money and as a share of that; 0 or negative."""
    money, share = 0.0, 0.0
    for _, moneys, shares in _falls(curve, initial):
        money, share = min(money, float(moneys.min())), min(share, float(shares.min()))
    return money, share


def _falls(curve: Curve, initial: float) -> Iterator[tuple[int, Array, Array]]:
    """Yield, part after part, where it begins, and how far the curve stands below its highest so far there."""
    top = initial
    for begin, end in gone_through(curve):
        money = curve.money[begin:end]
        tops = np.maximum.accumulate(np.maximum(money, top))
        yield begin, money - tops, np.divide(money, tops, where=tops > 0.0, out=np.ones(len(money))) - 1.0
        top = float(tops[-1])


def least_of(numbers: Array) -> float:
    """Return the lowest of numbers (n,), of which there are some."""
    return min(float(numbers[begin:end].min()) for begin, end in gone_through((numbers,)))


def taken(numbers: Array, places: Array) -> Array:
    """Return the numbers at some places, in order."""
    found = np.empty(len(places), numbers.dtype)
    for some in stretches_of(places, len(numbers)):
        found[some] = numbers[places[some]]
        let_go((numbers,))
    return found


def ends_of(at: Array, unit: str) -> Array:
    """Return the place of the last moment of each stretch of time, like each day ("D") or month ("M")."""
    found = [np.zeros(0, np.int64)]
    for begin, end in gone_through((at,)):
        some = at[begin : end + 1].astype("datetime64[ms]").astype(f"datetime64[{unit}]")
        found.append(begin + np.flatnonzero(some[1:] != some[:-1]))
    return np.append(np.concatenate(found), len(at) - 1) if len(at) else found[0]
