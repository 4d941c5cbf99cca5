"""Which of a broker's symbols is meant by ours: by currencies, contract and digits first, and by name last.

A name alone proves nothing: EURUSD may be a micro contract, USDEUR is upside down, and GOLD a share. What is proposed
is for a person to read; where two symbols are as good as each other, none is chosen.
"""

import json

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from brokers.mt5.frames import Listed
from config.shape import join
from market.types import Symbol
from runtime.symbol_catalog import Wanted

CURRENCIES, CONTRACT, DIGITS, MODE, NAME = 40, 20, 10, 20, 10
"""What each piece of evidence is worth; a hundred in all."""
LEAST = 60
"""Fewer make no candidate: currencies and name, or currencies and contract, have to be right at least."""
CLEAR = 10
"""By so much the best has to be ahead of the next."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol of the broker that may be meant."""

    broker: str
    score: int
    says: tuple[str, ...]
    """What speaks for it and against it."""


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for one of our symbols."""

    symbol: str
    found: Literal["one", "ambiguous", "none"]
    candidates: tuple[Candidate, ...] = ()
    """The best first."""
    why: str = ""
    """Why there is none."""


def map_symbol(want: Wanted, listed: Iterable[Listed]) -> Mapping:
    """Return the broker's symbol that is meant, or those among which a person has to choose."""
    there = list(listed)
    scored = [candidate for one in there if (candidate := score(want, one.symbol)) is not None]
    scored.sort(key=lambda candidate: (-candidate.score, len(candidate.broker), candidate.broker))
    best = tuple(candidate for candidate in scored if candidate.score >= LEAST)
    if not best:
        return Mapping(symbol=want.name, found="none", why=_why_none(want, there, scored))
    clear = len(best) == 1 or best[0].score - best[1].score >= CLEAR
    return Mapping(symbol=want.name, found="one" if clear else "ambiguous", candidates=best)


def score(want: Wanted, s: Symbol) -> Candidate | None:
    """Return how much speaks for a symbol; None where it cannot be what is meant."""
    name = _name(want, s.name)
    if s.currency_profit != want.profit:
        return None
    if want.named_only or s.currency_base != want.base:
        # An index, or a metal that its broker keeps in dollars: then its name has to tell.
        if not name or (not want.named_only and s.currency_base != s.currency_profit):
            return None
        currencies = CURRENCIES if want.named_only else CURRENCIES // 2
    else:
        currencies = CURRENCIES
    contract = CONTRACT if want.contract in {0.0, s.contract_size} else 0
    digits = DIGITS if s.digits in want.digits else 0
    mode = MODE if s.trade_mode == "full" else 0
    return Candidate(
        broker=s.name, score=currencies + contract + digits + mode + name, says=tuple(_says(want, s, currencies, name))
    )


def _says(want: Wanted, s: Symbol, currencies: int, name: int) -> Iterable[str]:
    yield f"{s.currency_base} in {s.currency_profit}" + ("" if currencies == CURRENCIES else f", not {want.base}")
    if want.contract in {0.0, s.contract_size}:
        yield f"contract {s.contract_size:g}"
    else:
        yield f"CONTRACT {s.contract_size:g}, not {want.contract:g}"
    if s.digits not in want.digits:
        yield f"{s.digits} digits, not {' or '.join(map(str, want.digits))}"
    if s.trade_mode != "full":
        yield f"trade mode {s.trade_mode}"
    if not name:
        yield "another name"


def _name(want: Wanted, broker: str) -> int:
    """Return what a name is worth: our own, our own with something around it, or another it goes by."""
    upper = broker.upper()
    plain = "".join(c for c in upper if c.isalnum())
    if upper == want.name.upper():
        return NAME
    if want.name.upper() in plain:
        return NAME - 2
    return NAME - 4 if any(plain.startswith(other) or plain.endswith(other) for other in want.names) else 0


def _why_none(want: Wanted, listed: Sequence[Listed], scored: Sequence[Candidate]) -> str:
    upside_down = [
        one.symbol.name
        for one in listed
        if not want.named_only and (one.symbol.currency_base, one.symbol.currency_profit) == (want.profit, want.base)
    ]
    if scored:
        near = scored[0]
        return f"the nearest is {near.broker} ({near.score} of 100: {', '.join(near.says)})"
    if upside_down:
        return f"{', '.join(upside_down)} is upside down: {want.profit} in {want.base}"
    what = f"named {want.name}" if want.named_only else f"of {want.base} in {want.profit}"
    return f"the terminal has no symbol {what}"


# --- as TOML --------------------------------------------------------------------------------------------------------


def toml_of(mappings: Iterable[Mapping], *, ours: Iterable[str] = ()) -> str:
    """Return tables to paste; a choice that is a person's, and symbols the account does not name, stand as comments."""
    mine = set(ours)
    lines: list[str] = []
    for found in mappings:
        lines += _table(found, "" if found.symbol in mine else "# ")
    return "\n".join(lines).strip() + "\n"


def _table(found: Mapping, mark: str) -> list[str]:
    if found.found == "none":
        return [f"# {found.symbol}: none: {found.why}", ""]
    best, table = found.candidates[0], join("symbols", found.symbol)
    if found.found == "one":
        return [f"{mark}[{table}]", f"{mark}broker = {json.dumps(best.broker)}  # {_told(best)}", ""]
    return [
        f"# {found.symbol} is ambiguous: choose one.",
        f"# [{table}]",
        *(f"# broker = {json.dumps(c.broker)}  # {_told(c)}" for c in found.candidates if best.score - c.score < CLEAR),
        "",
    ]


def _told(candidate: Candidate) -> str:
    return f"{candidate.score} of 100: {', '.join(candidate.says)}"
