"""What an account was made of when it ran last, by its journal, for words about it while no daemon runs to tell."""

from pathlib import Path
from typing import Any

import msgspec

from config.journal import recalled
from runtime.journal.reader import JournalReader


def in_scope(config: dict[str, Any], scope: str) -> int | None:
    """Return how many strategies of a configuration are in a scope; None of a model, which it does not name.

    >>> one = {"strategies": [{"name": "trend", "symbol": "GOLD"}]}
    >>> [in_scope(one, scope) for scope in ("symbol:GOLD", "strategy:tredn", "model:calm")]
    [1, 0, None]
    """
    kind, _, name = scope.partition(":")
    field = {"strategy": "name", "symbol": "symbol"}.get(kind)
    return None if field is None else sum(one[field] == name for one in config["strategies"])


def ran_in(state: Path, scope: str) -> int | None:
    """Return how many strategies were in a scope when the account of a folder ran last; None where nobody knows.

    It is asked once a level is latched: what a journal cannot tell must not be taken for a halt that has failed.
    """
    try:
        with JournalReader(recalled(state)) as reader:
            runs = reader.runs()
        return in_scope(msgspec.json.decode(runs[-1]["config"]), scope) if runs else None
    except Exception:  # noqa: BLE001 - see above
        return None
