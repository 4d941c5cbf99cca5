"""Nine days of a real broker's ticks: the bars they make, and the exits they decide."""

from bisect import bisect_left, bisect_right
from pathlib import Path

import msgspec
import pytest

from backtests.tick_store import stored_ticks
from backtests.ticked import bars_of_ticks
from brokers.costs import Costs
from brokers.within import OfTicks
from market.barcheck import Policy
from market.ticks import Ticks
from market.types import BUY, SELL, Deal, Side
from strategies.exits import ExitPlan
from strategies.protocol import Entry, FeatureRef, View, Want
from tests.cores import LIMITS, a_lane, a_plan
from tests.tapes import driven
from tests.terminal_bars import made, shown
from tests.venues import EURUSD


@pytest.fixture(scope="module")
def ticks(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Ticks:
    """Return them all, from columns on disk."""
    file, place = shared_data / "mt5" / "eurusd-ticks-2025-09.parquet", tmp_path_factory.mktemp("cache")
    found, report = stored_ticks(file, "EURUSD", Policy(), digits=5, zone="", place=place)

    assert (434_926, 434_926, ()) == (len(found), report.bars, report.problems)
    return found


def test_bars_of_real_ticks_are_those_that_a_terminal_shows(ticks: Ticks) -> None:
    """Half a day is looked at bar by bar; no tick is lost in the others."""
    bars = bars_of_ticks(ticks, "M15", "UTC", EURUSD.scale)

    assert (672, 434_926.0) == (len(bars), sum(bars.volume))
    assert shown(ticks.between(0, bars.time[48]), "M15", "UTC") == made(bars.part(0, 48), "UTC")


class Turning:
    """Is always in the market, now long and now short, with stop and target thirty points away."""

    name, version = "turning", 1

    def features(self) -> dict[str, FeatureRef]:
        """Return a mean of three closes."""
        return {"mean": ("sma", (3.0,))}

    def init(self) -> dict[str, int]:
        """Begin long."""
        return {"side": -1}

    def decide(self, state: dict[str, int], view: View) -> tuple[Want, float]:
        """Turn round."""
        if view.position:
            return None, 0.0
        state["side"] = -state["side"]
        side: Side = BUY if state["side"] > 0 else SELL
        return Entry(side=side, plan=ExitPlan(stop=0.0003, target=0.0003)), 0.0


def looked_up(ticks: Ticks, deal: Deal, stop: float, target: float) -> tuple[str, float, int] | None:
    """Return how a position is left by the first tick after it was opened that reaches its stop or its target."""
    first = bisect_right(ticks.time, deal.at)
    for at, bid, ask in zip(ticks.time[first:], ticks.bid[first:], ticks.ask[first:], strict=True):
        price = bid if deal.side > 0 else ask
        if (price - stop) * deal.side <= 0.0:
            return "stop", round(price, 5), at
        if (price - target) * deal.side >= 0.0:
            return "target", round(price, 5), at
    return None


def test_real_ticks_decide_each_exit(ticks: Ticks) -> None:
    """Every position of six days is left as its ticks say, looked up one by one; many a bar alone could not tell.

    What the first tick of a bar decides is dealt at the bar's opening.
    """
    tape = bars_of_ticks(ticks, "H1", "UTC", EURUSD.scale)
    limits = msgspec.structs.replace(LIMITS, max_daily_loss=1.0)
    plan = a_plan(a_lane({}, strategy=Turning(), symbol="EURUSD"), limits=limits)
    costs = {"EURUSD": Costs(latency_ms=(80.0, 250.0, 1_900.0))}
    drive = driven(plan, tape, costs=costs, start=tape.time[5], warmup=5, within={"EURUSD": OfTicks(ticks)})
    wanted = {d.magic: (d.stop, d.target) for d in drive.decisions if d.outcome == "traded"}
    opened = [deal for deal in drive.deals if deal.entry == "in"]
    closed = {deal.position: deal for deal in drive.deals if deal.entry == "out"}
    told = [(c.reason, round(c.price, 5), c.at) for deal in opened if (c := closed[deal.position]).reason != "expert"]
    looked = [left for deal in opened if (left := looked_up(ticks, deal, *wanted[deal.magic])) is not None]
    firsts = {ticks.time[bisect_left(ticks.time, at)]: at for at in tape.time}

    assert told == [(reason, price, firsts.get(at, at)) for reason, price, at in looked]
    assert len(told) > 60
    assert (drive.resolved > 20, drive.ambiguous, drive.apart) == (True, 0, 0)
