"""Which regime of an account a command is about: its section, its trained model and its recorded bars."""

import msgspec

from backtests.model_place import writable
from backtests.recorded import regime_bars, tapes_of
from config.account import AccountConfig
from config.errors import ConfigError, UsageError
from config.regime import RegimeSection
from market.bars import Bars
from regimes.bundle import RegimeModel
from runtime.assemble import models_of


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One regime of an account."""

    name: str
    section: RegimeSection
    config: AccountConfig
    """The account as if it had this regime and no strategy: what else it names need not be there."""

    def model(self) -> RegimeModel:
        """Read its model; ModelError where there is none yet, or it cannot be used."""
        return models_of(self.config)[self.name]

    def bars(self) -> Bars:
        """Read its recorded bars; DataError where none are named or left."""
        return regime_bars(self.config, self.section, tapes_of(self.config))


def asked(config: AccountConfig, name: str | None = None) -> Asked:
    """Return the regime of a name, or the only one there is.

    ConfigError where the account has none of that name, UsageError where it has several and none is named.
    """
    known = ", ".join(config.regimes) or "none"
    if name is None and len(config.regimes) > 1:
        raise UsageError(f"name one of the account's regimes: {known}")
    if name not in config.regimes and (name is not None or not config.regimes):
        raise ConfigError(f"no regime {name or ''!r}: the account has {known}; [regimes.NAME] makes one")
    chosen = next(iter(config.regimes)) if name is None else name
    section = writable(config).regimes[chosen]  # of the whole account: its place in the cache is of that
    alone = msgspec.structs.replace(config, strategies=(), regimes={chosen: section})
    return Asked(name=chosen, section=section, config=alone)
