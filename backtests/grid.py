"""The points of a sweep: which keys of an account are turned, through which values, and the account at one of them."""

import math
import random
import tomllib

from collections.abc import Sequence
from itertools import product
from typing import Any

import msgspec

from config.account import AccountConfig
from config.checks import contradictions
from config.errors import ConfigError, UsageError

Values = tuple[Any, ...]

TURNED = ("strategies", "limits", "symbols")
"""Tables whose keys may be turned: what a regime model learns from, and which bars are read, stays the same."""
STAYS = ("symbol", "timeframe", "use", "name", "regime", "lineage")
"""Keys of these tables that say which bars, models and strategies it is about."""
FEWEST_KEYS = 3


class Axis(msgspec.Struct, frozen=True):
    """One key and the values it takes, in their order."""

    key: str
    """Dotted, a strategy by its name: strategies.trend.params.fast."""
    values: Values


def axes_of(texts: Sequence[str]) -> tuple[Axis, ...]:
    """Return the axes of texts `key=value,value,…`, each value as in TOML, or `key=first..last..step`.

    UsageError where one cannot be read.
    """
    axes = tuple(_axis(text) for text in texts)
    if len({axis.key for axis in axes}) < len(axes):
        raise UsageError("--grid: each key is named once, with all of its values")
    return axes


def _axis(text: str) -> Axis:
    key, equals, values = text.partition("=")
    try:
        found = _steps(values) or (tuple(tomllib.loads(f"x = [{values}]")["x"]) if equals else ())
    except tomllib.TOMLDecodeError:
        found = ()
    if not found:
        raise UsageError(f"--grid: expected KEY=VALUE,VALUE as in TOML, got {text!r}")
    if len({repr(value) for value in found}) < len(found):
        raise UsageError(f"--grid: {key} names a value twice")
    return Axis(key.strip(), found)


def _steps(text: str) -> Values:
    """Return the values of `first..last`, or `first..last..step`, both ends among them; () where it is none of these.

    >>> _steps("5..8"), _steps("0.5..1..0.25"), _steps("5,8")
    ((5, 6, 7, 8), (0.5, 0.75, 1.0), ())
    """
    words = [word.strip() for word in text.split("..")]
    if len(words) not in {2, 3} or not all(words):
        return ()
    first, last, step = tomllib.loads(f"x = [{','.join([*words, '1'][:3])}]")["x"]
    if not all(isinstance(x, int | float) and not isinstance(x, bool) for x in (first, last, step)) or step <= 0:
        return ()
    count = int((last - first) / step + 1e-9) + 1
    if all(isinstance(x, int) for x in (first, step)):
        return tuple(first + step * i for i in range(count))
    return tuple(round(first + step * i, 12) for i in range(count))


def points_of(axes: Sequence[Axis], random_points: int | None = None, seed: int = 1) -> list[Values]:
    """Return the points of a grid, the last axis fastest; or so many of them, drawn without repetition.

    Those drawn are the same for the same seed, and stand in the order of the grid.
    """
    size = math.prod(len(axis.values) for axis in axes)
    if random_points is None or random_points >= size:
        return list(product(*(axis.values for axis in axes)))
    draw = random.Random(seed)  # noqa: S311 - dice, and no secret
    return [_point(axes, place) for place in sorted(draw.sample(range(size), random_points))]


def _point(axes: Sequence[Axis], place: int) -> Values:
    """Return the point at a place of the grid."""
    values = []
    for axis in reversed(axes):
        place, at = divmod(place, len(axis.values))
        values.append(axis.values[at])
    return tuple(reversed(values))


def turned(config: AccountConfig, keys: Sequence[str], values: Values) -> AccountConfig:
    """Return the account with these keys at these values; ConfigError where it cannot be meant so."""
    document = msgspec.to_builtins(config)
    for key, value in zip(keys, values, strict=True):
        _turn(document, key, value)
    try:
        found = msgspec.convert(document, AccountConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{_named(keys, values)}: {error}") from None
    wrong = [f"{_named(keys, values)}: {problem}" for problem in contradictions(found)]
    if wrong:
        raise ConfigError(*wrong)
    return found


def _named(keys: Sequence[str], values: Values) -> str:
    return ", ".join(f"{key} = {value}" for key, value in zip(keys, values, strict=True))


def _turn(document: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401 - any TOML value
    names = key.split(".")
    if names[0] not in TURNED or (len(names) < FEWEST_KEYS and names[0] != "limits") or names[-1] in STAYS:
        raise UsageError(
            f"--grid: {key}: a sweep turns what strategies, limits and costs say, like strategies.trend.params.fast"
        )
    table: Any = document
    for name in names[:-1]:
        table = _inside(table, name, key)
    if not isinstance(table, dict) or (names[-1] not in table and "params" not in names):
        raise UsageError(f"--grid: {key}: the account has no such key")
    table[names[-1]] = value


def _inside(table: Any, name: str, key: str) -> Any:  # noqa: ANN401
    if isinstance(table, list | tuple):
        table = {item["name"]: item for item in table}
    found = table.get(name) if isinstance(table, dict) else None
    if found is None:
        known = ", ".join(table) if isinstance(table, dict) else "nothing"
        raise UsageError(f"--grid: {key}: no {name!r} there; there is {known}")
    return found
