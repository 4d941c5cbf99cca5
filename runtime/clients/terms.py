"""Who a client is and what was agreed with him, as his account's TOML says, or the run that was journaled last."""

import msgspec

from msgspec.structs import replace

from config.account import AccountConfig
from config.client import ClientSection
from market.types import Symbol
from runtime.clients.high_water import Terms
from runtime.clients.months import Month
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
    terms: Terms
    """At first."""
    changes: tuple[tuple[int, Terms], ...] = ()
    """Other terms, each from a moment on, in the order of these."""

    @property
    def free(self) -> bool:
        """Say whether no fee was ever agreed."""
        return not any(terms.rate for _, terms in ((0, self.terms), *self.changes))

    def agreed(self, at: int) -> Terms | None:
        """Return the terms in force at a moment; None where no fee was agreed then."""
        terms = next((terms for since, terms in reversed(self.changes) if since <= at), self.terms)
        return terms if terms.rate else None


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
    return _client(account, section or ClientSection())


def _client(account: _Account, section: ClientSection) -> Client:
    zone = section.zone or account.zone
    terms = first = Terms(rate=section.fee, hurdle=section.hurdle, period=section.crystallise)
    changes = []
    for change in section.changes:
        given = {"rate": change.fee, "hurdle": change.hurdle, "period": change.crystallise}
        terms = replace(terms, **{name: value for name, value in given.items() if value is not None})
        changes.append((Month(change.since.year, change.since.month).begins(zone), terms))
    return Client(
        account=account.name, name=section.name or account.user or account.name, owner=account.owner, zone=zone,
        terms=first, changes=tuple(changes),
    )  # fmt: skip


def said_otherwise(reader: JournalReader, client: Client) -> tuple[int, Terms | None] | None:
    """Return the first start of the account whose terms were others for that moment than the client's are now.

    When that was, and what was agreed then; None where every start that names a client agrees.
    """
    for run in reader.runs():
        said = msgspec.json.decode(run["config"], type=_Config) if run["config"] else None
        if said is not None and said.client is not None and run["started"]:
            then = _client(said.account, said.client).agreed(run["started"])
            if then != client.agreed(run["started"]):
                return run["started"], then
    return None


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
