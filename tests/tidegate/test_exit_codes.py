"""Exit codes are documented, stable, and reached from every refusal of every room."""

import ast
import errno
import importlib
import re

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import ConfigError, Negative, TidegateError, one_line
from tests.floor_plan import FLOORS
from tidegate.errors import BUG, INTERRUPTED, REFUSALS, as_refusal, guarded

ROOT = Path(__file__).parents[2]
ROOMS = tuple(room for room in FLOORS if room != "tests")

BUGS = frozenset({
    "brokers.mt5.lookalike.arguments.Invalid",  # the package's own word; caught where it is called
    "brokers.mt5.lookalike.client.Failed",  # likewise
    "brokers.mt5.reader.StrangerError",  # stays in the worker, which says that it is a wrong terminal
    "brokers.mt5.reader.TerminalLostError",  # stays in the worker, which connects anew
    "runtime.bus.port.BusError",  # stays in the thread that hears the bus; a caller says it as an UnreachableError
    "runtime.core.orders.IllegalTransitionError",
    "runtime.core.risk.UnprotectedError",
})  # fmt: skip
"""Exceptions that are no refusals: whoever sees one has found a bug, and gets its traceback."""


def exceptions() -> Iterator[str]:
    """Yield the dotted name of every exception class of the house."""
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            bases = [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
            if isinstance(node, ast.ClassDef) and any(
                re.search(r"(Error|Exception|Refused|Failed)$", base) for base in bases
            ):
                yield f"{module}.{node.name}"


def the_class(name: str) -> type[BaseException]:
    """Return a class by its dotted name."""
    module, _, last = name.rpartition(".")
    found = getattr(importlib.import_module(module), last)
    assert isinstance(found, type)
    assert issubclass(found, BaseException)
    return found


def documented() -> dict[int, tuple[str, str]]:
    """Return name and meaning of each code in the documentation."""
    text = (ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\w*) ?\| (.+) \|$", text, re.MULTILINE)
    return {int(code): (name, meaning) for code, name, meaning in rows}


def test_the_documentation_says_what_the_code_does() -> None:
    """Every refusal stands in the table with its code and its own words, and nothing else does."""
    table = documented()
    refusals = {kind.exit_code: kind for kind in TidegateError.__subclasses__() if kind.__module__ == "config.errors"}

    assert {0, BUG, INTERRUPTED} | refusals.keys() == table.keys()
    for code, kind in refusals.items():
        assert kind.__name__ == table[code][0]
        assert str(kind.__doc__).partition(";")[0].rstrip(".").casefold() in table[code][1].casefold()


def test_the_tree_at_the_top_of_the_errors_is_the_tree_there_is() -> None:
    """What a reader sees drawn is what is defined below."""
    drawn = re.findall(r"── (\w+) +(\d+)", (ROOT / "config" / "errors.py").read_text(encoding="utf-8"))

    assert sorted((kind.__name__, str(kind.exit_code)) for kind in TidegateError.__subclasses__()
                  if kind.__module__ == "config.errors") == sorted(drawn)  # fmt: skip


def test_every_exception_of_every_room_has_an_exit_code_or_is_a_bug() -> None:
    """A new exception class must be given its code in `tidegate.errors.REFUSALS`, or be named a bug here."""
    homeless = [
        name
        for name in exceptions()
        if name not in BUGS
        and name != "config.errors.TidegateError"
        and not issubclass(the_class(name), TidegateError)
        and not any(f"{kind.__module__}.{kind.__qualname__}" in REFUSALS for kind in the_class(name).__mro__)
    ]

    assert [] == homeless


@pytest.mark.parametrize(("name", "code"), sorted(REFUSALS.items()))
def test_a_refusal_from_below_keeps_its_words_and_gets_its_code(
    name: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rooms below know nothing of exit codes; the door gives them."""

    def command() -> None:
        error = the_class(name).__new__(the_class(name))
        error.args = ("mend this",)
        raise error

    assert code == guarded(command)
    assert "tidegate: error: mend this\n" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Negative("no"), 11, "no"),
        (ConfigError("one", "two"), 3, "one (and 1 more: `tidegate config check` lists them)"),
        (ConfigError("three\n  lines\nof text"), 3, "three lines of text"),
        (
            OSError(errno.ENOSPC, "No space left on device", "j"),
            10,
            "j: No space left on device: mend that, then start",
        ),
        (OSError(errno.EFBIG, "File too large"), 10, "the disk: File too large: mend that, then start again"),
        (FileNotFoundError(errno.ENOENT, "No such file", "bars.csv"), 4, "bars.csv: No such file: name another"),
        (OSError(errno.EISDIR, "Is a directory", "draft", None, "out"), 4, "out: Is a directory: name another"),
        (OSError(errno.EEXIST, "File exists", "out"), 4, "out: File exists: name another"),
        (
            ModuleNotFoundError("no numba", name="numba.core"),
            2,
            'needs the package numba.core: install "tidegate[backtest]"',
        ),
        (ModuleNotFoundError("no optuna", name="optuna"), 2, 'needs the package optuna: install "tidegate[optuna]"'),
        (ModuleNotFoundError("no ray", name="ray"), 2, 'needs the package ray: install "tidegate[ray]"'),
    ],
)
def test_a_refusal_is_one_line_with_its_code(
    error: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing but one line reaches the person."""

    def command() -> None:
        raise error

    assert code == guarded(command)
    shown = capsys.readouterr()
    assert "" == shown.out
    assert 1 == len(shown.err.splitlines())
    assert said in shown.err


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("x"), AssertionError("x"), OSError("x"), RuntimeError("x")]
)
def test_a_bug_shows_its_traceback(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever nobody meant is shown whole, and ends with 1."""

    def command() -> None:
        raise error

    assert as_refusal(error) is None
    assert BUG == guarded(command)
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("end", "code"), [(SystemExit(), 0), (SystemExit(2), 2), (SystemExit("text"), 1), (KeyboardInterrupt(), 130)]
)
def test_an_end_keeps_its_code(end: BaseException, code: int) -> None:
    """Leaving early and the interrupt key are no errors."""

    def command() -> None:
        raise end

    assert code == guarded(command)


def test_a_line_cannot_move_the_cursor() -> None:
    """What comes from files and brokers is spelled out, not obeyed."""
    assert "a b\\x1b[2J\\x07" == one_line("a\r\n b\x1b[2J\x07\n")
