"""The values a TOML document ends in: does one fit its type, and what would have."""

import datetime
import math
import re

from typing import Any

from msgspec import inspect

LONGEST_SHOWN = 60
BEYOND = 2**63
"""Whole numbers end here; TOML itself promises no more."""

_WORDS: dict[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.DateType: "a date like 1999-01-04",
    inspect.StructType: "a table",
    inspect.DictType: "a table",
    inspect.VarTupleType: "a list",
    inspect.TupleType: "a list",
    inspect.AnyType: "any value",
}


def fits(value: object, kind: inspect.Type) -> bool:
    """Return whether a value is of a type that has no parts."""
    match kind:
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and is_number(value) and _in_bounds(value, kind)
        case inspect.FloatType():
            return is_number(value) and _in_bounds(value, kind)
        case inspect.StrType():
            return isinstance(value, str) and len(value) >= (kind.min_length or 0) and _matches(value, kind.pattern)
        case inspect.LiteralType():
            return isinstance(value, str) and value in kind.values
        case inspect.DateType():
            return _is_date(value)
        case inspect.UnionType():
            return any(fits(value, member) for member in kind.types)
        case _:
            return False


def expected(kind: inspect.Type) -> str:
    """Return in words what a type takes."""
    match kind:
        case inspect.Metadata():
            return expected(kind.type)
        case inspect.IntType():
            return f"a whole number{_bounds(kind)}"
        case inspect.FloatType():
            return f"a number{_bounds(kind)}"
        case inspect.StrType():
            return _text(kind)
        case inspect.LiteralType():
            return " or ".join(f'"{value}"' for value in kind.values)
        case inspect.UnionType():
            return " or ".join(expected(m) for m in kind.types if not isinstance(m, inspect.NoneType))
        case inspect.StructType() if kind.cls.__name__ == "SecretRef":
            return '{env = "NAME"} or {file = "path"}, never the secret itself'
        case inspect.VarTupleType() | inspect.DictType() if kind.min_length:
            return f"{_WORDS[type(kind)]} with {kind.min_length} or more entries"
        case inspect.TupleType():
            return f"a list of {len(kind.item_types)}"
        case _:
            return _WORDS.get(type(kind), type(kind).__name__)


def is_number(value: object) -> bool:
    """Return whether a value is a number that one can count with: neither true, nor nan, nor inf."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < BEYOND
    return isinstance(value, float) and math.isfinite(value)


def shown(value: object) -> str:
    """Return a value as TOML would nearly write it, cut to what fits in a line."""
    match value:
        case bool():
            text = str(value).lower()
        case dict():
            text = "a table"
        case list() if any(isinstance(item, dict | list) for item in value):
            text = "a list"
        case str():
            text = f'"{value}"'
        case _:
            text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _in_bounds(value: Any, kind: inspect.IntType | inspect.FloatType) -> bool:  # noqa: ANN401 - a number, as checked
    return (
        (kind.gt is None or value > kind.gt)
        and (kind.ge is None or value >= kind.ge)
        and (kind.lt is None or value < kind.lt)
        and (kind.le is None or value <= kind.le)
    )


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    low = f"above {kind.gt:g}" if kind.gt is not None else f"from {kind.ge:g}" if kind.ge is not None else ""
    high = f"below {kind.lt:g}" if kind.lt is not None else f"up to {kind.le:g}" if kind.le is not None else ""
    return "".join(f" {part}" for part in (low, high) if part)


def _matches(value: str, pattern: str | None) -> bool:
    return pattern is None or (re.search(pattern, value) is not None and "\n" not in value)


def _text(kind: inspect.StrType) -> str:
    if kind.pattern is not None and "|" in kind.pattern:
        return f"one of {kind.pattern.strip('^()$').replace('|', ', ')}"
    if kind.pattern is not None:
        return f"a text like {kind.pattern}"
    return "a text that is not empty" if kind.min_length else "a text"


def _is_date(value: object) -> bool:
    if isinstance(value, str):
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            return False
        return "W" not in value and len(value) == len("1999-01-04")
    return isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
