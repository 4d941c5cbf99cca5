"""Whatever happens: a core never sends twice, survives restarts to the byte, and in the end agrees with its venue."""

from typing import Any

import msgspec
import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers.facts import BarClosed
from brokers.latch import LEVELS
from market.money import cents
from regimes.shut import OnShut, Word
from runtime.core.core import Core
from runtime.core.facts import RunStarted
from runtime.core.instructions import Submit
from runtime.core.plan import Plan, RegimePlan
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome
from strategies.protocol import Want
from tests.chaos_world import COSTS, Chaos, Move
from tests.cores import LEAVE, a_gate, a_lane, a_plan, buy, buy_limit, sell, up_model

WANTS: tuple[Want, ...] = (
    None, buy(0.7), sell(0.9, target=1.5), buy(1.0, trail=0.5), sell(1.0, breakeven=0.3, bars=3), LEAVE,
    buy_limit(99.8), buy_limit(100.2, expiry=2),
)  # fmt: skip
POLICIES: tuple[Word | OnShut, ...] = ("keep", "breakeven", "tighten", "reduce", OnShut(close_after=2))
BARS = 60

small = st.integers(0, 60)
bars = st.tuples(st.just("bar"), st.integers(-80, 80), small, small, st.sampled_from((0, 0, 0, 40, -90)))
missed = st.tuples(st.just("bar"), st.integers(-80, 80), small, small, st.just(0), st.just("missed"))
others = st.one_of(
    st.tuples(st.just("set_level"), st.sampled_from(LEVELS)),
    st.tuples(st.just("set_level"), st.just("run")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("fire")),
    st.tuples(st.just("land")),
    st.tuples(st.just("look")),
    st.tuples(st.just("lose")),
    st.tuples(st.just("find")),
    st.tuples(st.just("by_hand"), small, st.sampled_from((100, 100, 40))),
    st.tuples(st.just("stop_by_hand"), small, st.sampled_from((0, 30, 300))),
    st.tuples(st.just("flow"), st.sampled_from((500, -300))),
    st.tuples(st.just("repeat"), st.integers(0, 3)),
)
moves = st.lists(st.one_of(bars, bars, bars, bars, missed, others, others), min_size=10, max_size=BARS)
fates = st.lists(st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5)), max_size=40)
scripts = st.lists(st.integers(0, len(WANTS) - 1), min_size=20, max_size=20)


def a_world(first: list[int], second: list[int], fates: list[int], moves: list[Move]) -> Chaos:
    """Play a story of two strategies, the second behind a gate, and record it."""
    world = Chaos(plan_of(first, second), fates)
    world.play(("bar", 5, 10, 10) for _ in range(3))
    world.play(moves)
    return world


def plan_of(first: list[int], second: list[int]) -> Plan:
    """Return a plan whose strategies go through their wishes over and over, and whose gate has any policy."""
    on_shut = POLICIES[sum(second) % len(POLICIES)]
    gated = {"gate": a_gate(on_shut=on_shut), "regime": "up"}
    lanes = [
        a_lane({n: WANTS[script[n % len(script)]] for n in range(3, BARS + 9)}, number, **more)
        for number, script, more in ((1, first, {}), (2, second, gated))
    ]
    return a_plan(*lanes, regimes=(RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=up_model()),))


worlds = st.builds(a_world, scripts, scripts, fates, moves)
chaotic = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@chaotic
@given(worlds)
def test_the_same_facts_make_the_same_steps(world: Chaos) -> None:
    """A fresh core that is told the story without any restart makes every step again, byte for byte."""
    core = Core(world.plan)
    books = Books(core, COSTS)
    steps: list[bytes] = []
    outcomes: list[Outcome] = []
    for fact in world.facts:
        step = core.handle(fact)
        steps.append(msgspec.msgpack.encode(step))
        outcomes += books.observe(fact, step)

    assert world.steps == steps
    assert world.outcomes == outcomes
    assert (world.core.snapshot(), world.books.snapshot()) == (core.snapshot(), books.snapshot())


@chaotic
@given(worlds, st.floats(0.0, 1.0))
def test_a_restored_core_goes_on_as_if_undisturbed(world: Chaos, where: float) -> None:
    """Put to rest after any fact and woken elsewhere, core and books make the very same steps from there on."""
    cut = int(where * len(world.facts))
    core = Core(world.plan)
    books = Books(core, COSTS)
    for fact in world.facts[:cut]:
        books.observe(fact, core.handle(fact))
    woken = Core(world.plan)
    woken.restore(core.snapshot())
    library = Books(woken, COSTS)
    library.restore(books.snapshot())
    before = (core.snapshot(), books.snapshot()), (woken.snapshot(), library.snapshot())
    steps = []
    for fact in world.facts[cut:]:
        step = woken.handle(fact)
        library.observe(fact, step)
        steps.append(msgspec.msgpack.encode(step))

    assert before[0] == before[1]
    assert world.steps[cut:] == steps
    assert (world.core.snapshot(), world.books.snapshot()) == (woken.snapshot(), library.snapshot())


@chaotic
@given(worlds)
def test_nothing_is_sent_twice_and_nothing_unasked(world: Chaos) -> None:
    """Ids and magic numbers never repeat, and every entry sent is one decision to trade, with nothing against it."""
    entries = [wish for wish in world.wishes if isinstance(wish, Submit)]
    traded = [d for d in world.decisions if d.outcome == "traded"]

    assert len(world.wishes) == len({wish.id for wish in world.wishes})
    assert len(entries) == len({wish.magic for wish in entries})
    assert [(wish.id, wish.magic) for wish in entries] == [(d.instruction, d.magic) for d in traded]
    assert all(d.level == "run" and not d.holds and not d.reasons for d in traded)
    assert all(0.0 < wish.approved.intent.stop for wish in entries)


@chaotic
@given(worlds)
def test_every_new_bar_is_decided_once_by_every_strategy(world: Chaos) -> None:
    """Told twice or late, missed or live: a new bar makes two decisions, any other none; numbers have no gaps."""
    new: list[int] = []
    numbers: list[tuple[int, int]] = []
    run, count = 0, 0
    for fact in world.facts:
        if isinstance(fact, RunStarted):
            run, count = fact.run, 0
        elif isinstance(fact, BarClosed) and fact.bar.time > max(new, default=0):
            new.append(fact.bar.time)
            numbers += [(run, count + 1), (run, count + 2)]
            count += 2

    assert [time for time in new for _ in range(2)] == [d.bar_time for d in world.decisions]
    assert numbers == [(d.run, d.n) for d in world.decisions]


@chaotic
@given(worlds)
def test_in_the_end_core_and_venue_agree(world: Chaos) -> None:
    """When all has landed and was looked at, money and positions are the venue's, or a break is held and told."""
    world.rest()
    core, venue = world.core, world.venue
    ours = {lane.trade.position: lane.trade.volume for lane in core.lanes if lane.trade is not None}
    there = {p.ticket: p.volume for p in venue.positions()}
    breaks = [hold for hold in core.ledger.holds if hold.startswith("BREAK")]

    assert pytest.approx(venue.balance, abs=0.004) == core.ledger.balance
    assert ours == {ticket: there[ticket] for ticket in ours}
    assert bool(breaks) is (ours != there)
    assert not core.unsettled
    assert {"UNRECONCILED", "LINK", "SWITCH"}.isdisjoint(core.ledger.holds)


@chaotic
@given(worlds)
def test_the_books_explain_every_cent(world: Chaos) -> None:
    """Closed outcomes, what open trades were charged, and flows add up to the balance, unless a break is held."""
    world.rest()
    live = world.books.live
    closed = sum(outcome.net for outcome in world.outcomes if outcome.book == "live")
    running = sum(t.profit + t.commission + t.swap + t.fee for t in live.held.values())
    surplus = [hold for hold in world.core.ledger.holds if hold.startswith("BREAK")]

    if not surplus:
        assert pytest.approx(cents(world.venue.balance - 10_000.0 - world.flows)) == cents(closed + running)


def test_a_world_trades() -> None:
    """The story is not empty: with everything going well there are trades of many kinds, live and shadow."""
    import random  # noqa: PLC0415

    draw = random.Random(3)
    script = [draw.randrange(len(WANTS)) for _ in range(20)]
    story: list[Any] = [("bar", draw.randrange(-80, 81), draw.randrange(60), draw.randrange(60)) for _ in range(50)]
    world = a_world(script, script[::-1], [], story)

    assert 10 < len(world.outcomes)
    assert {"live", "shadow"} == {o.book for o in world.outcomes}
    assert 3 < len({o.exit_reason for o in world.outcomes})
