"""Among other people, hedging or netting: what they do is explained to the cent, what is theirs is never touched."""

import msgspec
import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers.latch import LEVELS
from market.money import cents
from runtime.core.breaks import unexplained
from runtime.core.core import Core
from runtime.core.instructions import ClosePosition, ModifyStop, Submit
from runtime.core.plan import Plan
from runtime.outcomes.books import Books
from strategies.protocol import Want
from tests.chaos_world import COSTS, Move
from tests.cores import LEAVE, a_lane, a_plan, buy, buy_limit, sell
from tests.crowd import OLD, Crowd

WANTS: tuple[Want, ...] = (
    None, None, buy(0.7), sell(0.9, target=1.5), buy(1.0, trail=0.5), sell(1.0, bars=3), LEAVE, buy_limit(99.8),
)  # fmt: skip
BARS = 50

small = st.integers(0, 60)
bars = st.tuples(st.just("bar"), st.integers(-80, 80), small, small, st.sampled_from((0, 0, 0, 40, -90)))
people = st.one_of(
    st.tuples(st.just("by_hand"), small, st.sampled_from((100, 40)), st.sampled_from(("client", "mobile", "expert"))),
    st.tuples(st.just("open_by_hand"), st.sampled_from((1, -1)), st.integers(1, 400), st.sampled_from((0, OLD))),
    st.tuples(st.just("stop_by_hand"), small, st.sampled_from((0, 30, 300))),
    st.tuples(st.just("target_by_hand"), small, st.sampled_from((0, 90))),
    st.tuples(st.just("adopt"), st.just(1), st.just(OLD), st.sampled_from((0, 50))),
    st.tuples(st.just("mode"), st.sampled_from(("full", "full", "long_only", "close_only"))),
    st.tuples(st.just("look")),
)
others = st.one_of(
    st.tuples(st.just("set_level"), st.sampled_from((*LEVELS, "run", "run"))),
    st.tuples(st.just("restart")),
    st.tuples(st.just("fire")),
    st.tuples(st.just("land")),
    st.tuples(st.just("lose")),
    st.tuples(st.just("find")),
)
moves = st.lists(st.one_of(bars, bars, bars, people, people, others), min_size=10, max_size=BARS)
fates = st.lists(st.sampled_from((0, 0, 0, 1, 2, 3, 4)), max_size=20)
scripts = st.lists(st.integers(0, len(WANTS) - 1), min_size=20, max_size=20)


def plan_of(script: list[int], *, hedging: bool, hands: str) -> Plan:
    """Return a plan whose strategy goes through its wishes over and over."""
    lane = a_lane({n: WANTS[script[n % len(script)]] for n in range(3, BARS + 9)})
    return a_plan(lane, hedging=hedging, hands=hands)


def a_crowd(script: list[int], hedging: bool, hands: str, fates: list[int], moves: list[Move]) -> Crowd:  # noqa: FBT001 - drawn
    """Play a story of one strategy among people, and record it."""
    world = Crowd(plan_of(script, hedging=hedging, hands=hands), fates)
    world.play(("bar", 5, 10, 10) for _ in range(3))
    world.play(moves)
    return world


crowds = st.builds(a_crowd, scripts, st.booleans(), st.sampled_from(("restore", "accept")), fates, moves)
crowded = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@crowded
@given(crowds, st.floats(0.0, 1.0))
def test_a_story_among_people_replays_from_anywhere(world: Crowd, where: float) -> None:
    """A fresh core, put to rest and woken at any fact, makes every step again byte for byte."""
    cut = int(where * len(world.facts))
    core = Core(world.plan)
    books = Books(core, COSTS)
    steps = []
    for number, fact in enumerate(world.facts):
        if number == cut:
            woken = Core(world.plan)
            woken.restore(core.snapshot())
            library = Books(woken, COSTS)
            library.restore(books.snapshot())
            core, books = woken, library
        step = core.handle(fact)
        books.observe(fact, step)
        steps.append(msgspec.msgpack.encode(step))

    assert world.steps == steps
    assert (world.core.snapshot(), world.books.snapshot()) == (core.snapshot(), books.snapshot())


@crowded
@given(crowds)
def test_ours_and_theirs_make_the_venue(world: Crowd) -> None:
    """When all has landed money agrees, and what is held is ours and foreign together, or a break is held."""
    world.rest()
    ledger, venue = world.core.ledger, world.venue
    left = unexplained(world.core.lanes, ledger.foreign, venue.positions())
    breaks = [hold for hold in ledger.holds if hold.startswith("BREAK")]

    assert pytest.approx(venue.balance, abs=0.004) == ledger.balance
    assert {} == left or breaks


@crowded
@given(crowds)
def test_every_cent_is_ours_or_theirs(world: Crowd) -> None:
    """Outcomes, what open trades were charged, other people's deals and flows make the balance."""
    world.rest()
    closed = sum(outcome.net for outcome in world.outcomes if outcome.book == "live")
    running = sum(t.profit + t.commission + t.swap + t.fee for t in world.books.live.held.values())
    explained = cents(closed + running + world.theirs + world.flows)

    assert pytest.approx(explained) == cents(world.venue.balance - 10_000.0)
    assert world.books.unexplained == 0.0


@crowded
@given(crowds)
def test_what_is_theirs_is_never_touched(world: Crowd) -> None:
    """Every close and stop of ours is about a position that was a trade of ours, or about to be one; no id repeats."""
    ours = {deal.position for deal in world.venue.deals if deal.magic >> 48}
    asked = {wish.position for wish in world.wishes if isinstance(wish, ClosePosition | ModifyStop)}
    adopted = {ident for deal in world.venue.deals if deal.magic == OLD for ident in (deal.position, deal.order)}
    entries = [wish.magic for wish in world.wishes if isinstance(wish, Submit)]

    assert asked <= ours | adopted
    assert len(world.wishes) == len({wish.id for wish in world.wishes})
    assert len(entries) == len(set(entries))


def test_a_crowd_meets() -> None:
    """The story is not empty: an old bot's position is adopted, closed by hand, and its outcome says both."""
    world = a_crowd([0] * 20, hedging=True, hands="restore", fates=[], moves=[])
    world.play([("open_by_hand", 1, 100, OLD), ("bar", 5, 5, 5), ("adopt", 1, OLD, 50), ("by_hand", 0, 100)])

    assert ["adopted,manual"] == [outcome.tag for outcome in world.outcomes]
