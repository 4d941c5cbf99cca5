"""Where an account keeps what it knows, and how a person's word for an account becomes its folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from config.errors import UsageError
from config.folders import JOURNAL_FILE, KEPT, SERVER_FILE, folder_of, is_copy, is_toml, states
from config.journal import Where, journal_at, recalled

if TYPE_CHECKING:
    from config.account import AccountConfig


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An account as a command was told it."""

    state: Path
    """The folder of journal and latch."""
    config: "AccountConfig | None" = None
    """What its TOML says, where one was named."""
    file: Path | None = None
    """The journal itself, where one of another name was named: a copy."""

    @property
    def journal(self) -> Where:
        """The account's journal; ConfigError where its server is named by a secret that is not here."""
        if self.file is not None:
            return self.file
        return recalled(self.state) if self.config is None else journal_of(self.config, self.state)


def state_folder(config: "AccountConfig") -> Path:
    """Return the folder of an account's journal and latch."""
    if config.account.state:
        return Path(config.account.state)
    return states() / config.account.name


def journal_of(config: "AccountConfig", state: Path) -> Where:
    """Return where the journal of a configured account is."""
    return journal_at(state, config.journal, config.account.name)


def find(account: str) -> Place:
    """Return the place a person means by the path of a TOML, a state folder, its journal, or an account's name."""
    if is_copy(account):
        return Place(state=Path(account).absolute().parent, file=Path(account))
    if is_toml(account):
        from config.load import load  # noqa: PLC0415 - who names a folder does not wait for all that a TOML may hold

        config = load(Path(account))
        return Place(state=state_folder(config), config=config)
    state = folder_of(account)
    if state is None:
        raise UsageError(f"no account {account!r}: name its TOML, its state folder, or an account under {states()}")
    return Place(state=state)


def journals_of(accounts: Sequence[str]) -> list[tuple[str, Where]]:
    """Return name and journal of each account, a folder's for every TOML and state folder in it; each once.

    UsageError where there is none. An account in a folder that never ran has no journal, and is left out.
    """
    found: dict[Path, tuple[str, Where]] = {}
    for account in accounts:
        for place in _within(Path(account)) or [find(account)]:
            name = place.config.account.name if place.config else place.state.name
            found.setdefault(place.state.resolve(), (name, place.journal))
    if not found:
        raise UsageError(f"no account in {', '.join(accounts)} has a journal")
    return [*found.values()]


def _within(folder: Path) -> list[Place]:
    """Return the accounts in a folder that is none itself."""
    if not folder.is_dir() or any((folder / name).exists() for name in KEPT):
        return []
    tomls = [find(str(file)) for file in sorted(folder.glob("*.toml"))]
    states = [find(str(each)) for each in sorted(folder.iterdir()) if _journaled(each)]
    there = [place for place in (*tomls, *states) if _journaled(place.state)]
    if not there:
        raise UsageError(f"{folder}: no account in this folder has a journal")
    return there


def _journaled(state: Path) -> bool:
    return any((state / name).exists() for name in (JOURNAL_FILE, SERVER_FILE))


def scoped_at(account: str, scope: str) -> Path:
    """Return the state folder of an account a part of which is meant; UsageError where its TOML knows no such part."""
    place = find(account)
    if place.config is not None and (problem := _unknown(place.config, scope)):
        raise UsageError(f"{account}: {problem}")
    return place.state


def _unknown(config: "AccountConfig", scope: str) -> str:
    """Return why a scope names nothing of an account; empty where it does, or where its TOML does not say."""
    kind, _, name = scope.partition(":")
    there = {"strategy": [s.name for s in config.strategies], "symbol": list(config.symbols)}.get(kind)
    return "" if there is None or name in there else f"no {kind} {name!r}: there are {', '.join(there)}"


def configured(account: str) -> "tuple[AccountConfig, Path]":
    """Return configuration and state folder of the account whose TOML a person named; UsageError without one."""
    place = find(account)
    if place.config is None:
        raise UsageError(f"{account}: this command needs the account's TOML: name that")
    return place.config, place.state
