"""From a name in a configuration to a strategy: a built-in one, or a user's class or function by its dotted path."""

import importlib
import inspect

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

import msgspec

from strategies.breakout import Breakout
from strategies.mean_reversion import MeanReversion
from strategies.protocol import Strategy, StrategyError
from strategies.trend import Trend
from strategies.window import WindowStrategy
from strategies.windowed import check_features, given_by, windowed

BUILT_IN: dict[str, type[Any]] = {
    "breakout": Breakout,
    "mean_reversion": MeanReversion,
    "trend": Trend,
}
"""Every built-in strategy by name."""

_BOTH = ("name", "version", "features", "init")
_KERNEL = ("step", "params")
_PYTHON = ("decide",)


def resolve(use: str, params: Mapping[str, Any] | None = None) -> Strategy:
    """Return the strategy that `use` names, made with `params`; StrategyError says in one line what to do.

    `use` is a built-in name or "module:Class" ("module.Class" does as well), or "module:function" of a function over
    the last closed bars: then `params` says over how many (`window`), and in which `version` it is. One that runs in a
    `process` of its own is not imported here: `bound` does. Modules are found on `sys.path`, which is the caller's
    business.

    >>> resolve("trend", {"fast": 10}).params()
    (3.0,)
    """
    if (params or {}).get("process") is True:
        return windowed(use, None, dict(params or {}))
    found = found_by(use)
    if not isinstance(found, type):
        return windowed(use, found, dict(params or {}))
    strategy: Strategy = _made(use, found, params or {})
    missing = missing_of(strategy)
    if missing:
        raise StrategyError(f"strategy {use!r} is missing {missing}")
    check_features(use, strategy.features())
    return strategy


def missing_of(candidate: object) -> str:
    """Return what an object lacks to be a strategy of either sort, in words; empty if it is one."""
    lacks = [what for what in _BOTH if not hasattr(candidate, what)]
    sorts = [[what for what in sort if not hasattr(candidate, what)] for sort in (_PYTHON, _KERNEL)]
    if all(sorts):
        ways = [" and ".join(way) for way in sorts]
        lacks.append(f"{ways[0]} (or, as a kernel strategy, {ways[1]})")
    return ", ".join(lacks)


def found_by(use: str) -> type[Any] | Callable[..., Any]:
    """Return the function that a dotted path names, or the class; StrategyError as `resolve` says it."""
    if use in BUILT_IN:
        return BUILT_IN[use]
    path, mark, name = use.rpartition(":" if ":" in use else ".")
    if not (mark and path and name):
        known = ", ".join(sorted(BUILT_IN))
        raise StrategyError(f'unknown strategy {use!r}; built in are: {known}; or name your own as "module:Class"')
    found: object = getattr(_imported(use, path), name, None)
    if not callable(found):
        raise StrategyError(f"strategy {use!r}: module {path!r} has no class {name!r}, and no function")
    return found


def _imported(use: str, path: str) -> ModuleType:
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is not None and (path == error.name or path.startswith(f"{error.name}.")):
            raise StrategyError(f"strategy {use!r}: no module {path!r}; is its folder the configuration's?") from error
        raise StrategyError(f"strategy {use!r}: {path} imports {error.name!r}, which is not installed") from error
    except Exception as error:  # whatever a user's module raises while it is imported
        raise StrategyError(f"strategy {use!r}: importing {path!r} failed: {_line(error)}") from error


def _made(use: str, kind: type[Any], params: Mapping[str, Any]) -> Any:  # noqa: ANN401 - not yet known to be a strategy
    known = _parameters(kind)  # type: ignore[arg-type]  # every class can be hashed
    unknown = [f"{name!r}" for name in params if name not in known]
    if unknown:
        has = ", ".join(known) or "none"
        raise StrategyError(f"strategy {use!r} has no parameter {', '.join(unknown)}; it has: {has}")
    try:
        if _typed(kind):
            return msgspec.convert(dict(params), kind, strict=True)
        return kind(**params)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise StrategyError(f"strategy {use!r}: {_line(error)}") from error


def bound(strategy: WindowStrategy) -> WindowStrategy:
    """Return a function's strategy with the function itself, to be called here; StrategyError as `resolve` says it."""
    found = found_by(strategy.use)
    if isinstance(found, type):
        raise StrategyError(f"strategy {strategy.use!r} is a class: only a function runs in a process of its own")
    return windowed(strategy.use, found, given_by(strategy))


def called_here(strategy: Strategy) -> Strategy:
    """Return a strategy that is called in this process, though it may have one of its own in a daemon."""
    return bound(strategy) if isinstance(strategy, WindowStrategy) and strategy.function is None else strategy


def _typed(kind: type[Any]) -> bool:
    return issubclass(kind, msgspec.Struct) or hasattr(kind, "__dataclass_fields__")


@lru_cache(maxsize=64)  # a signature costs more than all else that is asked of a class
def _parameters(kind: type[Any]) -> tuple[str, ...]:
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    if kind.__init__ is object.__init__:
        return ()
    return tuple(inspect.signature(kind).parameters)


def _line(error: Exception) -> str:
    """Return an exception as one line."""
    text = " ".join(str(error).split())
    return text if isinstance(error, msgspec.ValidationError) else f"{type(error).__name__}: {text}"
