"""What cores are tested with: plans around a scripted strategy, facts by hand, and a gate that follows the last bar.

Numbers are easy to reckon in the head: gold at 100.00, a hundred ounces a lot, an account of 10,000 that risks one
percent a trade. A stop one dollar away is therefore one lot. Bars are hours since Monday, told at the first tick of the
next; bars 0 to 2 are the warm-up.
"""

from collections.abc import Mapping
from typing import Any

from brokers.facts import BarClosed, BarPhase, LinkUp, Reconciled
from brokers.latch import Command, Level
from brokers.limits import Limits
from market.features import FEATURES, feature_list_fingerprint
from market.types import Account, Bar, Position
from regimes.bundle import RegimeModel, filter_fingerprint, seal
from regimes.gate import GateParams
from regimes.golden import golden_of
from regimes.learnt import Profile, Training
from regimes.weights import Parameters, pack
from runtime.core.facts import AnyFact, LevelChanged, RunStarted
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
            centre=(0.0,),
            scale=(0.01,),
            start=(0.5, 0.5),
            transitions=((0.5, 0.5), (0.5, 0.5)),
            means=((1.0,), (-1.0,)),
            covariances=(((0.01,),), ((0.01,),)),
            full=False,
        )
    )
    profiles = tuple(Profile(state=k, occupancy=0.5, volatility=0.01, dwell=2.0) for k in (0, 1))
    data = Training(
        hash="0" * 64, bars=9, rows=9, first=0, last=8, seed=1, covariance="diag", engine="-", platform="-"
    )  # fmt: skip
    return seal(
        RegimeModel(
            name="up", lineage="up", owner="nobody", states=2, features=refs,
            versions=tuple(FEATURES[name].version for name, _ in refs), feature_list=feature_list_fingerprint(refs),
            weights=weights, profiles=profiles,
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
    n: int,
    close: float = 100.0,
    *,
    bid: float = 0.0,
    spread: float = 0.1,
    phase: BarPhase = "live",
    **shape: Any,  # noqa: ANN401 - the fields of `bar`
) -> BarClosed:
    """Return the fact that bar n closed, the next tick being at its close unless `bid` says otherwise."""
    quote = bid or close
    return BarClosed(at=hour(n + 1), bar=bar(n, close, **shape), bid=quote, ask=round(quote + spread, 5), phase=phase)


def an_account(balance: float = BALANCE) -> Account:
    """Return the account as its terminal reports it."""
    return Account(
        login=1, server="test", currency="USD", leverage=100, hedging=True, demo=True, trade_allowed=True,
        balance=balance, equity=balance,
    )  # fmt: skip


def level(to: Level, at: int = MONDAY, ident: int = 0, scope: str = "") -> LevelChanged:
    """Return the fact that the latch stands at a level, of the account or of a scope."""
    command = Command(id=f"{to}-{at}", level=to, who="test", why="test", wall=0, path="direct", scope=scope)
    return LevelChanged(at=at, command=command, generation=1, id=ident)


def reconciled(balance: float = BALANCE, *positions: Position, at: int = MONDAY, **fields: Any) -> Reconciled:  # noqa: ANN401
    """Return a look at a venue that holds these positions."""
    return Reconciled(at=at, account=an_account(balance), positions=positions, **({"orders": ()} | fields))


def opening(phase: Level = "run", run: int = 1) -> list[AnyFact]:
    """Return what a new account is told until it may trade: run, latch, link, history, venue."""
    warm = [closed(n, phase="warm") for n in range(WARM)]
    link = LinkUp(at=MONDAY, account=an_account())
    return [RunStarted(at=MONDAY, run=run), level(phase), link, *warm, reconciled()]
