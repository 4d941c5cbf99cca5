"""Every knob of one account, as frozen values: what its TOML may say, table by table.

Bounds of one value stand in its type; what two values must have to do with each other is in `config/checks.py`.
"""

from typing import Annotated, Literal

import msgspec

from brokers.costs import Costs
from brokers.limits import Limits
from config.alerts import AlertsSection
from config.bounds import Count, Currency, Name, Positive, Text
from config.bus import BusSection
from config.calendar import Calendars
from config.checkpoints import CheckpointSection
from config.client import ClientSection
from config.controls import ControlsSection
from config.drawdown import DrawdownSection
from config.journal import JournalSection
from config.open_positions import FlattenSection, HandsSection
from config.protections import ProtectionsSection
from config.recorded import DataSection
from config.regime import RegimeSection
from config.strategy import StrategySection
from config.terminal import TerminalSection
from config.watching import DeadManSection, FlattenerSection, GuardianSection
from config.windows import News, WindowsSection
from market.types import Symbol


class AccountSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose account it is, and how far we may go in it."""

    name: Name
    """What we call it; the folder of its state, too."""
    user: Text
    """Whose money it is."""
    owner: Text
    """Who of us answers for it."""
    login: Count
    server: Text
    currency: Currency
    mode: Literal["observe", "paper", "live"] = "observe"
    """observe: decide, send nothing. paper: live prices, simulated fills. live: real orders."""
    allow_real: bool = False
    """Real money too; the login must then be typed at the start."""
    zone: str = "UTC"
    """The rule of the server's clock (`brokers/mt5/zone.py`)."""
    calendar: str = ""
    """File of session hours, holidays and swap factors (`config/calendar.py`); empty: the market never shuts."""
    positions: Literal["hedging", "netting"] = "hedging"
    """How the broker keeps positions: each by itself, or one net position a symbol."""
    state: str = ""
    """Folder of journal and latch; empty: the user's state folder, under `name`."""
    balance: Positive = 100_000.0
    """What a backtest and a paper account begin with."""
    leverage: Count = 100
    desk_phone: str = ""
    """The broker's dealing desk: told where nothing else can close what is open."""


class SymbolSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A symbol by the name strategies use."""

    broker: str = ""
    """Its name at the broker; empty: the same."""
    spec: Symbol | None = None
    """Its contract, where no terminal tells it: backtest, paper, look-alike."""
    costs: Costs = Costs()


class FeedSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How bars arrive."""

    warmup: Annotated[int, msgspec.Meta(ge=0)] = 500
    """Bars of each feed folded in before the first decision; more where its features need more, and where bars of a
    regime are made of them: as many as make up what that one needs."""
    reread: Annotated[int, msgspec.Meta(ge=0)] = 3
    """Closed bars that are read again and again: one that has changed holds its symbol."""
    stale_s: Positive = 120.0
    """A symbol that its calendar says is traded, and that has had no tick for so long, is held."""


class AccountFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that the TOML of an account may say."""

    account: AccountSection
    terminal: TerminalSection
    symbols: Annotated[dict[str, SymbolSection], msgspec.Meta(min_length=1)]
    limits: Limits
    controls: ControlsSection = ControlsSection()
    drawdown: DrawdownSection | None = None
    windows: WindowsSection | None = None
    protections: ProtectionsSection | None = None
    regimes: dict[str, RegimeSection] = msgspec.field(default_factory=dict)
    strategies: tuple[StrategySection, ...] = ()
    hands: HandsSection = HandsSection()
    flatten: FlattenSection = FlattenSection()
    feed: FeedSection = FeedSection()
    data: dict[str, DataSection] = msgspec.field(default_factory=dict)
    bus: BusSection | None = None
    checkpoints: CheckpointSection | None = None
    journal: JournalSection | None = None
    alerts: AlertsSection | None = None
    client: ClientSection | None = None
    guardian: GuardianSection = GuardianSection()
    deadman: DeadManSection | None = None
    flattener: FlattenerSection | None = None

    def table_of(self, symbol: str, timeframe: str) -> str:
        """Return the name of the table of recorded bars; empty where none has them."""
        wanted = symbol, timeframe
        return next((name for name, d in self.data.items() if (d.symbol or name, d.timeframe) == wanted), "")


class AccountConfig(AccountFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account, every path absolute; `config.load.load` makes it, and has made sure that it can be meant."""

    folder: str
    """Folder of the TOML: where users' strategies are looked for."""
    calendars: Calendars | None = None
    """What `account.calendar` says of the symbols, in full: a journaled run can be replayed without the file."""
    news: tuple[News, ...] = ()
    """What `windows.news.file` announces, in full likewise."""
