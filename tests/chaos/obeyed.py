"""Whether what people said was obeyed, and no more than that: levels, scopes, and what is not ours.

Nothing of a scope leaves after the word, nothing outside of it is held or closed by it, and what is not ours is
touched only where somebody has said so; a flatten of it that came to its end has left none of what was there.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from runtime.operator import latch
from tests.chaos.door import Asked, verb_of
from tests.chaos.words import Said, is_meant
from tests.chaos.world import World

ALLOWED: dict[str, set[str]] = {
    "entry": {"run"},
    "stop": {"run", "close-only"},
    "exit": {"run", "close-only"},
    "close": {"run", "close-only", "halt", "flatten"},
    "cancel": {"run", "close-only", "halt", "flatten"},
}
"""At which levels a request may leave; a close is what a person asked for, an exit what a strategy did."""
Line = dict[str, Any]
Orders = dict[int, Line]


def obeyed(world: World, orders: Orders, decisions: dict[str, Line]) -> Iterator[str]:
    """Yield what left against somebody's word, and what a word has held or touched that it was not about."""
    yield from _left(world, orders)
    yield from _held_by(world, decisions)
    yield from _closed(world, orders)
    yield from _strangers(world)
    yield from _stayed(world)


def act_of(asked: Asked) -> str:
    """Return what a request asks for, and whether a person or a strategy did."""
    verb = verb_of(asked)
    return "exit" if verb == "close" and not asked.by_person else verb


def about_others(world: World, asked: Asked) -> bool:
    """Say whether a request is about what is not ours."""
    return not {asked.request.position, asked.request.order}.isdisjoint(world.broker.others.all)


def _left(world: World, orders: Orders) -> Iterator[str]:
    """No request has left at a level of the account, or of a scope it is in, that forbids it."""
    for asked in world.broker.asked:
        act, row = act_of(asked), orders.get(asked.instruction, {})
        levels = world.levels_of(row.get("strategy", ""), row.get("symbol", asked.request.symbol), asked.latch)
        for scope, level in levels.items():
            if level not in ALLOWED[act]:
                yield f"{'scope' if scope else 'halt'}: a {act} left while {scope or 'the latch'} was at {level}"


def _held_by(world: World, decisions: dict[str, Line]) -> Iterator[str]:
    """No bar of a strategy was held by the level of a scope that it is not in."""
    modelled = world.story.modelled
    symbols = {f"lane{number}": symbol for number, (symbol, _) in enumerate(world.story.lanes, 1)}
    for row in decisions.values():
        for hold in msgspec.json.decode(row["holds"] or "[]", type=list[str]):
            _, _, scope = hold.partition(" ")
            if scope and not is_meant(scope, row["strategy"], symbols[row["strategy"]], modelled=modelled):
                yield f"beyond: {row['id']} was held by {hold}, which is not about {row['strategy']}"


def _flattened(world: World, *, before: float) -> list[Said]:
    """Return every flatten that people had asked for."""
    return [said for said, _, when in world.heard if said.level == "flatten" and when <= before]


def _closed(world: World, orders: Orders) -> Iterator[str]:
    """Yield what a flatten has closed that nobody had asked to flatten."""
    for asked in world.broker.asked:
        if not asked.by_person or about_others(world, asked):
            continue
        row, modelled = orders[asked.instruction], world.story.modelled
        asked_for = _flattened(world, before=asked.at)
        if not any(is_meant(said.scope, row["strategy"], row["symbol"], modelled=modelled) for said in asked_for):
            yield f"beyond: instruction {asked.instruction} flattened {row['strategy']}, which nobody had asked for"


def _reaches(said: Said, symbol: str) -> bool:
    return said.foreign and said.scope in {"", f"symbol:{symbol}"}


def _strangers(world: World) -> Iterator[str]:
    """Yield what was done to what is not ours, but to close it or take it back where that was said."""
    for asked in world.broker.asked:
        if not about_others(world, asked):
            continue
        act, symbol = act_of(asked), _symbol_of(world, asked)
        if act not in {"close", "cancel"}:
            yield f"foreign: instruction {asked.instruction} is a {act} of what is not ours"
        elif not any(_reaches(said, symbol) for said in _flattened(world, before=asked.at)):
            yield f"foreign: instruction {asked.instruction} touched what is not ours, which nobody had asked for"


def _symbol_of(world: World, asked: Asked) -> str:
    """Return the symbol of what is not ours, as the stranger asked for it."""
    r = asked.request
    return next(world.broker.others.symbols[ticket] for ticket in (r.position, r.order) if ticket)


def _stayed(world: World) -> Iterator[str]:
    """Yield what is foreign and there still, of which a flatten has said at its end that all is gone."""
    lines, venue, others = latch.logged(world.state, 0), world.broker.venue, world.broker.others
    there = {p.ticket: p.symbol for p in venue.positions()} | {o.ticket: o.symbol for o in venue.orders()}
    for said, ident, when in world.heard:
        place = next((n for n, line in enumerate(lines) if line.command.id == ident), None)
        if not said.foreign or place is None:
            continue
        after = next((line.command for line in lines[place + 1 :] if line.command.scope == said.scope), None)
        if after is None or after.path != "core" or not after.why.startswith("flattened"):
            continue  # a person has ended it
        for ticket in others.all & there.keys():
            if others.since[ticket] < when and _reaches(said, there[ticket]):
                yield f"foreign: {ticket} is there still, and {after.why!r} was said of {said.scope or 'the account'}"
