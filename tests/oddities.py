"""A package that behaves as the look-alike does, but for what a test wants to be odd about it."""

from collections.abc import Callable
from typing import Any

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike.structs import names_of


class Odd:
    """The look-alike with some of its functions changed: each change is given what the function itself returned."""

    def __init__(self, **changes: Callable[[Any], Any]) -> None:
        """Take the changes by the function's name."""
        self.changes = changes
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the package has there
        """Return the package's own, or a function that passes what it returns through the change."""
        own = getattr(m, name)
        if name not in self.changes:
            return own

        def odd(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self.calls.append(name)
            return self.changes[name](own(*args, **kwargs))

        return odd


def with_field(**fields: object) -> Callable[[Any], Any]:
    """Return a change that sets some fields of a structure."""

    def change(row: Any) -> Any:  # noqa: ANN401 - a structure of the package
        kind: Any = type(row)
        return kind([fields.get(name, value) for name, value in zip(names_of(kind), row, strict=True)])

    return change


def later(*changes: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a change that is another one at each call; the last one stays."""
    left = list(changes)

    def change(value: Any) -> Any:  # noqa: ANN401 - whatever the package returns
        return (left.pop(0) if len(left) > 1 else left[0])(value)

    return change


def same(value: Any) -> Any:  # noqa: ANN401 - whatever the package returns
    """Change nothing."""
    return value


def nothing(_value: Any) -> None:  # noqa: ANN401 - whatever the package returns
    """Give nothing."""
