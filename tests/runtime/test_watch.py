"""When a daemon counts as stuck: by what moves, and by the time of a watcher who was awake."""

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from runtime.heart import Progress
from runtime.watch import Verdict, Watch

MOVING = Progress(pid=7, turns=1, works=1, patience_s=2.0, live=True)


def seen(turns: int = 1, works: int = 1, **changes: object) -> Progress:
    """Return what a daemon says of itself."""
    return msgspec.structs.replace(MOVING, turns=turns, works=works, **changes)


def watched(*looks: tuple[Progress | None, float], kill_s: float = 0.0) -> list[Verdict]:
    """Return the verdict of each look: what is seen, and how many seconds after the one before."""
    watch = Watch(halt_s=1.0, kill_s=kill_s)
    return [watch.step(progress, passed) for progress, passed in looks]


def test_a_loop_that_does_not_go_round_is_stuck_after_halt_s() -> None:
    """Neither counter moves: the process hangs, whatever it had announced."""
    still = seen()

    assert ["well", "well", "well", "stuck"] == watched((still, 0.0), (still, 0.5), (still, 0.4), (still, 0.1))


def test_a_pulse_alone_is_no_progress() -> None:
    """The loop turns and nothing is worked through, beyond what it may take: its consumer is stuck."""
    looks = [(seen(turns=n), 0.5) for n in range(8)]

    assert ["well"] * 6 + ["stuck", "stuck"] == watched(*looks)


def test_an_idle_daemon_is_well() -> None:
    """On a closed market it comes round now and then, and that is work."""
    looks = [(seen(turns=n, works=n // 4), 0.5) for n in range(40)]

    assert {"well"} == set(watched(*looks))


def test_what_was_announced_is_waited_for() -> None:
    """A terminal that takes thirty seconds to connect is none that hangs."""
    looks = [(seen(turns=n, patience_s=30.0), 1.0) for n in range(30)]

    assert {"well"} == set(watched(*looks))


@pytest.mark.parametrize("what", [None, seen(live=False), seen(traced=True)])
def test_what_starts_has_ended_or_is_traced_is_well(what: Progress | None) -> None:
    """A slow start, an end and a debugger are none of a guardian's business, however long."""
    assert {"well"} == set(watched(*[(what, 5.0)] * 20))


def test_another_process_begins_anew() -> None:
    """What the dead one did not do is not held against the next."""
    assert ["well", "well", "well"] == watched((seen(), 0.0), (seen(), 0.9), (seen(pid=8), 0.9))


def test_it_is_lost_after_kill_s_and_never_without() -> None:
    """What stands still for longer is ended, where that is wanted."""
    looks = [(seen(), 1.0)] * 6

    assert ["well", "stuck", "stuck", "lost", "lost", "lost"] == watched(*looks, kill_s=3.0)
    assert ["well", *["stuck"] * 5] == watched(*looks)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0.0, 0.1)), max_size=60))
def test_it_is_stuck_only_where_it_was_seen_not_to_move_for_so_long(steps: list[tuple[bool, bool, float]]) -> None:
    """Whatever moves when: a verdict needs as much time without a movement as it says."""
    watch, turns, works = Watch(halt_s=1.0, kill_s=0.0), 0, 0
    watch.step(seen(0, 0), 0.0)
    loop_s = work_s = 0.0
    for turned, worked, passed in steps:
        turns, works = turns + turned, works + worked
        verdict = watch.step(seen(turns, works), passed)
        loop_s = 0.0 if turned or worked else loop_s + passed
        work_s = 0.0 if worked else work_s + passed
        assert (verdict == "stuck") == (max(loop_s, work_s - 2.0) >= 1.0)
