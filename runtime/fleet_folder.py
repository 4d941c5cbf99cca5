"""Which accounts a folder names: each TOML read and checked by itself, and no two that share what is one's own."""

import hashlib

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path, PureWindowsPath

import msgspec

from config.account import AccountConfig
from config.errors import ConfigError, UsageError
from config.load import load
from config.places import state_folder


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the folder: an account, or what keeps it from being one."""

    file: Path
    digest: str = ""
    """SHA-256 of its bytes: another one means that it was changed."""
    config: AccountConfig | None = None
    state: Path | None = None
    problem: str = ""
    """Why it is not started; empty: it may be."""

    @property
    def name(self) -> str:
        """What it is called in the fleet: the name of its file."""
        return self.file.stem


OWN: dict[str, Callable[[AccountConfig], object]] = {
    "the login": lambda config: (config.account.login, config.account.server.casefold()),
    "the state folder": lambda config: state_folder(config).resolve(),
    "the terminal": lambda config: _home(config.terminal.path),
}
"""What no two accounts may share; None: there is nothing to share."""


def entries_of(folder: Path, running: AbstractSet[str] = frozenset()) -> dict[str, Entry]:
    """Return every TOML of a folder by name; UsageError where it is no folder.

    Of two that share a login, a state folder or a terminal neither may start, as nobody can say which is meant; but one
    of the names in `running` runs already, and goes on.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: name the one that the accounts' TOML files lie in")
    read = [entry_of(file) for file in sorted(folder.glob("*.toml"))]
    shared = dict(_clashes(read, running))
    return {
        e.name: msgspec.structs.replace(e, problem=shared[e.name]) if not e.problem and e.name in shared else e
        for e in read
    }


def entry_of(file: Path) -> Entry:
    """Return what one file is by itself."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        return Entry(file=file, problem=f"{file.name}: cannot be read: {error.strerror}")
    try:
        config = load(file)
    except ConfigError as error:
        return Entry(file=file, digest=digest, problem=str(error))
    return Entry(file=file, digest=digest, config=config, state=state_folder(config))


def _clashes(entries: list[Entry], running: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """Yield names that may not start, each with what it shares and with whom."""
    for what, own in OWN.items():
        owners: dict[object, list[str]] = {}
        for entry in entries:
            if entry.config is not None and (key := own(entry.config)) is not None:
                owners.setdefault(key, []).append(entry.name)
        for names in owners.values():
            for name in names if len(names) > 1 else ():
                if name not in running:
                    others = ", ".join(f"{other}.toml" for other in names if other != name)
                    yield name, f"{name}.toml: {what} is that of {others} too: leave it to one of them"


def _home(path: str) -> object:
    """Return the folder of a terminal's program, written in one way; None where no path is given."""
    if not path:
        return None
    windows = PureWindowsPath(path)
    if windows.drive:
        return str(windows.parent if windows.suffix.lower() == ".exe" else windows).casefold()
    found = Path(path).resolve()
    return found.parent if found.suffix.lower() == ".exe" else found
