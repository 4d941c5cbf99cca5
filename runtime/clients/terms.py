"""Who a client is and what was agreed with him, as his account's TOML says, or the run that was journaled last."""

import msgspec

from config.account import AccountConfig
from config.client import ClientSection
from market.types import Symbol
from runtime.clients.high_water import Terms
from runtime.journal.errors import JournalError
from runtime.journal.reader import JournalReader


class _Account(msgspec.Struct, frozen=True):
    name: str
    user: str = ""
    owner: str = ""
    zone: str = "UTC"


class _Config(msgspec.Struct, frozen=True):
    """Of a journaled configuration, what a client is told of."""

    account: _Account
    client: ClientSection | None = None


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One client and his terms."""

    account: str
    name: str
    owner: str
    """Who of us answers for the account."""
    zone: str
    terms: Terms | None
    """None: no fee was agreed."""


def client_of(reader: JournalReader, config: AccountConfig | None) -> Client:
    """Return the client of an account; JournalError where neither a TOML nor a run says who he is."""
    if config is not None:
        account, section = _converted(config), config.client
    else:
        runs = [row for row in reader.runs() if row["config"]]
        if not runs:
            raise JournalError("no run says whose account this is: name its TOML")
        said = msgspec.json.decode(runs[-1]["config"], type=_Config)
        account, section = said.account, said.client
    found = section or ClientSection()
    terms = Terms(rate=found.fee, hurdle=found.hurdle, period=found.crystallise) if found.fee else None
    return Client(
        account=account.name, name=found.name or account.user or account.name, owner=account.owner,
        zone=found.zone or account.zone, terms=terms,
    )  # fmt: skip


def _converted(config: AccountConfig) -> _Account:
    a = config.account
    return _Account(a.name, a.user, a.owner, a.zone)


def contracts_of(reader: JournalReader) -> dict[str, Symbol]:
    """Return the contracts of all that was ever traded, as each was told last."""
    found: dict[str, Symbol] = {}
    for row in reader.runs():
        if row["symbols"]:
            found |= msgspec.json.decode(row["symbols"], type=dict[str, Symbol])
    return found
