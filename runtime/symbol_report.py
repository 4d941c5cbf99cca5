"""What a terminal's list of symbols means for an account: its own symbols, contracts to paste, names to propose."""

from collections.abc import Sequence
from typing import Any

import msgspec

from brokers.mt5.frames import Listed
from config.account import AccountConfig
from market.types import Symbol
from runtime.contract_text import spec_text
from runtime.symbol_catalog import USUAL, Wanted, wanted
from runtime.symbol_map import Mapping, map_symbol, toml_of


def ours(config: AccountConfig, listed: Sequence[Listed]) -> tuple[list[tuple[Symbol, str]], list[str]]:
    """Return the contracts of the account's symbols, each with the broker's name, and the symbols it does not have."""
    there = {one.symbol.name: one.symbol for one in listed}
    names = {name: section.broker or name for name, section in config.symbols.items()}
    found = [
        (msgspec.structs.replace(there[broker], name=name), broker) for name, broker in names.items() if broker in there
    ]
    return found, [name for name, broker in names.items() if broker not in there]


def rows_of(config: AccountConfig, listed: Sequence[Listed]) -> list[dict[str, Any]]:
    """Return how the account's symbols may be traded; one the terminal does not have stands with its name alone."""
    found, missing = ours(config, listed)
    rows: list[dict[str, Any]] = [
        {
            "symbol": s.name, "broker": broker, "trade_mode": s.trade_mode, "execution": s.execution,
            "fillings": list(s.fillings), "digits": s.digits, "contract": s.contract_size,
            "lots": [s.volume_min, s.volume_max, s.volume_step],
            "currencies": f"{s.currency_base} in {s.currency_profit}",
        }
        for s, broker in found
    ]  # fmt: skip
    return rows + [{"symbol": name, "broker": "not at the terminal: see --propose"} for name in missing]


def specs_of(config: AccountConfig, listed: Sequence[Listed]) -> tuple[list[dict[str, Any]], str]:
    """Return the contracts of the account's symbols, as rows and as TOML."""
    found, missing = ours(config, listed)
    calendar = config.calendars is not None
    texts = [spec_text(s, broker, calendar=calendar) for s, broker in found]
    texts += [f"# {name}: the terminal has no symbol of that name: see --propose\n" for name in missing]
    return [msgspec.to_builtins(s) for s, _ in found], "\n".join(texts)


def proposal_of(config: AccountConfig, listed: Sequence[Listed]) -> tuple[list[dict[str, Any]], str]:
    """Return the broker's names for the account's symbols and the usual ones, as rows and as TOML."""
    named: dict[str, Wanted | None] = {name: wanted(name, section.spec) for name, section in config.symbols.items()}
    taken = {name for want in named.values() if want is not None for name in (want.name, *want.names)}
    found = [
        map_symbol(want, listed) if want is not None else Mapping(symbol=name, found="none", why=_UNKNOWN)
        for name, want in named.items()
    ]
    usual = [map_symbol(want, listed) for want in USUAL if want.name not in taken]
    found += [mapping for mapping in usual if mapping.found != "none"]
    return [msgspec.to_builtins(mapping) for mapping in found], toml_of(found, ours=named)


_UNKNOWN = "nobody knows what it is: give it a contract (symbols.NAME.spec) to go by"
