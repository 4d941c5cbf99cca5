"""From a TOML to an `AccountConfig`: read, placed, checked; every refusal names file, key and what was expected."""

import copy
import hashlib

from pathlib import Path
from typing import Any

import msgspec

from config.account import AccountConfig, AccountFile, SymbolSection
from config.calendar import read_calendar
from config.checks import contradictions
from config.document import document_of, each_path, placed, read, refuse
from config.errors import ConfigError
from config.shape import problems
from config.windows import read_news
from market.calendar import Calendar, with_nights

PATHS: tuple[tuple[str, ...], ...] = (
    ("account", "state"),
    ("account", "calendar"),
    ("windows", "news", "file"),
    ("terminal", "path"),
    ("terminal", "password", "file"),
    ("flattener", "path"),
    ("regimes", "*", "model"),
    ("data", "*", "file"),
    ("journal", "url", "file"),
    ("bus", "ca"),
    ("bus", "password", "file"),
    ("bus", "key"),
    ("bus", "operators"),
    ("checkpoints", "key"),
    ("checkpoints", "ring"),
    ("alerts", "owners", "*", "urls", "file"),
)
"""The keys whose values are paths; relative ones are meant from the folder of the TOML."""

UNSAID: tuple[tuple[str, ...], ...] = (
    ("terminal", "password"),
    ("account", "calendar"),
    ("windows", "news", "file"),
    ("folder",),
    ("journal",),
    ("bus",),
    ("checkpoints",),
    ("alerts",),
    ("client",),
    ("guardian",),
    ("deadman",),
    ("flattener",),
    ("account", "desk_phone"),
)
"""What the digest leaves out: where a secret, the calendar and the TOML lie decides nothing; what they say does.

By which broker commands come decides nothing either: each is a fact. Nor does who watches, or is called, what a
client is told, or by whose key the journal is sealed."""


def load(path: str | Path) -> AccountConfig:
    """Return the account that a TOML describes; ConfigError, holding every problem found, where it cannot be meant."""
    file = Path(path).absolute()
    return parse(read(file), folder=file.parent, name=file.name)


def parse(text: str, *, folder: Path, name: str = "the TOML") -> AccountConfig:
    """Return the account that a text describes, as if it were a file called `name` in `folder`."""
    return account_of(document_of(text, name), folder=folder, name=name)


def account_of(document: dict[str, Any], *, folder: Path, name: str = "the document") -> AccountConfig:
    """Return the account that a document describes, as TOML would have been read; the document is left as it is."""
    document = copy.deepcopy(document)
    _name_specs(document)
    refuse(problems(document, AccountFile), name)
    each_path(document, PATHS, lambda value: placed(value, folder))
    config = msgspec.convert({**document, "folder": str(folder)}, AccountConfig, strict=True)
    refuse(contradictions(config), name)
    config = _with_calendar(config, document, name) if config.account.calendar else config
    return _with_news(config, name)


def digest(config: AccountConfig) -> str:
    """Return the SHA-256 of what an account's configuration decides; it does not change when its folder moves."""
    document = msgspec.to_builtins(config, str_keys=True)
    each_path(document, PATHS, lambda value: _relative(value, config.folder))
    for *tables, last in UNSAID:
        table = document
        for key in tables:
            table = table.get(key) or {}
        table.pop(last, None)
    return hashlib.sha256(msgspec.json.encode(document, order="deterministic")).hexdigest()


def _with_calendar(config: AccountConfig, document: dict[str, Any], name: str) -> AccountConfig:
    """Return the account with what its calendar file says; a contract that names swap factors keeps its own."""
    file = Path(config.account.calendar)
    text = _named(file, f"{name}: account.calendar: expected a calendar file")
    brokers = {symbol: section.broker or symbol for symbol, section in config.symbols.items()}
    calendars, wrong = read_calendar(document_of(text, file.name), brokers, config.account.zone)
    refuse(wrong, file.name)
    symbols = {
        symbol: _with_swap(section, calendars.symbols[symbol], document["symbols"][symbol])
        for symbol, section in config.symbols.items()
    }
    return msgspec.structs.replace(config, calendars=calendars, symbols=symbols)


def _with_news(config: AccountConfig, name: str) -> AccountConfig:
    """Return the account with what its file of news announces."""
    if config.windows is None or config.windows.news is None:
        return config
    file = Path(config.windows.news.file)
    news, wrong = read_news(_named(file, f"{name}: windows.news.file: expected a file of news"))
    refuse(wrong, file.name)
    return msgspec.structs.replace(config, news=news)


def _named(file: Path, expected: str) -> str:
    """Return the text of a file that the TOML names; ConfigError, what was expected first, where there is none."""
    try:
        return read(file)
    except ConfigError as error:
        raise ConfigError(f"{expected}, {error}") from None


def _with_swap(section: SymbolSection, calendar: Calendar, said: dict[str, Any]) -> SymbolSection:
    if section.spec is None or "swap_days" in said["spec"]:
        return section
    return msgspec.structs.replace(section, spec=with_nights(section.spec, calendar))


def _name_specs(document: dict[str, Any]) -> None:
    """Give every contract the name of its table, so that nobody has to write it twice."""
    symbols = document.get("symbols")
    for name, symbol in symbols.items() if isinstance(symbols, dict) else ():
        spec = symbol.get("spec") if isinstance(symbol, dict) else None
        if isinstance(spec, dict):
            spec.setdefault("name", name)


def _relative(value: str, folder: str) -> str:
    path = Path(value)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
