"""Ask a module of the package's shape many things in turn and write down what it says: the evaluator of the probes.

Runs on either side, under Wine's Python beside the real package and here beside the look-alike, so it needs nothing but
the standard library and numpy. `python asked.py MODULE QUESTIONS ANSWERS HOW` reads a JSON list of expressions
and appends a line `[answer, last error]` for each.
"""

import collections
import copy
import datetime as dt
import decimal
import enum
import fractions
import importlib
import inspect
import json
import operator
import pickle
import re
import sys
import types
import warnings

from pathlib import Path
from typing import Any

import numpy as np


class D(dict[str, Any]):
    """A dict of another type."""


class S(str):
    """A text of another type."""

    __slots__ = ()


class I(int):  # noqa: E742 - as short as the others
    """A whole number of another type."""


class F(float):
    """A number of another type."""


class T(dt.datetime):
    """A moment of another type."""


class Index:
    """What can stand for a whole number."""

    def __init__(self, value: Any = 1) -> None:  # noqa: ANN401 - wrong ones too
        self.value = value

    def __index__(self) -> Any:  # noqa: ANN401 - wrong ones too
        """Return whatever was given, as a whole number."""
        return self.value


class Int:
    """What can be turned into a whole number, but is none."""

    __index__ = None

    def __init__(self, value: Any = 1) -> None:  # noqa: ANN401 - wrong ones too
        self.value = value

    def __int__(self) -> Any:  # noqa: ANN401 - wrong ones too
        """Return whatever was given."""
        return self.value


class Float:
    """What can be turned into a number, right or wrong."""

    __index__ = __int__ = None

    def __init__(self, value: Any = 1) -> None:  # noqa: ANN401 - wrong ones too
        self.value = value

    def __float__(self) -> Any:  # noqa: ANN401 - wrong ones too
        """Return whatever was given."""
        return self.value


class Raises:
    """What raises whenever it is asked for its value."""

    def __bool__(self) -> bool:
        """Refuse."""
        raise ArithmeticError("bool asked")

    def __index__(self) -> int:
        """Refuse."""
        raise ArithmeticError("index asked")

    def __float__(self) -> float:
        """Refuse."""
        raise ArithmeticError("float asked")

    def timestamp(self) -> float:
        """Refuse."""
        raise ArithmeticError("timestamp asked")


class Stamp:
    """What has a timestamp, but is no moment."""

    def timestamp(self) -> float:
        """Return one."""
        return 1.0


class E(enum.IntEnum):
    """A whole number with a name."""

    ONE = 1


def scope(m: types.ModuleType) -> dict[str, Any]:
    """Return the names that a question may use."""
    base = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.1, "deviation": 10, "magic": 1}
    base |= {"comment": "x", "type_time": 0, "type_filling": 1}
    kinds = {kind.__name__: kind for kind in (D, S, I, F, T, Index, Int, Float, Raises, Stamp, E)}
    names = {"m": m, "dt": dt, "np": np, "copy": copy, "pickle": pickle, "inspect": inspect, "types": types}
    more = {"op": operator, "collections": collections, "now": dt.datetime(2024, 1, 2, tzinfo=dt.UTC), "base": base}
    return {**kinds, **names, **more, "Decimal": decimal.Decimal, "Fraction": fractions.Fraction}


def told(value: object) -> str:
    """Return a value as text, without its place in memory."""
    return re.sub(r" at 0x[0-9A-Fa-f]+", " at 0x", f"{type(value).__name__} {value!r}")


def answer(expression: str, names: dict[str, Any]) -> str:
    """Return what a question gives, or what it raises and why."""
    try:
        return told(eval(expression, names))  # noqa: S307 - our own questions
    except Exception as error:  # noqa: BLE001 - every kind is an answer
        return f"raised {told(error)} because {told(error.__cause__)} while {told(error.__context__)}"


def recorded(expression: str, names: dict[str, Any]) -> str:
    """Return the same in the words of the shared recording, which tells less."""
    try:
        return repr(eval(expression, names))  # noqa: S307 - our own questions
    except Exception as error:  # noqa: BLE001 - every kind is an answer
        cause = f" cause={error.__cause__!r}" if error.__cause__ is not None else ""
        return repr(f"EXC {type(error).__name__}: {error}{cause}")


def ask(module: str, questions: list[str], written: Path, how: str) -> None:
    """Append the answers of a module, each with the last error after it; a crash leaves what was answered before.

    `fresh` begins each question with success, so that no answer depends on the question before; in the `recorded` way
    they follow each other.
    """
    m = importlib.import_module(module)
    names = scope(m)
    warnings.simplefilter("ignore")
    with written.open("a", encoding="ascii") as file:
        for question in questions:
            if how == "fresh":
                m.shutdown()
            told = [answer, recorded][how == "recorded"](question, names)
            file.write(json.dumps([told, answer("m.last_error()", names)]) + "\n")
            file.flush()


if __name__ == "__main__":
    name, asked, answered, manner = sys.argv[1:]
    ask(name, json.loads(Path(asked).read_text(encoding="ascii")), Path(answered), manner)
