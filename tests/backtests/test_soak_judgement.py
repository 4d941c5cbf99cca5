"""What a soak calls growth: memory beyond noise, any descriptor, any thread, or another process than at first."""

import pytest

from backtests.benchmarks.soak import Sample, complaints, slope

HOUR = 3600.0


def hours(
    count: int,
    *,
    grows: float = 0.0,
    neighbours: float = 0.0,
    descriptors: tuple[int, int] = (20, 20),
    who: str = "daemon",
    pids: int = 1,
) -> list[Sample]:
    """Return samples, one a minute: memory grows by so much an hour, descriptors change once in the middle.

    By the end other processes have let go of so many `neighbours` MiB that were shared with them.
    """
    total = count * 60
    return [
        Sample(
            at_s=n * 60.0, who=who, pid=1 + n * pids // total, private_mib=46.0 + neighbours * n / total,
            written_mib=40.0 + grows * n / 60 + 0.3 * (n % 2), resident_mib=60.0, cpu_s=0.0,
            descriptors=descriptors[2 * n // total], threads=4, bars=n, faults=0,
        )
        for n in range(total)
    ]  # fmt: skip


def judged(samples: list[Sample]) -> list[str]:
    """Return the complaints, beside a supervisor that is flat."""
    return list(complaints([*samples, *hours(8, who="supervisor")]))


def test_what_stays_as_it_is_is_flat() -> None:
    """A page more or less is no growth."""
    assert [] == judged(hours(8))


def test_memory_that_grows_is_growth() -> None:
    """Half a mebibyte an hour is twelve a day."""
    (said,) = judged(hours(8, grows=0.5))

    assert said.startswith("daemon: memory it has written grew by 2.5")


def test_a_library_that_others_have_let_go_of_is_no_growth() -> None:
    """What was shared is private then, and nobody has taken anything."""
    assert [] == judged(hours(8, neighbours=6.0))


def test_a_descriptor_more_is_growth() -> None:
    """Nothing may be opened that is not closed."""
    assert ["daemon: descriptors grew from 20 to 21"] == judged(hours(8, descriptors=(20, 21)))


def test_a_daemon_that_died_is_named() -> None:
    """What was started again has forgotten what it had kept."""
    assert ["daemon: it died, and was started again"] == judged(hours(8, pids=2))


def test_a_run_that_is_too_short_proves_nothing() -> None:
    """Before it is warm nothing is judged, and that is said."""
    assert "run it for longer" in next(complaints(hours(8)[:10]))


def test_the_slope_is_that_of_the_memory() -> None:
    """In mebibytes a day."""
    assert pytest.approx(24.0, rel=0.02) == slope(hours(8, grows=1.0))
