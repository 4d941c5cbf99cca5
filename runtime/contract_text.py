"""A contract as TOML to paste: what the terminal told, and only where it differs from what goes without saying."""

import json

import msgspec

from config.shape import join
from market.types import Symbol

_LEFT_OUT = frozenset({"name", "tick_value"})
"""The table has the name, and a tick's value moves with the rates."""

_CALENDAR = frozenset({"swap_days", "swap_dates"})


def spec_text(symbol: Symbol, broker: str, *, calendar: bool) -> str:
    """Return the tables of a symbol; with a calendar file, swap factors of the week are left to that."""
    table = join("symbols", symbol.name)
    lines = [f"[{table}]", f"broker = {json.dumps(broker)}", "", f"[{table}.spec]"]
    for field in msgspec.structs.fields(Symbol):
        value = getattr(symbol, field.name)
        silent = field.name in _LEFT_OUT or (calendar and field.name in _CALENDAR)
        if not silent and value != field.default:
            lines.append(f"{field.name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, float):
        text = f"{value:.15g}"
        return text if any(sign in text for sign in ".en") else f"{text}.0"
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value)
