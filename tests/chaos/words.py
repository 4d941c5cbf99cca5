"""What people say in a story: a level of the account or of a scope, and whom a scope concerns."""

import random

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import msgspec

from brokers.latch import concerns
from regimes.bundle import RegimeModel
from tests.cores import up_model

Level = Literal["run", "close-only", "halt", "flatten"]
Lanes = tuple[tuple[str, tuple[tuple[float, ...], ...]], ...]
LEVELS: tuple[Level, ...] = ("close-only", "halt", "flatten", "run", "run")
OF_A_SCOPE: tuple[Level, ...] = ("close-only", "halt", "flatten", "flatten", "run")
WAITS_S = (0.0, 0.01, 0.2)


class Said(msgspec.Struct, frozen=True):
    """What the operator says after a bar."""

    at: int
    seconds: float
    level: Level
    scope: str = ""
    """What it is about; empty: the account."""
    foreign: bool = False
    """Flatten: what is not ours as well."""
    over_bus: bool = False
    """It is signed, and said elsewhere."""


@lru_cache
def model() -> RegimeModel:
    """Return the model that the first strategy of a story listens to, where there is one."""
    return up_model()


def scopes_of(name: str, symbol: str, *, modelled: bool) -> set[str]:
    """Return every scope that a strategy is in; `modelled`: the first one listens to a model."""
    own = {f"strategy:{name}", f"symbol:{symbol}"}
    if modelled and name == "lane1":
        own |= {f"model:{model().name}", f"model:{model().fingerprint}"}
    return own


def is_meant(scope: str, name: str, symbol: str, *, modelled: bool) -> bool:
    """Say whether a word about a scope concerns a strategy; the empty one is about all."""
    return not scope or concerns(scope, scopes_of(name, symbol, modelled=modelled))


def some_words(draw: random.Random, length: int) -> tuple[Said, ...]:
    """Draw what is said of the account."""
    return tuple(
        Said(draw.randrange(1, length), draw.choice(WAITS_S), draw.choice(LEVELS)) for _ in range(draw.randrange(1, 4))
    )


def some_scoped(draw: random.Random, length: int, lanes: Lanes) -> tuple[Said, ...]:
    """Draw what is said of strategies, of their symbols, and of a model, by its name or a part of its fingerprint."""
    scopes = [f"strategy:lane{number}" for number, _ in enumerate(lanes, 1)] + [f"symbol:{name}" for name, _ in lanes]
    scopes += [f"model:{model().name}", f"model:{model().fingerprint[:12]}"]
    words = []
    for _ in range(draw.randrange(1, 4)):
        level, scope = draw.choice(OF_A_SCOPE), draw.choice(scopes)
        foreign = level == "flatten" and scope.startswith("symbol:") and draw.random() < 0.5
        words.append(Said(draw.randrange(1, length), draw.choice(WAITS_S), level, scope, foreign))
    return tuple(words)


def some_foreign(draw: random.Random, length: int, symbols: tuple[str, ...]) -> Iterator[Said]:
    """Draw a flatten of all there is, of the account or a symbol; or none, and what is foreign stays."""
    if draw.random() < 0.7:
        scope = draw.choice(("", *(f"symbol:{symbol}" for symbol in symbols)))
        yield Said(draw.randrange(1, length), draw.choice(WAITS_S), "flatten", scope, draw.random() < 0.8)
