"""What the doctor sees of a terminal: one visit that reads and sends nothing, and leaves no worker behind."""

import asyncio
import contextlib

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from brokers.mt5.frames import Connected, Listed
from brokers.mt5.line import Terms
from brokers.mt5.session import LinkLostError, Session
from config.account import AccountConfig
from market.types import Symbol
from runtime.clock import Clock
from runtime.start import terms_of

PAST = 54 * 120
"""Hours of history: a year of weeks, so that those in which summer times differ are among them."""
PATIENCE_S = 5.0
"""How long a new tick is waited for: in an open market one comes every second."""
PAUSE_S = 0.2
_NO_DEAL = 2**62

CURRENCIES = frozenset({
    *("AUD", "CAD", "CHF", "CNH", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "NOK", "NZD", "PLN"),
    *("RON", "SEK", "SGD", "THB", "TRY", "USD"),
})  # fmt: skip
"""What pairs are made of that open with New York's Sunday evening."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A terminal as it was found; times are UTC by the rule that is configured."""

    told: Connected
    ticks: dict[str, int]
    """The server's time of ticks that came while we waited, by symbol."""
    wall: int
    """This machine's clock when they did."""
    symbol: str
    """Whose history was read."""
    history: tuple[int, ...]
    """When its last hours opened."""

    @property
    def tick(self) -> int | None:
        """The newest of the ticks; None: none came."""
        return max(self.ticks.values(), default=None)

    @property
    def currency(self) -> bool:
        """The symbol is a pair of currencies."""
        return any(s.name == self.symbol and is_currency(s) for s in self.told.symbols)


def is_currency(symbol: Symbol) -> bool:
    """Return whether a symbol is a pair of currencies."""
    return {symbol.currency_base, symbol.currency_profit} <= CURRENCIES and (
        symbol.currency_base != symbol.currency_profit
    )


async def visit(config: AccountConfig, state: Path, patience_s: float = PATIENCE_S) -> Visit:
    """Connect, wait a little for a live tick, read a year of hours, and leave."""
    session = Session(msgspec.structs.replace(terms_of(config, state), latch=""))
    try:
        told = await session.start()

        async def ticks_now() -> dict[str, int]:
            return (await session.news(_NO_DEAL, told.at, ())).ticks

        ticks, wall = await fresh(ticks_now, 0.0 if told.lockstep else patience_s)  # recorded time is not waited for
        symbol = next((s.name for s in told.symbols if is_currency(s)), told.symbols[0].name)
        history: tuple[int, ...] = ()
        with contextlib.suppress(LinkLostError):  # a terminal that has no such bars says nothing of its clock
            history = tuple(bar.time for bar in (await session.past(symbol, "H1", PAST)).bars)
    finally:
        await session.stop()
    return Visit(told=told, ticks=ticks, wall=wall, symbol=symbol, history=history)


async def seen_at(terms: Terms) -> Connected:
    """Connect, and leave; return who answers there."""
    session = Session(terms)
    try:
        return await session.start()
    finally:
        await session.stop()


async def fresh(ask: Callable[[], Awaitable[Mapping[str, int]]], patience_s: float) -> tuple[dict[str, int], int]:
    """Return the times of ticks that came while we waited, and this machine's at that moment; `ask` tells the last."""
    clock = Clock()
    before, end = await ask(), clock.elapsed() + patience_s
    while clock.elapsed() < end:
        await asyncio.sleep(PAUSE_S)
        moved = {symbol: at for symbol, at in (await ask()).items() if at > before.get(symbol, at)}
        if moved:
            return moved, clock.wall_ms()
    return {}, clock.wall_ms()


async def listed(config: AccountConfig, state: Path) -> tuple[Listed, ...]:
    """Return all symbols of the terminal, none of ours having to be among them."""
    session = Session(msgspec.structs.replace(terms_of(config, state), latch="", symbols={}))
    try:
        await session.start()
        return await session.symbols()
    finally:
        await session.stop()
