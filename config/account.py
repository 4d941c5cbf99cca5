"""Every knob of one account, as frozen values: what its TOML may say, table by table.

Bounds of one value stand in its type; what two values must have to do with each other is in `config/checks.py`.
"""

import datetime

from typing import Annotated, Any, Literal

import msgspec

from brokers.limits import Limits
from brokers.made import DayRule, FrameRule, MadeRule
from brokers.venue import Costs
from config.alerts import AlertsSection
from config.bounds import Count, Positive, Text
from config.bus import BusSection
from config.calendar import Calendars
from config.controls import ControlsSection
from config.drawdown import DrawdownSection
from config.members import MemberSection, meant
from config.open_positions import FlattenSection, HandsSection
from config.protections import ProtectionsSection
from config.recorded import DataSection, Timeframe
from config.refits import RefitSection
from config.secrets import SecretRef
from config.watching import DeadManSection, FlattenerSection, GuardianSection
from config.windows import News, WindowsSection
from market.types import Symbol
from regimes.gate import GateParams
from regimes.learnt import Member
from strategies.protocol import FeatureRef
from strategies.sizing import AnySizing, ByRisk

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
"""A name that is also a folder's: letters, digits, - and _, no more than 63."""
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3,8}$")]


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


class DeadlinesSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds that single calls may take; those not named take `call_timeout_s`."""

    connect: Positive = 30.0
    """Starting the worker and logging in; a terminal that is begun by it needs long."""
    poll: Positive | None = None
    past: Positive | None = None
    look: Positive | None = None
    send: Positive | None = None


class TerminalSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which terminal speaks for the broker, and how patient we are with it."""

    kind: Literal["lookalike", "metatrader5"]
    path: str = ""
    """The terminal's program; of the look-alike, the folder its trade server keeps its books in."""
    password: SecretRef | None = None
    python: str = ""
    """Interpreter of the worker (under Wine: the Windows one); empty: our own."""
    call_timeout_s: Positive = 5.0
    deadlines: DeadlinesSection = DeadlinesSection()
    page_after_s: Positive = 300.0
    """So many seconds of an open market without a terminal call a person."""
    settle_s: Positive = 6.0
    """How long an order in doubt may still turn up; longer than the venue's longest in-flight life."""
    poll_ms: Count = 100
    """How often the terminal is asked around the close of a bar, and while an order is at work."""
    idle_ms: Count = 1000
    """How often between: a deal, a halt or a lost terminal is heard of so late at most."""
    reconcile_s: Positive = 60.0


class SymbolSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A symbol by the name strategies use."""

    broker: str = ""
    """Its name at the broker; empty: the same."""
    spec: Symbol | None = None
    """Its contract, where no terminal tells it: backtest, paper, look-alike."""
    costs: Costs = Costs()


class TrainSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bars a regime model learns from: `bars` of them, or those up to and including the day `to`."""

    from_: datetime.date | None = msgspec.field(default=None, name="from")
    to: datetime.date | None = None
    bars: Count | None = None


class StatesSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Among which numbers of states is chosen."""

    from_: Annotated[int, msgspec.Meta(ge=2, le=8)] = msgspec.field(default=2, name="from")
    to: Annotated[int, msgspec.Meta(ge=2, le=8)] = 4


class RegimeSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A regime model: where it is kept, and what it is made of when it is trained."""

    symbol: str
    timeframe: Timeframe
    model: Text
    """Folder of the bundle."""
    learnt_from: str = ""
    """Another symbol whose bars its model may have learnt from, and which trains it: what the states say of that market
    is taken for its own. Empty: a model of any other symbol is refused."""
    features: Annotated[tuple[tuple[str | float, ...], ...], msgspec.Meta(min_length=1)]
    """Each a list: name, then its parameters. One that has no value over the training bars, or always the same, is left
    out of the model; the training says so, and live it is not read."""
    states: Annotated[int, msgspec.Meta(ge=2, le=8)] | Literal["choose"] | StatesSection
    """How many; choose: as many as its training bars speak for, two to four, and their emissions where none is named;
    `{ from = 2, to = 3 }`: as many of these."""
    covariance: Literal["diag", "full"] | None = None
    """Whether its features vary each by itself within a state, as they do where nothing is said, or together (full)."""
    emission: Literal["gauss", "t"] | Positive | None = None
    """What its features are drawn from within a state: gauss, where nothing is said. t: Student's, whose tails are
    heavy, so that one wild bar is no change of regime; a number: Student's of so many degrees of freedom."""
    sticky: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """Bars of persistence that are added to each state in training, as if it had been seen to stay so often (a
    Dirichlet prior on the transitions): fewer changes, told later; none where nothing is said."""
    detector: Literal["hmm", "jump", "ensemble"] = "hmm"
    """A hidden Markov model; or a jump model: it names one state and leaves it when the bars pay for the jump; or an
    ensemble: several of these, whose posteriors are averaged."""
    members: tuple[MemberSection, ...] = ()
    """Of an ensemble, two to four, each with the same share: `[{ emission = "t" }, { detector = "jump" }]`. States of
    all are matched to those of the first, which is no jump model."""
    penalty: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """What a jump costs a jump model, in half squared standard deviations of its features; by default 50."""
    novelty: Literal["model", "e-process", "off"] = "model"
    """Which rule says that no trained regime explains the bars (`regimes/novelty.py`); a gate that enforces is shut
    then. model: the one that training calibrates the model for, none where it did not. e-process: without it, an
    alarm in n bars of a true model having a chance of n / 20,000 at most."""
    day: str = ""
    """The rule of the clock at whose midnight its days end (`brokers/mt5/zone.py`), like "New York close": its daily
    bars are then made of bars of `made_of`. Empty: daily bars are the broker's, who ends them at his own midnight."""
    made_of: str = ""
    """Timeframe of the bars that make up its own, up to "H1"; only what is made of shorter bars knows what goes on
    within (`intrabar_vol`). Its own are days, which end by `day`, or hours and parts of them, for which no clock need
    be named. Of bars that close in one moment the longest is told first: whoever trades bars as long as those reads
    the one before."""
    train: TrainSection = TrainSection()
    refit: RefitSection | None = None
    """When it is due to be trained again; without it nobody says so."""
    max_model_age: str = ""
    """How old it may get, like "12 months", counted from its last training bar; at 70 % of it people are told, and from
    the first bar on that closes later its gates are shut: entries out under `enforce`, what is open to its own plan."""
    owner: str = ""

    @property
    def meant(self) -> Member:
        """How its model shall be trained, unless it is an ensemble: what is not said is as plain as it can be."""
        return meant(self.detector, self)

    @property
    def most_states(self) -> int:
        """As many states as its model may have."""
        return max(self.among, default=0)

    @property
    def among(self) -> tuple[int, ...]:
        """The numbers of states that are chosen from; the only one where none is."""
        if isinstance(self.states, int):
            return (self.states,)
        said = StatesSection() if self.states == "choose" else self.states
        return tuple(range(said.from_, said.to + 1))

    @property
    def told(self) -> str:
        """The timeframe of the bars that have to be told for it."""
        return self.made_of or self.timeframe

    @property
    def made_rule(self) -> MadeRule | None:
        """How its bars are made of shorter ones; None where it reads bars as they are told."""
        if not self.made_of:
            return None
        return DayRule(self.day, self.made_of) if self.day else FrameRule(self.timeframe, self.made_of)

    @property
    def feature_refs(self) -> tuple[FeatureRef, ...]:
        """The features as the folds are called."""
        return tuple((str(name), tuple(float(p) for p in params)) for name, *params in self.features)


class GateSection(GateParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which regime a strategy listens to, and when it may enter."""

    regime: str
    lineage: str = ""
    """Lineage of the models whose states `allow` means; a model of another is refused. Empty: of any."""


class StrategySection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A strategy at work on one symbol."""

    name: Name
    use: Text
    """One of ours by name, or `module:Class`, found from the folder of the TOML too."""
    symbol: str
    timeframe: Timeframe
    risk: float
    """Loss at the stop, as a share of equity, at most; above 0, up to `limits.max_risk`."""
    size: AnySizing = ByRisk()
    """By which rule its trades are sized; by the risk alone, where nothing is said."""
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    gate: GateSection | None = None


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
    alerts: AlertsSection | None = None
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
