"""The doctor's look at the flattener's own terminal: whether it comes up, and is logged in to the account."""

import asyncio

from pathlib import Path

import msgspec

from config.account import AccountConfig
from runtime.doctor_terminal import seen_at
from runtime.flatten_alone import flattener_terms, whom


def flattener_of(config: AccountConfig, state: Path) -> str:
    """Return, for people, that it could close what is open, and whom to call where it cannot; it sends nothing.

    ValueError where it is no terminal of its own, or trading is switched off there.
    """
    terms = flattener_terms(config, state)
    if terms.path == config.terminal.path:
        raise ValueError("flattener.path is the account's own terminal: name a copy of it in a folder of its own")
    told = asyncio.run(seen_at(msgspec.structs.replace(terms, latch="", state="")))
    if told.forbidden:
        raise ValueError(f"the flattener's terminal may not trade: {told.forbidden}")
    return f"login {told.account.login} on {told.account.server}, {len(told.symbols)} symbols; else {whom(config)}"
