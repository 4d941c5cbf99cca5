"""From a TOML to an `AccountConfig`: read, placed, checked; every refusal names file, key and what was expected."""

import copy
import hashlib
import os
import tomllib

from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

import msgspec

from config.account import AccountConfig, AccountFile, SymbolSection
from config.calendar import read_calendar
from config.checks import contradictions
from config.errors import ConfigError
from config.shape import problems
from market.calendar import Calendar, with_nights

PATHS: tuple[tuple[str, ...], ...] = (
    ("account", "state"),
    ("account", "calendar"),
    ("terminal", "path"),
    ("terminal", "password", "file"),
    ("regimes", "*", "model"),
    ("data", "*", "file"),
    ("bus", "ca"),
    ("bus", "password", "file"),
    ("bus", "key"),
    ("bus", "operators"),
)
"""The keys whose values are paths; relative ones are meant from the folder of the TOML."""

UNSAID: tuple[tuple[str, ...], ...] = (("terminal", "password"), ("account", "calendar"), ("folder",), ("bus",))
"""What the digest leaves out: where a secret, the calendar and the TOML lie decides nothing; what they say does.

By which broker commands come decides nothing either: each is a fact."""

BIGGEST = 1_000_000
"""Bytes; no account says as much."""


def load(path: str | Path) -> AccountConfig:
    """Return the account that a TOML describes; ConfigError, holding every problem found, where it cannot be meant."""
    file = Path(path).absolute()
    return parse(_read(file), folder=file.parent, name=file.name)


def parse(text: str, *, folder: Path, name: str = "the TOML") -> AccountConfig:
    """Return the account that a text describes, as if it were a file called `name` in `folder`."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    return account_of(document, folder=folder, name=name)


def account_of(document: dict[str, Any], *, folder: Path, name: str = "the document") -> AccountConfig:
    """Return the account that a document describes, as TOML would have been read; the document is left as it is."""
    document = copy.deepcopy(document)
    _name_specs(document)
    _refuse(problems(document, AccountFile), name)
    _each_path(document, lambda value: _placed(value, folder))
    config = msgspec.convert({**document, "folder": str(folder)}, AccountConfig, strict=True)
    _refuse(contradictions(config), name)
    return _with_calendar(config, document, name) if config.account.calendar else config


def digest(config: AccountConfig) -> str:
    """Return the SHA-256 of what an account's configuration decides; it does not change when its folder moves."""
    document = msgspec.to_builtins(config, str_keys=True)
    _each_path(document, lambda value: _relative(value, config.folder))
    for *tables, last in UNSAID:
        table = document
        for key in tables:
            table = table[key]
        table.pop(last, None)
    return hashlib.sha256(msgspec.json.encode(document, order="deterministic")).hexdigest()


def _with_calendar(config: AccountConfig, document: dict[str, Any], name: str) -> AccountConfig:
    """Return the account with what its calendar file says; a contract that names swap factors keeps its own."""
    file = Path(config.account.calendar)
    try:
        said = tomllib.loads(_read(file))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file.name}: not TOML: {error}") from None
    except ConfigError as error:
        raise ConfigError(f"{name}: account.calendar: expected a calendar file, {error}") from None
    brokers = {symbol: section.broker or symbol for symbol, section in config.symbols.items()}
    calendars, wrong = read_calendar(said, brokers, config.account.zone)
    _refuse(wrong, file.name)
    symbols = {
        symbol: _with_swap(section, calendars.symbols[symbol], document["symbols"][symbol])
        for symbol, section in config.symbols.items()
    }
    return msgspec.structs.replace(config, calendars=calendars, symbols=symbols)


def _with_swap(section: SymbolSection, calendar: Calendar, said: dict[str, Any]) -> SymbolSection:
    if section.spec is None or "swap_days" in said["spec"]:
        return section
    return msgspec.structs.replace(section, spec=with_nights(section.spec, calendar))


def _read(file: Path) -> str:
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


def _refuse(found: Any, name: str) -> None:  # noqa: ANN401 - any iterable of texts
    wrong = [f"{name}: {problem}" for problem in found]
    if wrong:
        raise ConfigError(*wrong)


def _name_specs(document: dict[str, Any]) -> None:
    """Give every contract the name of its table, so that nobody has to write it twice."""
    symbols = document.get("symbols")
    for name, symbol in symbols.items() if isinstance(symbols, dict) else ():
        spec = symbol.get("spec") if isinstance(symbol, dict) else None
        if isinstance(spec, dict):
            spec.setdefault("name", name)


def _each_path(document: dict[str, Any], change: Callable[[str], str]) -> None:
    for keys in PATHS:
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


def _placed(value: str, folder: Path) -> str:
    if PureWindowsPath(value).drive:
        return value  # a path inside Wine, or a Windows one: it has a root of its own
    return os.path.normpath(folder / os.path.expanduser(value))  # noqa: PTH111 - pathlib's raises for an unknown user


def _relative(value: str, folder: str) -> str:
    path = Path(value)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
