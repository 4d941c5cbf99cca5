"""The side of people who command an account from elsewhere over a message broker, and the TOML that says so."""

from pathlib import Path

import msgspec

from platformdirs import user_config_path

from config.bounds import Name, Text
from config.bus import BrokerSection, broker_problems
from config.document import document_of, each_path, placed, read, refuse
from config.errors import UsageError
from config.shape import problems

PATHS: tuple[tuple[str, ...], ...] = (
    ("remote", "ca"),
    ("remote", "password", "file"),
    ("remote", "key"),
    ("remote", "operators"),
)
"""The keys whose values are paths; relative ones are meant from the folder of the TOML."""


class RemoteSection(BrokerSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The side of a person who commands an account from elsewhere."""

    account: Name
    key: Text
    """File of the person's private key."""
    operators: Text
    """File of public keys; that of the account's daemon is among them."""


class RemoteFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that the TOML of a remote account may say."""

    remote: RemoteSection


def remote_place(account: str) -> Path:
    """Return the TOML of a remote account: the one a person named, or the one kept under a name."""
    path = Path(account)
    if path.suffix == ".toml" or path.name != account:  # a folder that is not here is no account of the same name
        return path.absolute()
    return user_config_path("tidegate") / "remotes" / f"{path.name}.toml"


def load_remote(account: str) -> RemoteSection:
    """Return how a remote account is spoken to; UsageError where no TOML says so, ConfigError where it says it wrongly.

    An account's own TOML says what it does, and not how a person elsewhere reaches it. Relative paths are meant from
    the folder of the TOML.
    """
    file = remote_place(account)
    if not file.is_file():
        raise UsageError(f"no remote account {account!r}: say in {file} where its message broker is")
    document = document_of(read(file), file.name)
    if "account" in document and "remote" not in document:
        raise UsageError(
            f"{file.name} is the TOML of an account on its own machine, and over the bus a person's side is needed: "
            "leave --via out, or name a TOML with [remote], as docs/mqtt.md shows"
        )
    refuse(problems(document, RemoteFile), file.name)
    each_path(document, PATHS, lambda value: placed(value, file.parent))
    section = msgspec.convert(document, RemoteFile, strict=True).remote
    refuse(broker_problems(section, "remote"), file.name)
    return section
