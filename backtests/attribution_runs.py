"""Runs of an account: which shadow books each kept of a strategy, and which live trades one stood beside.

A gate's value is live minus shadow, so a live trade counts only where a book without that gate could have made it too:
it was decided by a run that kept one, and closed before a changed configuration began the books anew. What was adopted
no gate let in.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from sqlalchemy import select

from runtime.journal.reader import JournalReader
from runtime.journal.schema import tables
from runtime.outcomes.kept_out import books_of

BIT: dict[str, int] = {"regime": 1, "hold": 2, "risk": 4, "all": 8}
EVERY = 15


class Runs(NamedTuple):
    """What the runs of one account say."""

    kept: Mapping[tuple[str, int], int]
    """By strategy and run, the bits of the books that were kept."""
    life: Mapping[int, int]
    """Of each run, how often the configuration had changed before it: with it all books begin anew."""
    configs: Sequence[Mapping[str, Any]]


def runs_of(reader: JournalReader) -> Runs:
    """Return what the runs of a journal say; of one that was written without a configuration nothing is known."""
    of = tables.tables["runs"].c
    kept: dict[tuple[str, int], int] = {}
    life: dict[int, int] = {}
    configs: dict[str, Mapping[str, Any]] = {}
    changes, before = 0, None
    for run, config, digest in reader.ask(select(of.run, of.config, of.config_hash).order_by(of.run)):
        changes, before = changes + (bool(life) and digest != before), digest
        life[run] = changes
        if config:
            configs.setdefault(config, msgspec.json.decode(config))
            kept |= {(strategy, run): bits for strategy, bits in _kept(configs[config])}
    return Runs(kept, life, [*configs.values()])


def _kept(config: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield each strategy with the books that are kept of it."""
    held = any(config.get(name) for name in ("windows", "protections", "drawdown"))
    held |= bool((config.get("controls") or {}).get("throttle"))
    for strategy in config["strategies"]:
        gate = strategy.get("gate")
        gated = gate is not None and gate.get("mode") != "off"
        books = books_of(gated=gated, held=held, apart=gated and _apart(strategy, config.get("regimes") or {}))
        yield strategy["name"], sum(BIT[book] for book in books)


def _apart(strategy: Mapping[str, Any], regimes: Mapping[str, Any]) -> bool:
    """Say whether the regime that a strategy's gate listens to reads other bars than its own."""
    regime = regimes.get(strategy["gate"].get("regime"))
    if regime is None:
        return False
    told = regime.get("made_of") or regime["timeframe"]
    return bool((regime["symbol"], told) != (strategy["symbol"], strategy["timeframe"]))


def beside(
    runs: Runs, live: Sequence[bool], strategy: Sequence[str], decision: Sequence[str], run: Sequence[int]
) -> list[int]:
    """Return of each trade the bits of the books that stood beside it; none of a shadow's own."""
    trades = zip(live, strategy, decision, run, strict=True)
    return [_beside(runs, whose, entry, end) if ours and entry else 0 for ours, whose, entry, end in trades]


def _beside(runs: Runs, strategy: str, decision: str, closed_in: int) -> int:
    began = decision.partition("-")[0]
    entered = int(began) if began.isdecimal() else closed_in
    if runs.life.get(entered) != runs.life.get(closed_in):
        return 0
    return runs.kept.get((strategy, entered), 0 if runs.configs else EVERY)
