"""The trade server's truth: accounts, recorded prices and their clock, and the record that can make it all again."""

import math
import time

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, assert_never

import msgspec

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.accounts import AccountDesk
from brokers.mt5.lookalike.events import AnyEvent, Flowed, Respecified, Revised, Switched
from brokers.mt5.lookalike.faults import Fault, Schedule
from brokers.mt5.lookalike.record import (
    AnyInput,
    Asked,
    Begun,
    Faulted,
    Happened,
    LoggedIn,
    Mended,
    Record,
    RecordError,
    Selected,
    Struck,
    Went,
    line_of,
)
from brokers.mt5.lookalike.replay import Replay
from brokers.mt5.lookalike.requests import refused as refusal
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.setup import read_setup
from brokers.mt5.zone import to_server
from market.types import DealReason, Symbol

FIRST_TICKET = 5_000_000_001
"""Tickets of real brokers exceed 2**32, and so do these."""
TICKETS_EACH = 1_000_000_000


class Terminal(msgspec.Struct):
    """One terminal at this broker: who is logged in, and its market watch."""

    login: int
    selected: set[str] = set()


def on_the_dial(symbol: Symbol, zone: str) -> Symbol:
    """Return a contract that ends by the server's clock, as all its times are."""
    if not symbol.expires_at:
        return symbol
    return msgspec.structs.replace(symbol, expires_at=to_server(zone, symbol.expires_at))


class Exchange:
    """What must survive the server: it changes through inputs only, and each is recorded before it is answered."""

    __slots__ = (
        "_digest", "_done", "_due", "_record", "_result", "accounts", "elapsed", "faults", "replay", "series", "setup",
        "terminals",
    )  # fmt: skip

    def __init__(self, folder: Path, elapsed: Callable[[], float] = time.monotonic) -> None:
        """Read a folder and repeat what its record tells; SetupError and RecordError say in one line what is wrong."""
        self.setup, bars, ticks, self._digest = read_setup(folder)
        start, zone = self.setup.start, self.setup.zone
        self.series = {
            name: Series(s, bars[name], start, zone, ticks.get(name))
            for s, name in ((s, s.symbol.name) for s in self.setup.symbols)
        }
        for series in self.series.values():
            series.respecify(on_the_dial(series.setup.symbol, zone))
        self.replay = Replay(self.series)
        self.accounts = {
            a.login: AccountDesk(a, self.series, self.replay.at, FIRST_TICKET + place * TICKETS_EACH)
            for place, a in enumerate(self.setup.accounts)
        }
        self.terminals: dict[str, Terminal] = {}
        self._done: set[str] = set()
        self._due = sorted(self.setup.events, key=lambda event: -event.at)
        self.elapsed = elapsed
        self.faults = Schedule()
        for fault in self.setup.faults:
            self.faults.add(fault, elapsed())
        self._result: list[Any] = []
        self._record = Record(folder)
        self._repeat()

    def _repeat(self) -> None:
        begun = Begun(at=self.replay.at, setup=self._digest)
        inputs = self._record.inputs() or [begun]
        if inputs[0] != begun:
            raise RecordError("the record was begun with another setup: keep this folder and set up another one")
        self._record.settle([line for what in inputs for line in self._work(what)])

    def close(self) -> None:
        """Close the record."""
        self._record.close()

    def terminal(self, place: str) -> Terminal:
        """Return the terminal at a place; a new one is logged in to the first account."""
        return self.terminals.get(place) or Terminal(login=self.setup.accounts[0].login)

    def account(self, place: str) -> AccountDesk:
        """Return the account the terminal at a place is logged in to."""
        return self.accounts[self.terminal(place).login]

    # --- inputs -----------------------------------------------------------------------------------------------------

    def done(self, place: str, at: int) -> None:
        """Take note that a terminal is done with the tick at `at`; of any other tick this says nothing."""
        if self.setup.lockstep and at == self.replay.at:
            self._done.add(place)
            if len(self._done) >= self.setup.quorum:
                self.go_on()

    def go_on(self) -> None:
        """Let the clock go on to the next moment of the recording, if there is one."""
        self._done.clear()
        if not self.replay.ended:
            self._accept(Went(at=self.replay.at))

    def send(
        self, login: int, fields: list[Any], *, refused: int = 0, share: float = 1.0, by: DealReason = "expert"
    ) -> list[Any]:
        """Work a trade request of an account and return its result; NaN and infinity are not recorded."""
        if not all(math.isfinite(field) for field in fields if isinstance(field, float)):
            return refusal(c.TRADE_RETCODE_INVALID, 0)
        at = self.replay.at
        self._accept(Asked(at=at, login=login, request=fields, refused=refused, share=share, by=by))
        return self._result

    def log_in(self, place: str, login: int) -> None:
        """Change the account a terminal is logged in to, for every connection to it."""
        if login != self.terminal(place).login:
            self._accept(LoggedIn(at=self.replay.at, login=login, terminal=place))

    def select(self, place: str, symbol: str, *, on: bool) -> None:
        """Put a symbol into a terminal's market watch, or take it out."""
        if on != (symbol in self.terminal(place).selected):
            self._accept(Selected(at=self.replay.at, symbol=symbol, on=on, terminal=place))

    def add_fault(self, fault: Fault) -> int:
        """Let a fault stand, and return its number."""
        self._accept(Faulted(at=self.replay.at, fault=fault))
        return self.faults.count

    def strike(self, number: int) -> None:
        """Take note that a fault has hit a call."""
        self._accept(Struck(at=self.replay.at, number=number))

    def mend(self, number: int) -> None:
        """Let a fault be over; 0 means all."""
        self._accept(Mended(at=self.replay.at, number=number))

    def can_happen(self, event: AnyEvent) -> bool:
        """Tell whether there is what an event is about."""
        match event:
            case Flowed(login=login) | Switched(login=login):
                return login in self.accounts
            case Revised(symbol=name, time=time):
                return name in self.series and self.series[name].at_time(time) is not None
            case Respecified(symbol=symbol):
                return symbol.name in self.series
            case _:
                assert_never(event)

    def happen(self, event: AnyEvent) -> None:
        """Let something happen now."""
        self._accept(Happened(at=self.replay.at, event=event))

    def _accept(self, what: AnyInput) -> None:
        self._record.append(list(self._work(what)))

    def _work(self, what: AnyInput) -> Iterator[bytes]:
        yield line_of(what)
        match what:
            case Begun():
                yield from self._move(self.replay.begin())
            case Went():
                yield from self._move(self.replay.go_on())
            case Asked():
                self._result, told = self.accounts[what.login].work(what)
                yield from map(line_of, told)
            case LoggedIn():
                self._changed(what.terminal).login = what.login
            case Selected(symbol=symbol, on=on):
                selected = self._changed(what.terminal).selected
                (selected.add if on else selected.discard)(symbol)
            case Faulted(fault=fault):
                self.faults.add(fault, self.elapsed())
            case Struck(number=number):
                self.faults.strike(number)
            case Mended(number=number):
                self.faults.mend(number)
            case Happened(event=event):
                self._happen(event)
                yield from self._news()
            case _:
                assert_never(what)

    def _changed(self, place: str) -> Terminal:
        return self.terminals.setdefault(place, self.terminal(place))

    def _move(self, moved: Iterator[Series]) -> Iterator[bytes]:
        for s in moved:
            self._pass_to(s.at)
            for account in self.accounts.values():
                account.moved(s)
        yield from self._news()

    def _pass_to(self, at: int) -> None:
        """Let happen what was due by now."""
        while self._due and to_server(self.setup.zone, self._due[-1].at) <= at:
            self._happen(self._due.pop())

    def _happen(self, event: AnyEvent) -> None:
        match event:
            case Flowed():
                self.accounts[event.login].flow(event)
            case Revised():
                self.series[event.symbol].revise(event.time, (event.open, event.high, event.low, event.close))
            case Respecified():
                symbol = on_the_dial(event.symbol, self.setup.zone)
                self.series[symbol.name].respecify(symbol)
                for account in self.accounts.values():
                    account.respecify(symbol)
            case Switched():
                self._changed(event.terminal).login = event.login
            case _:
                assert_never(event)

    def _news(self) -> Iterator[bytes]:
        return (line_of(output) for account in self.accounts.values() for output in account.collect())
