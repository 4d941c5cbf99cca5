"""What the sweep has found: each a short story of its own, so that it stays found when seeds draw other stories."""

import random

from typing import Any

import pytest

from brokers.facts import BarClosed, DealMade
from runtime.recorder import Recorder
from tests.chaos.dial import HOURS
from tests.chaos.disk import Disk, facts_of
from tests.chaos.judge import judge
from tests.chaos.liveness import outrun
from tests.chaos.planted import Belated, Careless, Timid
from tests.chaos.play import play
from tests.chaos.points import Crash
from tests.chaos.story import HISTORY, NOTHING, PROBE, QUIET, Story, Strike, some_bars, story_of
from tests.chaos.sweep import folder
from tests.chaos.sweep import played as told_of
from tests.chaos.words import Said
from tests.chaos.world import Variant, World
from tests.journals import entry

BUY = (1.0, 0.0, 0.0, 5.0, 0.0, 0.0, 1.0, 1.0)
"""At the market, left a bar later."""
REST = (1.0, 1.0, -40.0, 5.0, 0.0, 0.0, 1.0, 1.0)
"""Far below the market, for one bar."""
KEEP = (1.0, 0.0, 0.0, 20.0, 0.0, 0.0, 0.0, 1.0)
"""At the market, with a stop far away, never left."""
LENGTH = 5
NEARER = 25
"""Pick of a hand that moves the stop of the only position nearer, as soon as a bar is played."""
CLOSED = 4
"""Likewise, of one that closes it, a moment later."""
TAKEN = 30
"""Likewise, of one that takes it away."""


def a_story(*wants: tuple[float, ...], **given: Any) -> Story:  # noqa: ANN401 - fields of Story
    """Return a story of five bars in which nothing goes wrong but what is given."""
    script = (*wants, *(NOTHING,) * (LENGTH - len(wants)), *(PROBE, NOTHING) * (QUIET // 2))
    bars = {"GOLD": some_bars(random.Random(1), "GOLD", HISTORY + LENGTH + QUIET)}
    plain: dict[str, Any] = {
        "seed": 0, "lanes": (("GOLD", script),), "bars": bars, "length": LENGTH, "lockstep": True, "bar_s": 1.0,
        "poll_s": 0.25, "reconcile_s": 60.0, "commit_s": 0.002, "line_s": 0.001, "strikes": (), "said": (),
        "crashes": (), "stays_halted": False,
    }  # fmt: skip
    return Story(**(plain | given))


def played(story: Story) -> World:
    """Play a story to its end; the oracle must have no complaint."""
    with folder() as where:
        world = World(story, where)
        play(world)
        complaints = judge(world)
    assert [] == complaints
    return world


def states(world: World, kind: str) -> list[str]:
    """Return the states in which orders of a kind ended, those of the probes left out."""
    rows = world.disk.table("orders", "instruction").values()
    return [row["state"] for row in rows if row["kind"] == kind and row["at_decided"] < world.quiet_at]


def test_an_entry_in_doubt_that_ended_before_it_was_seen_is_not_missing() -> None:
    """Its answer was lost, it rested and expired within the window: the order history tells, by its magic number."""
    story = a_story(REST, lockstep=False, strikes=(Strike("silent, worked", 1),))

    assert ["CANCELLED"] == states(played(story), "limit")


def test_an_entry_that_another_account_has_got_is_missing_on_ours() -> None:
    """Somebody logged in to another account while it was held: ours has never seen it, and says so."""
    strikes = (Strike("held", 1, 0.05), Strike("account switched", 1, 0.05, pick=3))
    world = played(a_story(BUY, commit_s=0.0, line_s=0.0001, strikes=strikes))

    assert (True, "MISSING") == (world.broker.asked[0].elsewhere, states(world, "market")[0])


def test_a_doubt_that_a_deal_resolves_holds_nothing_any_longer() -> None:
    """A close was worked later and its answer lost: recorded time goes on at once, and the next bar may be traded."""
    story = a_story(BUY, BUY, BUY, BUY, strikes=(Strike("held", 2, 0.9),))
    world = played(story)

    assert ["FILLED", "FILLED"] == states(world, "close")
    assert [] == [row for row in world.disk.table("decisions", "id").values() if row["class"] == "held"]


@pytest.mark.parametrize("lockstep", [True, False])
def test_a_break_lifts_by_a_look_while_recorded_time_goes_on(*, lockstep: bool) -> None:
    """The deal was shown late, after a look had found its position gone: a minute later all is well."""
    story = a_story(
        BUY, BUY, lockstep=lockstep, strikes=(Strike("history late", 2, 3.0),),
        crashes=(Crash("answer: appended", 1, "daemon", "history late"),),
    )  # fmt: skip
    world = played(story)
    alerts = [row["text"] for row in world.disk.table("alerts", "id").values()]

    assert [True] == [any("break" in text for text in alerts)]
    assert world.loop.now > story.reconcile_s / 2


def test_an_entry_of_which_a_part_was_told_is_not_missing() -> None:
    """Its answer was lost, its only deal was told, and the process died: the rest of it was let go at the venue."""
    story = a_story(
        KEEP, lockstep=False, strikes=(Strike("partial fill", 1),),
        crashes=(Crash("frame: reply arrived", 1, "worker"), Crash("answer: appended", 2, "daemon", "partial fill")),
    )  # fmt: skip

    assert ["CANCELLED"] == states(played(story), "market")


def test_an_entry_that_comes_to_rest_long_after_its_window_keeps_its_place() -> None:
    """It was MISSING, and the venue took it after all: a look finds it before another entry may leave beside it."""
    world = played(a_story((*REST[:-1], 4.0), BUY, strikes=(Strike("held beyond the window", 1, 1.5),)))

    assert (["CANCELLED"], []) == (states(world, "limit"), states(world, "market"))


def test_a_stop_that_a_person_takes_away_comes_back_at_the_next_look() -> None:
    """While nothing keeps the house from it; for that long the position may be bare, and no longer."""
    away = {"lockstep": False, "bar_s": 3.0, "reconcile_s": 2.0, "strikes": (Strike("by hand", 2, pick=TAKEN),)}
    world = played(a_story(KEEP, **away))
    with folder() as where:
        careless = World(a_story(KEEP, **away), where, Variant(recorder=Careless))
        play(careless)
        complaints = judge(careless)

    assert ["FILLED"] == states(world, "move stop")
    assert ["bare"] == [line.partition(":")[0] for line in complaints if line.startswith("bare")]


def test_a_hand_that_no_look_has_seen_before_the_data_ended_is_nobodys_fault() -> None:
    """Recorded time is over within a moment, a look comes every minute: the stop a person moved is told by none."""
    world = played(a_story(
        KEEP, stays_halted=True, said=(Said(3, 0.0, "halt"),), strikes=(Strike("by hand", 4, pick=NEARER),),
    ))  # fmt: skip
    (there,) = world.broker.venue.positions()
    (asked,) = world.disk.table("orders", "instruction").values()

    assert (True, {there.ticket}) == (there.stop > asked["stop"], world.touched)


def test_a_deal_shown_late_is_heard_once_whatever_it_leads_to() -> None:
    """It leads to a close while others were told with it: all are heard first, and each is a decision's."""
    script = a_story(KEEP).lanes[0][1]
    late = Strike("placed, deal late", 2, 1.5)
    story = a_story(
        lanes=(("GOLD", script), ("GOLD", script)), lockstep=False, bar_s=3.0, strikes=(late,),
        said=(Said(1, 0.2, "flatten"),),
    )  # fmt: skip
    world = played(story)
    told = [fact.deal.ticket for fact in facts_of(world.disk.log) if isinstance(fact, DealMade)]

    assert len(told) == len(set(told))
    assert "" not in {row["decision"] for row in world.disk.table("deals", "ticket").values()}


def test_bars_that_close_as_fast_as_they_are_asked_for_may_all_be_missed() -> None:
    """Two close between two polls: the older is decided as missed, and it was the probe's each time."""
    draw = random.Random(64_534)  # the prices and the jitter of the seed that it was found by
    draw.randrange(5, 10), draw.random()
    late = (1.0, 2.0, 1.5, 5.0, 0.0, 0.0, 4.0, 3.0)
    short = (-1.0, 0.0, 0.0, 5.0, 0.0, 0.0, 1.0, 1.0)
    story = a_story(
        late, NOTHING, short, (-1.0, 2.0, -1.5, 2.0, 2.0, 1.5, 1.0, 2.0), seed=64_534, lockstep=False, poll_s=1.0,
        bars={"GOLD": some_bars(draw, "GOLD", HISTORY + LENGTH + QUIET)}, reconcile_s=2.0, commit_s=0.02, line_s=0.002,
        strikes=(Strike("silent, worked", 2, 0.7), Strike("None, worked", 1, 0.05)),
        crashes=(Crash("look: half read", 2, "daemon"), Crash("recovery: connecting", 2, "worker")),
    )  # fmt: skip
    world = played(story)
    quiet = [r["class"] for r in world.disk.table("decisions", "id").values() if r["bar_time"] >= world.quiet_at]

    assert ["missed", "no_signal"] * 2 == quiet


@pytest.mark.parametrize("recorder", [Belated, Timid])
def test_a_daemon_that_never_trades_is_found_however_fast_the_bars_close(recorder: type[Recorder]) -> None:
    """One that takes every bar for a missed one misses the newest, too; one that refuses all refuses some probe."""
    told = []
    for seed in [seed for seed in range(300) if outrun(story_of(seed))]:
        with folder() as where:
            told += told_of(seed, where, Variant(recorder=recorder))[1]

    assert any(line.startswith("liveness: nothing was traded") for line in told)


def test_a_row_that_the_journal_itself_would_refuse_is_told() -> None:
    """A second alert, or outcome, of one key ends a daemon: the disk in memory must be no milder than a real one."""
    disk = Disk()
    disk.write([entry(number, ("alerts", {"id": 7}), ("deals", {"ticket": 7})) for number in (1, 2)], 1)

    assert ["alerts 7"] == disk.again


@pytest.mark.parametrize("ahead", [1.0, 2.0, 5.5, -2.0, -3.0])
def test_bars_that_moved_with_a_wrong_clock_are_not_told_as_new_ones(ahead: float) -> None:
    """Once it is right again the bars that closed meanwhile are folded in, each once, and the next one is traded."""
    wrong = Strike("wrong clock", 3, 0.7, pick=30 + HOURS.index(ahead))
    world = played(a_story(KEEP, lockstep=False, strikes=(wrong,)))
    bars = [f.bar for f in facts_of(world.disk.log) if isinstance(f, BarClosed) and f.phase != "warm"]

    assert list(world.story.bars["GOLD"][HISTORY:]) == bars


def test_deals_are_heard_though_one_before_them_was_told_by_a_clock_far_ahead() -> None:
    """The last deal known is hours later than what follows; deals are asked for from long before it."""
    wrong = Strike("wrong clock", 2, 0.3, pick=30 + HOURS.index(5.5))
    strikes = wrong, Strike("by hand", 2, pick=CLOSED)
    world = played(a_story(KEEP, NOTHING, NOTHING, BUY, lockstep=False, strikes=strikes))
    told = [row["at"] for row in world.disk.table("deals", "ticket").values() if row["entry"] != "none"]

    assert told[1] > told[2] > told[0]


def test_a_daemon_born_under_a_wrong_clock_reads_history_anew_once_it_is_right_and_trades() -> None:
    """Bars were told hours ahead and decided held; they are forgotten, people know, and the next ones are traded."""
    wrong = Strike("wrong clock", 1, 1.5, pick=30 + HOURS.index(5.5))
    crashes = Crash("recovery: before reading", 1, "both"), Crash("recovery: connecting", 1, "worker")
    world = played(a_story(lockstep=False, poll_s=1.0, strikes=(wrong,), crashes=crashes))
    rows = world.disk.table("decisions", "id").values()
    ahead = [row["class"] for row in rows if row["bar_time"] > world.disk.log[row["seq"] - 1].wall]

    assert {"held"} == set(ahead) - {"no_signal"}
    assert any("a wrong clock told bars" in alert["text"] for alert in world.disk.table("alerts", "id").values())
