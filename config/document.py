"""A TOML before anything is made of it: its text, the paths in it, and how what is wrong with it is refused."""

import os
import tomllib

from collections.abc import Callable, Iterable
from pathlib import Path, PureWindowsPath
from typing import Any

from config.errors import ConfigError

BIGGEST = 1_000_000
"""Bytes; no account says as much."""


def read(file: Path) -> str:
    """Return the text of a file; ConfigError where it cannot be the TOML of an account."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(BIGGEST + 1)
        if len(raw) > BIGGEST:
            raise ConfigError(f"{file.name}: larger than {BIGGEST} bytes: this is not the TOML of an account")
        return raw.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}: name a file that is there") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file.name}: not UTF-8 text: save it as UTF-8") from None


def document_of(text: str, name: str) -> dict[str, Any]:
    """Return what a text says, as if it were a file called `name`; ConfigError where it is not TOML."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None


def refuse(found: Iterable[str], name: str) -> None:
    """Raise a ConfigError that holds every problem found, if there is one."""
    wrong = [f"{name}: {problem}" for problem in found]
    if wrong:
        raise ConfigError(*wrong)


def each_path(document: dict[str, Any], paths: Iterable[tuple[str, ...]], change: Callable[[str], str]) -> None:
    """Change the values under some keys in place, those that are there and not empty; `*` stands for every key."""
    for keys in paths:
        _change(document, keys, change)


def _change(table: Any, keys: tuple[str, ...], change: Callable[[str], str]) -> None:  # noqa: ANN401 - any TOML value
    if not isinstance(table, dict):
        return
    first, *rest = keys
    for key in list(table) if first == "*" else [first]:
        if rest:
            _change(table.get(key), tuple(rest), change)
        elif table.get(key):
            table[key] = change(table[key])


def placed(value: str, folder: Path) -> str:
    """Return a path as it is meant from a folder."""
    if PureWindowsPath(value).drive:
        return value  # a path inside Wine, or a Windows one: it has a root of its own
    return os.path.normpath(folder / os.path.expanduser(value))  # noqa: PTH111 - pathlib's raises for an unknown user
