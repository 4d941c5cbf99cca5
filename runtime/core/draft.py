"""A decision while it is being made: one strategy, one closed bar."""

from brokers.facts import BarClosed
from brokers.limits import stop_loss
from runtime.core.decision import Decision, Outcome
from runtime.core.feeds import Feed
from runtime.core.plan import Plan
from runtime.core.readings import RegimeReading
from runtime.core.risk import Intent
from runtime.core.state import Lane, Ledger
from strategies.protocol import KINDS, FlatWant

NAN = float("nan")


class Draft:
    """A decision while it is being made."""

    __slots__ = (
        "fact", "features", "feed", "held", "holds", "instruction", "lane", "magic", "more", "numbers", "outcome",
        "position", "price", "reasons", "risk", "shut", "side", "stop", "target", "volume", "want",
    )  # fmt: skip

    def __init__(
        self,
        lane: Lane,
        feed: Feed,
        fact: BarClosed,
        want: FlatWant,
        features: tuple[float, ...],
        position: int,
        held: int,
    ) -> None:
        """Begin with no signal."""
        self.lane, self.feed, self.fact, self.want = lane, feed, fact, want
        self.features, self.position, self.held = features, position, held
        self.outcome: Outcome = "no_signal"
        self.holds: tuple[str, ...] = ()
        self.reasons: tuple[str, ...] = ()
        self.numbers: tuple[float, ...] = ()
        self.more: tuple[float, ...] = ()
        """Numbers of the controls beyond the mandatory limits."""
        self.shut = ""
        self.side, self.instruction, self.magic = 0, 0, 0
        self.volume = self.price = self.stop = self.target = self.risk = 0.0

    def fill(self, intent: Intent, contract: float, at_stop: float) -> None:
        """Take the intent's numbers over; its loss is paid at the rate at its stop."""
        self.side, self.volume, self.price = intent.side, intent.volume, intent.price
        self.stop, self.target = intent.stop, intent.target
        self.risk = stop_loss(intent.volume, contract, intent.price, intent.stop, at_stop)

    def decision(
        self, plan: Plan, ledger: Ledger, limits: tuple[float, ...], reading: RegimeReading | None
    ) -> Decision:
        """Freeze it."""
        lane, fact = self.lane, self.fact
        bar = fact.bar
        ordinal, density, novelty, model = -1, NAN, NAN, ""
        posterior: tuple[float, ...] = ()
        if reading is not None:
            ordinal, posterior, density = reading.ordinal, reading.posterior, reading.log_density
            novelty = reading.novelty
            model = reading.model.fingerprint
        return Decision(  # by position, in the order of its fields: a test reads each by name
            ledger.run, ledger.decisions, fact.at, bar.time, lane.name, bar.symbol, bar.timeframe,
            self.outcome, self.want[0], KINDS[int(self.want[1])], self.want[9], self.features, self.position, self.held,
            fact.bid, fact.ask, ordinal, posterior, density, novelty,
            lane.gate.mode, lane.gate_open, lane.gate_reason, lane.allowed, lane.exposure, self.shut,
            ledger.level, self.holds, self.numbers + self.more, limits, self.reasons,
            self.side, self.volume, self.price, self.stop, self.target, self.risk,
            self.instruction, self.magic, model, plan.config,
        )  # fmt: skip
