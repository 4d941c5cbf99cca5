"""Repeats and their table: medians of several runs, things to be compared run in turn, since machines are noisy."""

import os
import platform
import statistics
import time

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

REPEATS = 5
Work = Callable[[], object]


def seconds(work: Work, repeats: int = REPEATS) -> list[float]:
    """Return the wall seconds of each of several runs, after one that is not counted."""
    return in_turn({"": work}, repeats)[""]


def in_turn(works: Mapping[str, Work], repeats: int = REPEATS) -> dict[str, list[float]]:
    """Return the wall seconds of several runs of each work, one after the other in turn: noise then meets all alike."""
    for work in works.values():
        work()
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            found[name].append(time.perf_counter() - began)
    return found


def row(name: str, values: list[float], unit: str, digits: int = 1) -> str:
    """Return a line of a Markdown table: median, least and most."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"| {name} | {middle:,.{digits}f} {unit} | {low:,.{digits}f} to {high:,.{digits}f} |"


def tail(name: str, values: list[float], unit: str, shares: Sequence[float], digits: int = 1) -> str:
    """Return a line of a Markdown table: how many, median, least, most, and what these shares of all do not exceed."""
    ranked = sorted(values)
    at = " | ".join(f"{ranked[min(len(ranked) - 1, int(len(ranked) * share))]:,.{digits}f} {unit}" for share in shares)
    return (
        f"| {name} | {len(ranked):,} | {statistics.median(ranked):,.{digits}f} {unit} | {at} | "
        f"{ranked[0]:,.{digits}f} to {ranked[-1]:,.{digits}f} |"
    )


def tail_head(shares: Sequence[float]) -> str:
    """Return the machine and the head of a table of tails."""
    machine = head().partition("\n")[0]
    names = " | ".join(f"p{share * 100:g}" for share in shares)
    return f"{machine}\n\n| what | n | median | {names} | least to most |\n|---|---|---|{'---|' * len(shares)}---|"


def ratio(name: str, values: list[float], base: list[float]) -> str:
    """Return a line that compares two works run in turn: the ratio of each pair."""
    return row(name, [value / other for value, other in zip(values, base, strict=True)], "times", 2)


def head() -> str:
    """Return the machine and the head of the table."""
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return (
        f"{_cpu()}, {os.cpu_count()} cores, load before {load}; {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}\n\n| what | median | least to most |\n|---|---|---|"
    )


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
