"""The TOML a new account begins with: complete, commented, in observe mode; its latch begins at halt."""

import re

from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

import msgspec

from config.account import AccountConfig
from config.errors import UsageError
from config.load import parse

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")

_TERMINALS = {
    "metatrader5": (
        'kind = "metatrader5"',
        'path = "C:/Program Files/MetaTrader 5/terminal64.exe"',
        '# Or { file = "…" } that only its owner can read (chmod 600); never the password itself.',
        'password = { env = "${variable}" }',
    ),
    "lookalike": (
        'kind = "lookalike"                # a terminal that only looks like one: nothing leaves this machine',
        'path = "terminal"',
    ),
}


def demo_text() -> str:
    """Return the TOML of the demo."""
    return _text("demo.toml")


def calendar_text() -> str:
    """Return an example of a calendar file, which says itself that it has to be checked."""
    return _text("calendars/fx-example.toml")


def account_text(
    name: str,
    *,
    kind: Literal["metatrader5", "lookalike"] = "metatrader5",
    login: int = 1,
    server: str = "Broker-Demo",
    user: str = "client",
    owner: str = "me",
) -> str:
    """Return the TOML of a new account; UsageError where the name cannot be a folder's."""
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"an account's name has letters, digits, - and _ only, no more than 63: not {name!r}")
    variable = f"TIDEGATE_{name.upper().replace('-', '_')}_PASSWORD"
    terminal = Template("\n".join(_TERMINALS[kind])).substitute(variable=variable)
    texts = {key: _quoted(text) for key, text in (("server", server), ("user", user), ("owner", owner))}
    return Template(_text("new_account.template")).substitute(name=name, login=login, terminal=terminal, **texts)


def write_account(file: Path, text: str) -> AccountConfig:
    """Write a new account's TOML where there is none yet, and return it as it will be read."""
    config = parse(text, folder=file.absolute().parent, name=file.name)
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError:
        raise UsageError(f"{file} exists: name another account, or remove it first") from None
    return config


def _quoted(text: str) -> str:
    """Return a text as it stands between quotation marks in TOML."""
    return msgspec.json.encode(text).decode()[1:-1]


def _text(name: str) -> str:
    return files("config").joinpath(name).read_text(encoding="utf-8")
