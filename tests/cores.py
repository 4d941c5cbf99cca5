"""Cores to test: a plan around a scripted strategy, an account told by hand, and a gate that follows the last bar.

Numbers are easy to reckon in the head: gold at 100.00, a hundred ounces a lot, an account of 10,000 that risks one
percent a trade. A stop one dollar away is therefore one lot. Bars are hours since Monday, told at the first tick of the
next; bars 0 to 2 are the warm-up.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from brokers.latch import Command, Level
from brokers.limits import Limits
from brokers.port import Accepted, BarClosed, BarPhase, DealMade, LinkUp, Reconciled
from market.features import FEATURES, feature_list_fingerprint
from market.types import Account, Bar, Deal, Position
from regimes.bundle import Profile, RegimeModel, Training, filter_fingerprint, seal
from regimes.gate import GateParams
from regimes.golden import golden_of
from regimes.weights import Parameters, pack
from runtime.core.core import Core
from runtime.core.decision import Decision, Step
from runtime.core.facts import AnyFact, LevelChanged, RunStarted
from runtime.core.instructions import ClosePosition, Instruction, Submit
from runtime.core.plan import Plan, RegimePlan, StrategyPlan
from strategies.exits import ExitPlan
from strategies.protocol import Entry, Exit, FeatureRef, View, Want
from tests.venues import EURUSD, GOLD, HOUR, MONDAY

LIMITS = Limits(
    max_volume=20.0,
    max_value=1_000_000.0,
    max_positions=8,
    max_risk=0.02,
    max_daily_loss=0.05,
    max_spread=50.0,
    max_orders_per_minute=60,
    max_margin=0.9,
)
WARM = 3
BALANCE = 10_000.0

Script = Mapping[int, Want]
T = TypeVar("T", bound=Instruction)


def buy(stop: float = 1.0, **plan: Any) -> Entry:  # noqa: ANN401 - the fields of ExitPlan
    """Return the wish to buy at the market, `stop` dollars above the protective stop."""
    return Entry(side=1, plan=ExitPlan(stop=stop, **plan))


def sell(stop: float = 1.0, **plan: Any) -> Entry:  # noqa: ANN401 - the fields of ExitPlan
    """Return the wish to sell at the market."""
    return Entry(side=-1, plan=ExitPlan(stop=stop, **plan))


def buy_limit(price: float, stop: float = 1.0, expiry: int = 9) -> Entry:
    """Return the wish to buy at a better price."""
    return Entry(side=1, plan=ExitPlan(stop=stop), kind="limit", price=price, expiry=expiry)


LEAVE = Exit()


class Scripted:
    """Wants at the close of bar number n what stands in its script at n; its feature takes three bars to warm."""

    version = 1

    def __init__(self, script: Script, name: str = "scripted") -> None:
        """Take the script."""
        self.script, self.name = script, name

    def features(self) -> dict[str, FeatureRef]:
        """Return a mean of three closes."""
        return {"mean": ("sma", (float(WARM),))}

    def init(self) -> dict[str, Any]:
        """Return a count of the bars seen."""
        return {"bars": 0}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Look up the bar's number."""
        state["bars"] += 1
        return self.script.get((view.bar.time - MONDAY) // HOUR), float(state["bars"])


def a_lane(script: Script, number: int = 1, **fields: Any) -> StrategyPlan:  # noqa: ANN401
    """Return a strategy of the plan; fields may be changed."""
    name = f"lane{number}"
    given: dict[str, Any] = {
        "number": number, "name": name, "strategy": Scripted(script, name), "symbol": "XAUUSD", "timeframe": "H1",
        "risk": 0.01,
    }  # fmt: skip
    return StrategyPlan(**(given | fields))


def a_plan(*lanes: StrategyPlan, **fields: Any) -> Plan:  # noqa: ANN401
    """Return a plan over gold and euro; fields may be changed."""
    given: dict[str, Any] = {
        "mode": "live", "currency": "USD", "leverage": 100, "limits": LIMITS, "strategies": lanes, "config": "c0",
        "symbols": {"XAUUSD": GOLD, "EURUSD": EURUSD}, "settle_s": 6.0,
    }  # fmt: skip
    return Plan(**(given | fields))


def up_model() -> RegimeModel:
    """Return a model of two states told apart by the last return: ordinal 0 after a rise, 1 after a fall."""
    refs: tuple[FeatureRef, ...] = (("log_return", ()),)
    weights = pack(
        Parameters(
            centre=(0.0,), scale=(0.01,), start=(0.5, 0.5), transitions=((0.5, 0.5), (0.5, 0.5)),
            means=((1.0,), (-1.0,)), covariances=(((0.01,),), ((0.01,),)), full=False,
        )  # fmt: skip
    )
    data = Training(
        hash="0" * 64, bars=9, rows=9, first=0, last=8, seed=1, covariance="diag", engine="-", platform="-"
    )  # fmt: skip
    return seal(
        RegimeModel(
            name="up", lineage="up", owner="nobody", states=2, features=refs,
            versions=tuple(FEATURES[name].version for name, _ in refs), feature_list=feature_list_fingerprint(refs),
            weights=weights, profiles=tuple(Profile(state=k, occupancy=0.5, volatility=0.01, dwell=2.0) for k in (0, 1)),
            metrics={}, golden=golden_of(weights, ((0.01,), (-0.01,))), data=data, kernel=filter_fingerprint(),
        )
    )  # fmt: skip


def a_gate(mode: str = "enforce", **fields: Any) -> GateParams:  # noqa: ANN401
    """Return a gate that is open after a bar that rose, and shut after one that fell."""
    given: dict[str, Any] = {"mode": mode, "allow": (0,), "enter": 0.6, "leave": 0.4, "dwell": 0}
    return GateParams(**(given | fields))


def a_gated_plan(script: Script, mode: str = "enforce", *, timeframe: str = "H1", **gate: Any) -> Plan:  # noqa: ANN401
    """Return a plan of one strategy behind a gate of the `up` model, read from gold bars of `timeframe`."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe=timeframe, model=up_model())
    return a_plan(a_lane(script, gate=a_gate(mode, **gate), regime="up"), regimes=(regime,))


# --- facts ------------------------------------------------------------------------------------------------------------


def hour(n: float) -> int:
    """Return the moment n hours after Monday began."""
    return MONDAY + int(n * HOUR)


def bar(n: int, close: float = 100.0, high: float = 0.0, low: float = 0.0, symbol: str = "XAUUSD") -> Bar:
    """Return hour bar number n; without extremes it stands still at its close."""
    return Bar(symbol, "H1", hour(n), close, high or close, low or close, close)


def closed(
    n: int, close: float = 100.0, *, bid: float = 0.0, spread: float = 0.1, phase: BarPhase = "live", **shape: Any
) -> BarClosed:  # fmt: skip
    """Return the fact that bar n closed, the next tick being at its close unless `bid` says otherwise."""
    quote = bid or close
    return BarClosed(at=hour(n + 1), bar=bar(n, close, **shape), bid=quote, ask=round(quote + spread, 5), phase=phase)


def an_account(balance: float = BALANCE) -> Account:
    """Return the account as its terminal reports it."""
    return Account(
        login=1, server="test", currency="USD", leverage=100, hedging=True, demo=True, trade_allowed=True,
        balance=balance, equity=balance,
    )  # fmt: skip


def level(to: Level, at: int = MONDAY, ident: int = 0) -> LevelChanged:
    """Return the fact that the latch stands at a level."""
    command = Command(id=f"{to}-{at}", level=to, who="test", why="test", wall=0, path="direct")
    return LevelChanged(at=at, command=command, generation=1, id=ident)


def reconciled(balance: float = BALANCE, *positions: Position, at: int = MONDAY, **fields: Any) -> Reconciled:  # noqa: ANN401
    """Return a look at a venue that holds these positions."""
    return Reconciled(at=at, account=an_account(balance), positions=positions, **({"orders": ()} | fields))


def opening(phase: Level = "run", run: int = 1) -> list[AnyFact]:
    """Return what a new account is told until it may trade: run, latch, link, history, venue."""
    warm = [closed(n, phase="warm") for n in range(WARM)]
    link = LinkUp(at=MONDAY, account=an_account())
    return [RunStarted(at=MONDAY, run=run), level(phase), link, *warm, reconciled()]


class Told:
    """A core that is told facts by hand, and every step it made."""

    def __init__(self, plan: Plan, *, opened: bool = True) -> None:
        """Be born, and opened unless the test wants to."""
        self.core = Core(plan)
        self.steps: list[Step] = []
        self.deals = 10
        if opened:
            self.tell(*opening())

    def tell(self, *facts: AnyFact) -> Step:
        """Tell facts in order; return the decisions and instructions of all of them as one step."""
        steps = [self.core.handle(fact) for fact in facts]
        self.steps += steps
        return Step(
            tuple(d for step in steps for d in step.decisions), tuple(w for step in steps for w in step.instructions)
        )

    def decide(self, n: int, close: float = 100.0, **shape: Any) -> Decision:  # noqa: ANN401
        """Tell bar n; return the one decision it must lead to."""
        (decision,) = self.tell(closed(n, close, **shape)).decisions
        return decision

    def submit(self, n: int, close: float = 100.0, **shape: Any) -> Submit:  # noqa: ANN401
        """Tell bar n; return the one entry it must ask for."""
        return only(self.tell(closed(n, close, **shape)), Submit)

    def enter(self, n: int, price: float = 100.1) -> Deal:
        """Tell bar n, on which the script enters, and fill the order whole at once; return the entry deal."""
        wish = self.submit(n)
        deal = self.deal(wish, "in", price)
        self.tell(Accepted(at=hour(n + 1), id=wish.id, order=deal.order, deal=deal.ticket, volume=deal.volume))
        self.tell(DealMade(at=hour(n + 1), deal=deal))
        return deal

    def deal(self, of: Submit | ClosePosition | Deal, entry: str, price: float, **fields: Any) -> Deal:  # noqa: ANN401
        """Return the next deal of the venue: an entry's fill, or what closes the position of an entry deal."""
        self.deals += 1
        ledger = self.core.ledger
        if isinstance(of, Submit):
            intent = of.approved.intent
            given: dict[str, Any] = {
                "order": 500 + self.deals, "position": 900 + self.deals, "symbol": intent.symbol, "side": intent.side,
                "volume": intent.volume, "magic": of.magic,
            }  # fmt: skip
        else:
            given = {
                "order": 500 + self.deals, "position": of.position, "symbol": of.symbol, "side": -of.side,
                "volume": of.volume, "magic": of.magic,
            }  # fmt: skip
        given |= {"ticket": self.deals, "at": ledger.at, "entry": entry, "price": price}
        return Deal(**(given | fields))

    @property
    def holds(self) -> list[str]:
        """The names of all holds in place."""
        return list(self.core.ledger.holds)

    @property
    def balance(self) -> float:
        """The balance as the core's ledger has it."""
        return self.core.ledger.balance

    def again(self) -> "Told":
        """Return a fresh core of the same plan, restored from this one's snapshot."""
        other = Told(self.core.plan, opened=False)
        other.core.restore(self.core.snapshot())
        other.deals = self.deals
        return other


# --- what was asked for -----------------------------------------------------------------------------------------------


def only(step: Step, kind: type[T]) -> T:
    """Return the one instruction of a kind that a step holds."""
    (wish,) = of_kind(step, kind)
    return wish


def of_kind(step: Step, kind: type[T]) -> list[T]:
    """Return the instructions of a kind that a step holds."""
    return [wish for wish in step.instructions if isinstance(wish, kind)]


def kinds(step: Step | Iterable[Step]) -> list[str]:
    """Return the names of the instructions of a step, in order."""
    steps = [step] if isinstance(step, Step) else step
    return [type(wish).__name__ for one in steps for wish in one.instructions]


def position_of(deal: Deal, **fields: Any) -> Position:  # noqa: ANN401
    """Return the position an entry deal opened, as the venue shows it, its stop one dollar under the order's price."""
    given = Position(
        ticket=deal.position, at=deal.at, symbol=deal.symbol, side=deal.side, volume=deal.volume, price=deal.price,
        stop=round(deal.price - deal.side, 2), magic=deal.magic,
    )  # fmt: skip
    return msgspec.structs.replace(given, **fields)
