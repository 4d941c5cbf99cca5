"""How an account is spoken to over a message broker: by its daemon's side of it, and by that of people elsewhere."""

import os
import tomllib

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from platformdirs import user_config_path

from config.errors import ConfigError, UsageError
from config.secrets import SecretRef, ref_problem
from config.shape import problems

LOOPBACK = ("localhost", "127.0.0.1", "::1")
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Level = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
"""A name that is one level of a topic, as an account's is."""


class BrokerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the message broker is, and as whom we speak there."""

    host: Text
    port: Port = 8883
    tls: bool = True
    """Only a broker on this machine may be spoken to in the clear."""
    ca: str = ""
    """File of the authority that vouches for the broker; empty: those that this system trusts."""
    user: str = ""
    password: SecretRef | None = None


class BusSection(BrokerSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A daemon's side: it hears signed commands, and signs its answers."""

    key: Text
    """File of the daemon's private key, as `tidegate keys new --role daemon` makes it."""
    operators: Text
    """File of the public keys of all who may command."""
    silent_s: Annotated[float, msgspec.Meta(ge=1)] = 60.0
    """So long without our own heartbeat coming back from the broker, and entries are held (BUS_SILENT)."""
    two_people: bool = False
    """Whoever loosens over the bus needs a second person, who asks for the same within five minutes."""


class RemoteSection(BrokerSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The side of a person who commands an account from elsewhere."""

    account: Level
    key: Text
    """File of the person's private key."""
    operators: Text
    """File of public keys; that of the account's daemon is among them."""


class RemoteFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that the TOML of a remote account may say."""

    remote: RemoteSection


def broker_problems(section: BrokerSection, path: str) -> Iterator[str]:
    """Yield what is wrong with where a broker is said to be."""
    if not section.tls and section.host not in LOOPBACK:
        yield f'{path}.tls: expected true, unless the broker is on this machine, got false for "{section.host}"'
    if section.password is not None and (problem := ref_problem(section.password)):
        yield f"{path}.password: expected {problem}"


def remote_place(account: str) -> Path:
    """Return the TOML of a remote account: the one a person named, or the one kept under a name."""
    path = Path(account)
    if path.suffix == ".toml" or path.name != account:  # a folder that is not here is no account of the same name
        return path.absolute()
    return user_config_path("tidegate") / "remotes" / f"{path.name}.toml"


def load_remote(account: str) -> RemoteSection:
    """Return how a remote account is spoken to; UsageError where no TOML says so, ConfigError where it says it wrongly.

    Relative paths are meant from the folder of the TOML.
    """
    file = remote_place(account)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise UsageError(f"no remote account {account!r}: say in {file} where its message broker is") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file.name}: not TOML: {error}") from None
    _refuse(problems(document, RemoteFile), file.name)
    said = document["remote"]
    for table, name in ((said, "ca"), (said, "key"), (said, "operators"), (said.get("password", {}), "file")):
        if table.get(name):
            table[name] = os.path.normpath(file.parent / Path(table[name]).expanduser())
    section = msgspec.convert(said, RemoteSection)
    _refuse(broker_problems(section, "remote"), file.name)
    return section


def _refuse(found: Iterator[str], name: str) -> None:
    wrong: list[Any] = [f"{name}: {problem}" for problem in found]
    if wrong:
        raise ConfigError(*wrong)
