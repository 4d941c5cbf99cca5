"""What every function of the package has in common: it is a built-in, sets the last error, and can fail in three ways.

An error code and the function's failure value; the same with a SystemError, whose cause is an exception that the C code
left behind; or a plain TypeError before the call begins, when the interpreter itself refuses the arguments.
"""

import types

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from brokers.mt5.lookalike.arguments import Invalid
from brokers.mt5.lookalike.client import LINE, SUCCESS, Failed
from brokers.mt5.lookalike.docs import DOCS

INVALID = -2

R = TypeVar("R")
Body = Callable[..., R]


def _call(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the package takes anything and judges itself
    """Run a function: last error set, errors told by code, `failure` returned."""
    if kwargs and not self.keywords:
        raise TypeError(f"{self.name}() takes no keyword arguments")
    if self.fresh:
        LINE.error = SUCCESS
    value, cause = self.failure, None
    try:
        value = self.body(*args, **kwargs)
    except Failed as failed:
        LINE.error = failed.error
    except Invalid as invalid:
        LINE.error, cause = (INVALID, invalid.text), invalid.cause
    left, LINE.left = LINE.left, None
    cause = cause or left
    if cause is not None:
        _fall(self.name, cause)
    return value


def _call_plain(self: Any, *args: object, **kwargs: object) -> Any:  # noqa: ANN401 - each function has its own value
    """Run a function without arguments, which the interpreter refuses before it begins."""
    if kwargs:
        raise TypeError(f"MetaTrader5._core.{self.name}() takes no keyword arguments")
    if args:
        raise TypeError(f"MetaTrader5._core.{self.name}() takes no arguments ({len(args)} given)")
    return _call(self)


def _fall(name: str, cause: BaseException) -> NoReturn:
    """Fail as the interpreter does when a built-in function returns although an exception is set."""
    error = SystemError(f"<built-in function {name}> returned a result with an exception set")
    error.__context__ = cause
    raise error from cause


def _qualname(self: Any, name: str) -> str:  # noqa: ANN401 - see _face
    """Return the one attribute that a class made by hand cannot hold."""
    if name != "__qualname__":
        raise AttributeError(f"'builtin_function_or_method' object has no attribute '{name}'")
    return str(self.name)


def _face(call: Callable[..., Any]) -> Any:  # noqa: ANN401 - a class made by hand
    """Return a class that is to be taken for the interpreter's built-in functions."""
    known = {
        "__slots__": ("name", "doc", "body", "failure", "keywords", "fresh"),
        "__call__": call,
        "__repr__": lambda self: f"<built-in function {self.name}>",
        "__class__": property(lambda _: types.BuiltinFunctionType),
        "__module__": property(lambda _: "MetaTrader5._core"),
        "__doc__": property(lambda self: self.doc),
        "__name__": property(lambda self: self.name),
        "__getattr__": _qualname,
        "__text_signature__": property(lambda _: None),
        "__self__": property(lambda _: None),
    }
    return type("builtin_function_or_method", (), known)


_FUNCTION, _PLAIN = _face(_call), _face(_call_plain)


def function(*, failure: object = None, keywords: bool = False) -> Callable[[Body[R]], Body[R]]:
    """Make a function one of the package; `failure` is what it returns when it fails."""
    return lambda body: _dressed(_FUNCTION, body, failure, keywords=keywords)


def plain(*, failure: object = None, fresh: bool = True) -> Callable[[Body[R]], Body[R]]:
    """Make a function one of the package that takes no arguments; one that is not fresh leaves the last error alone."""
    return lambda body: _dressed(_PLAIN, body, failure, fresh=fresh)


def _dressed(
    face: Any,  # noqa: ANN401 - see _face
    body: Body[R],
    failure: object,
    *,
    keywords: bool = False,
    fresh: bool = True,
) -> Body[R]:
    made = face()
    made.name, made.body, made.failure, made.keywords, made.fresh = body.__name__, body, failure, keywords, fresh
    made.doc = DOCS.get(made.name, body.__doc__)
    dressed: Body[R] = made
    return dressed
