"""Which account is meant that is to be looked at or stopped: the wrong one must not be taken for it in haste."""

from pathlib import Path

from config.errors import ConfigError, UsageError
from config.folders import KEPT, folder_of, is_toml


def account_at(account: str, scope: str = "") -> Path:
    """Return the state folder of an account that is to be looked at or stopped; UsageError for any other folder.

    Who names the wrong folder in haste must not believe that it is well, or halted. An account that never ran is named
    by its TOML. A strategy or symbol that its TOML does not know cannot be the scope meant; one of which only the
    account can be read knows none.
    """
    state = folder_of(account)
    if state is None or (scope and is_toml(account)):
        from config.places import scoped_at  # noqa: PLC0415 - it knows all that a TOML may say, and takes its time

        try:
            return scoped_at(account, scope)
        except ConfigError as error:
            if state is not None:
                return state
            hint = "nothing was done: name the account's state folder in its place, for that no TOML is needed"
            raise ConfigError(f"{error}; {hint}") from None
    if not is_toml(account) and not any((state / name).exists() for name in KEPT):
        many = f" (for status, halt, close-only and flatten of all in it: --all {account})"
        hint = many if any(state.glob("*.toml")) else ""
        raise UsageError(f"{account}: no account's state is kept in this folder: name the account's TOML{hint}")
    return state
