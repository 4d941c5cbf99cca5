"""Secrets: named in a configuration by where they are kept, never by what they are, and never shown."""

import os
import re
import stat
import sys

from pathlib import Path

import msgspec

from config.errors import ConfigError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class SecretRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a secret is kept: an environment variable, or a file that only its owner can read."""

    env: str = ""
    file: str = ""

    def read(self) -> str:
        """Return the secret itself; ConfigError where it is absent, empty or open to others."""
        return read_secret(self).reveal()


class Secret:
    """A secret that shows itself only to who asks by name; printing, formatting and logging it give stars."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Take the secret."""
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        """Return stars."""
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        """Refuse to be copied or written."""
        problem = "a secret is not copied or written"
        raise TypeError(problem)


def ref_problem(ref: SecretRef) -> str:
    """Return what was expected of a reference that cannot be one, else an empty text."""
    if bool(ref.env) == bool(ref.file):
        return 'either {env = "NAME"} or {file = "path"}'
    if ref.env and _NAME.fullmatch(ref.env) is None:
        return "the name of an environment variable in `env`, not the secret itself"
    return ""


def variables_of(config: object) -> frozenset[str]:
    """Return the environment variables in which a configuration, or a section of one, says that secrets are kept."""
    match config:
        case SecretRef():
            return frozenset({config.env} - {""})
        case msgspec.Struct():
            parts = [getattr(config, name) for name in config.__struct_fields__]
        case dict():
            parts = list(config.values())
        case tuple() | list():
            parts = list(config)
        case _:
            return frozenset()
    return frozenset().union(*map(variables_of, parts))


def read_secret(ref: SecretRef) -> Secret:
    """Return the secret a reference names; ConfigError where it is absent, empty or open to others."""
    problem = ref_problem(ref)
    if problem:
        message = f"a secret's place: expected {problem}"
        raise ConfigError(message)
    value = _from_env(ref.env) if ref.env else _from_file(Path(ref.file))
    if not value:
        message = f"the secret in {ref.env or ref.file} is empty: put it there"
        raise ConfigError(message)
    return Secret(value)


def _from_env(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        message = f"the environment variable {name} is not set: set it to the secret before the start"
        raise ConfigError(message)
    return value


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            _must_be_private(path, os.fstat(file.fileno()))
            return file.read().removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"the secret file {path} cannot be read: {reason}"
        raise ConfigError(message) from None


def _must_be_private(path: Path, status: os.stat_result) -> None:
    if sys.platform == "win32":
        return  # modes say nothing there; the folder's access list does
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        message = f"the secret file {path} is open to others (mode {mode:04o}): chmod 600 {path}"
        raise ConfigError(message)
    if status.st_uid not in (os.getuid(), 0):
        message = f"the secret file {path} belongs to another user: chown it to the user the daemon runs as"
        raise ConfigError(message)
