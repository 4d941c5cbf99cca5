"""The trade server's truth: accounts, recorded prices and their clock, and the record that can make it all again."""

import math

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_never

import msgspec

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.accounts import AccountDesk
from brokers.mt5.lookalike.record import (
    AnyInput,
    Asked,
    Begun,
    LoggedIn,
    Record,
    RecordError,
    Selected,
    Went,
    line_of,
)
from brokers.mt5.lookalike.replay import Replay
from brokers.mt5.lookalike.requests import refused
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.setup import read_setup

FIRST_TICKET = 5_000_000_001
"""Tickets of real brokers exceed 2**32, and so do these."""
TICKETS_EACH = 1_000_000_000


class Terminal(msgspec.Struct):
    """One terminal at this broker: who is logged in, and its market watch."""

    login: int
    selected: set[str] = set()


class Exchange:
    """What must survive the server: it changes through inputs only, and each is recorded before it is answered."""

    __slots__ = ("_digest", "_done", "_record", "_result", "accounts", "replay", "series", "setup", "terminals")

    def __init__(self, folder: Path) -> None:
        """Read a folder and repeat what its record tells; SetupError and RecordError say in one line what is wrong."""
        self.setup, bars, self._digest = read_setup(folder)
        start, offset = self.setup.start, self.setup.utc_offset * 1000
        self.series = {s.symbol.name: Series(s, bars[s.symbol.name], start, offset) for s in self.setup.symbols}
        self.replay = Replay(self.series)
        self.accounts = {
            a.login: AccountDesk(a, self.series, self.replay.at, FIRST_TICKET + place * TICKETS_EACH)
            for place, a in enumerate(self.setup.accounts)
        }
        self.terminals: dict[str, Terminal] = {}
        self._done: set[str] = set()
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

    def send(self, place: str, fields: list[Any]) -> list[Any]:
        """Work a trade request of the account logged in and return its result; NaN and infinity are not recorded."""
        if not all(math.isfinite(field) for field in fields if isinstance(field, float)):
            return refused(c.TRADE_RETCODE_INVALID, 0)
        self._accept(Asked(at=self.replay.at, login=self.terminal(place).login, request=fields))
        return self._result

    def log_in(self, place: str, login: int) -> None:
        """Change the account a terminal is logged in to, for every connection to it."""
        if login != self.terminal(place).login:
            self._accept(LoggedIn(at=self.replay.at, login=login, terminal=place))

    def select(self, place: str, symbol: str, *, on: bool) -> None:
        """Put a symbol into a terminal's market watch, or take it out."""
        if on != (symbol in self.terminal(place).selected):
            self._accept(Selected(at=self.replay.at, symbol=symbol, on=on, terminal=place))

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
                self._result, told = self.accounts[what.login].work(what.request)
                yield from map(line_of, told)
            case LoggedIn():
                self._changed(what.terminal).login = what.login
            case Selected(symbol=symbol, on=on):
                selected = self._changed(what.terminal).selected
                (selected.add if on else selected.discard)(symbol)
            case _:
                assert_never(what)

    def _changed(self, place: str) -> Terminal:
        return self.terminals.setdefault(place, self.terminal(place))

    def _move(self, moved: Iterator[Series]) -> Iterator[bytes]:
        for s in moved:
            for account in self.accounts.values():
                if s.played:
                    account.venue.play_bar(s.name, s.at, *s.extremes)
                else:
                    account.venue.open_bar(s.name, s.at, s.open_price, s.spread)
        yield from (line_of(output) for account in self.accounts.values() for output in account.collect())
