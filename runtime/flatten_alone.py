"""Flattening without the daemon, by its configuration: whose positions are ours, what is ended first, what is said.

Where even this fails, a person has to call the dealing desk: tickets and lots as they were known last are said, and
the number.
"""

import asyncio
import contextlib

from collections.abc import Callable
from pathlib import Path

import msgspec

from brokers.mt5.line import Terms
from brokers.mt5.session import LinkLostError, Session, WrongTerminalError
from config.account import AccountConfig
from config.errors import AlreadyRunning, TerminalRefused
from config.places import journal_of
from market.types import Order, Position
from runtime.assemble import core_of, costs_of, found_models, plan_of
from runtime.core.desk import run_of
from runtime.core.positions import Trade
from runtime.flattener import End, Flattener
from runtime.fleet_process import owner
from runtime.journal.reader import JournalReader
from runtime.operator import latch
from runtime.operator.client import UnreachableError, change_level
from runtime.operator.keyboard import command_of
from runtime.processes import barred, end
from runtime.revive import revive
from runtime.start import own_terms

BAR_S = 10.0
"""How long a daemon that was killed may take to be gone."""


def flatten_alone(
    config: AccountConfig, state: Path, why: str, *, patience_s: float, everything: bool = False, force: bool = False
) -> tuple[End, ...]:
    """Flatten an account; return what became of each position and order, nothing where its daemon has done it.

    A daemon that runs has `patience_s` seconds to do it, and is ended then. AlreadyRunning where it cannot be ended,
    TerminalRefused where the terminal cannot be reached: what is open, as it was known last, and whom to call, is said.
    """
    if _daemon_has_done_it(state, why, patience_s, everything=everything):
        return ()
    end(state, owner(state))
    bar = barred(state, BAR_S)
    if bar is None:
        raise AlreadyRunning(f"its daemon (pid {owner(state)}) cannot be ended: {whom(config)}")
    with bar:
        trades = known(config, state)
        session = Session(flattener_terms(config, state))
        flattener = Flattener(
            state, session, ours_of(trades, everything=everything), config.terminal.settle_s, force=force
        )
        try:
            ends = asyncio.run(flattener.flatten())
        except (LinkLostError, WrongTerminalError) as error:
            raise TerminalRefused(f"terminal: {error}: {shown(trades)}: {whom(config)}") from None
        if not any(one.outcome in {"left", "in doubt"} for one in ends):
            with contextlib.suppress(latch.LatchError, OSError):
                latch.tighten(state, command_of("halt", f"flattened alone: {why}", "flattener"))
    return ends


def _daemon_has_done_it(state: Path, why: str, patience_s: float, *, everything: bool) -> bool:
    """Latch flatten by whichever way works, and give a daemon that runs its time."""
    try:
        patience_s = patience_s if owner(state) else 0.0
        return change_level(state, "flatten", why, patience_s=patience_s, foreign=everything).confirmed
    except (UnreachableError, OSError):
        return False  # no daemon is left a moment later, and none can begin


def flattener_terms(config: AccountConfig, state: Path) -> Terms:
    """Return the terms of the flattener's terminal: the account's own where no other is named."""
    terms, other = own_terms(config, state), config.flattener
    if other is None:
        return terms
    return msgspec.structs.replace(terms, path=other.path, python=other.python or terms.python)


def known(config: AccountConfig, state: Path) -> list[Trade]:
    """Return our trades as the journal has them; none where it cannot be read."""
    try:
        with JournalReader(journal_of(config, state)) as reader:
            core, _ = revive(reader, core_of(plan_of(config, found_models(config)), costs_of(config)))
    except Exception:  # noqa: BLE001 - whatever is wrong with it must not keep positions from being closed
        return []
    return [lane.trade for lane in core.lanes if lane.trade is not None]


def ours_of(trades: list[Trade], *, everything: bool) -> Callable[[Position | Order], bool]:
    """Return what tells ours from foreign: magic numbers of ours, and positions that the journal has as ours."""
    tickets = {ticket for trade in trades for ticket in (trade.position, trade.ticket) if ticket}

    def ours(one: Position | Order) -> bool:
        ident = one.ident if isinstance(one, Position) else one.ticket
        return everything or run_of(one.magic) > 0 or bool({one.ticket, ident} & tickets)

    return ours


def shown(trades: list[Trade]) -> str:
    """Return what was open when it was known last, in words for the telephone."""
    if not trades:
        return "nothing of ours was open when it was known last, or the journal cannot be read"
    sides = {1: "buy", -1: "sell"}
    told = [f"#{t.ticket or t.position} {sides[t.side]} {t.volume:g} lots {t.symbol}, stop {t.stop:g}" for t in trades]
    return f"open when it was known last: {'; '.join(told)}"


def whom(config: AccountConfig) -> str:
    """Return whom to call."""
    account, phone = config.account, config.account.desk_phone
    desk = f"on {phone}" if phone else "(account.desk_phone would say its number)"
    return f"call the dealing desk {desk}: login {account.login} on {account.server}"
