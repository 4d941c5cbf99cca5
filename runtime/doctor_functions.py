"""The doctor's look at functions in processes of their own: whether each is found, and can import what it needs."""

import asyncio

from config.account import AccountConfig
from config.making import strategies_of
from config.secrets import variables_of
from runtime.clock import Clock
from runtime.model_session import ModelSessions


def functions_of(config: AccountConfig) -> str:
    """Return, for people, which functions have loaded; ValueError says which have not, and why."""
    named = zip((section.name for section in config.strategies), strategies_of(config), strict=True)
    told = asyncio.run(ModelSessions(named, config.folder, Clock(), secrets=variables_of(config)).tried())
    if bad := [f"{name}: {why}" for name, why in told.items() if why]:
        raise ValueError(f"{'; '.join(bad)}; nothing is entered for want of an answer, exits go on")
    return ", ".join(told) or "none has a process of its own"
