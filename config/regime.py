"""What a regime model is made of and trained on, as the TOML of an account may say."""

import datetime

from typing import Annotated, Literal

import msgspec

from brokers.made import DayRule, FrameRule, MadeRule
from config.bounds import Count, Positive, Text
from config.members import MemberSection, meant
from config.recorded import Timeframe
from config.refits import RefitSection
from regimes.learnt import Member
from strategies.protocol import FeatureRef


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
