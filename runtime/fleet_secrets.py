"""Whose secrets the variables of a supervisor's environment hold: what it begins inherits its own, and no other's."""

from collections.abc import Iterable

from config.secrets import variables_of
from runtime.fleet_folder import Entry


def secrets_of(entries: Iterable[Entry]) -> frozenset[str]:
    """Return the variables that hold secrets of any account."""
    return variables_of([entry.config for entry in entries])


def foreign_to(entry: Entry, entries: Iterable[Entry]) -> frozenset[str]:
    """Return the variables that hold secrets of other accounts only: its daemon has no need of them."""
    return secrets_of(entries) - secrets_of([entry])


def unguarded(entries: Iterable[Entry]) -> frozenset[str]:
    """Return the variables that a guardian has no need of: it only calls people."""
    entries = list(entries)
    return secrets_of(entries) - variables_of([entry.config.alerts for entry in entries if entry.config])
