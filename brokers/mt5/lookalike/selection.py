"""Which of a terminal's rows a caller means: by ticket, by symbol, or by a group of symbols."""

import re

from typing import Any


def in_group(symbol: str, group: str | None) -> bool:
    """Tell whether a symbol belongs to a group: comma-separated masks, `!` takes out again, the later mask wins.

    >>> in_group("EURUSD", "*USD*, !EUR*"), in_group("GBPUSD", "*USD*, !EUR*"), in_group("GBPUSD", None)
    (False, True, True)
    """
    found = group is None
    for mask in () if group is None else group.split(","):
        inside = mask.strip()
        if _fits(symbol, inside.removeprefix("!")):
            found = not inside.startswith("!")
    return found


def _fits(symbol: str, mask: str) -> bool:
    """Tell whether a name fits a mask, in which a star alone has a meaning: names hold dots, signs and brackets."""
    return re.fullmatch(".*".join(re.escape(part) for part in mask.split("*")), symbol) is not None


def chosen(by: str, value: Any, ticket: int, symbol: str) -> bool:  # noqa: ANN401 - of the kind `by` says
    """Tell whether a row is meant; anything but ticket, symbol and group means all."""
    match by:
        case "ticket":
            return bool(ticket == value)
        case "symbol":
            return bool(symbol == value)
        case "group":
            return in_group(symbol, value)
        case _:
            return True
