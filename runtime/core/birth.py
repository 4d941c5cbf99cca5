"""How a core is born of its plan: the feeds that are told to it, the regimes that are read, one lane a strategy."""

from collections.abc import Mapping

from regimes.bundle import RegimeModel
from runtime.core.feeds import Feed, FeedKey
from runtime.core.made import MadeFeed, made_feeds
from runtime.core.plan import NoModel, Plan, StrategyPlan
from runtime.core.readings import RegimeReading
from runtime.core.state import Lane
from strategies.adapter import WindowRunner
from strategies.beside import Beside
from strategies.window import WindowStrategy


def feeds_of(plan: Plan) -> dict[FeedKey, Feed]:
    """Return a feed for whatever a regime or a strategy reads; a regime's too that has no model now."""
    keys = [b.key for s in plan.strategies for b in beside(s).values()]  # of bars that closed together theirs are first
    keys += [(r.symbol, r.told) for r in plan.regimes] + [(s.symbol, s.timeframe) for s in plan.strategies]
    return {key: Feed(key) for key in keys}


def beside(of: StrategyPlan) -> Mapping[str, Beside]:
    """Return the other bars that a strategy is shown, by its names for them."""
    return of.strategy.others if isinstance(of.strategy, WindowStrategy) else {}


def made_feeds_of(plan: Plan) -> dict[str, MadeFeed]:
    """Return the feeds that are made of shorter bars, by regime."""
    return made_feeds((r for r in plan.regimes if isinstance(r.model, RegimeModel)), plan.hours)


def readings_of(plan: Plan, feeds: Mapping[FeedKey, Feed], made: Mapping[str, MadeFeed]) -> list[RegimeReading]:
    """Return a reading of each regime that has a model."""
    return [
        RegimeReading(r.name, r.model, made[r.name].feed if r.made else feeds[r.symbol, r.told], r.novelty, r.ends)
        for r in plan.regimes
        if isinstance(r.model, RegimeModel)
    ]


def lane_of(plan: Plan, of: StrategyPlan, feeds: Mapping[FeedKey, Feed]) -> Lane:
    """Return a strategy's lane; one whose regime has no model has a gate that is shut, and says why."""
    feed = feeds[of.symbol, of.timeframe]
    picks = tuple(feed.want(ref) for ref in of.strategy.features().values())
    if isinstance(of.strategy, WindowStrategy):
        feed.warm_after = max(feed.warm_after, of.strategy.window)
    rings = {name: feeds[b.key].keep(b.kept, b.window) for name, b in beside(of).items()}
    model = next((r.model for r in plan.regimes if r.name == of.regime), None)
    lane = Lane(of, picks, model.states if isinstance(model, RegimeModel) else 0)
    if of.size.ref is not None:
        lane.range_pick = feed.want(of.size.ref)
    if isinstance(lane.runner, WindowRunner):
        lane.runner.beside = rings
    if isinstance(model, NoModel):
        lane.gate_reason = model.said
    return lane
