"""Repeats and their table: medians of several runs, since machines are noisy."""

import statistics
import time

from collections.abc import Callable

REPEATS = 5


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> list[float]:
    """Return the wall seconds of each of several runs, after one that is not counted."""
    work()
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found


def row(name: str, values: list[float], unit: str, digits: int = 1) -> str:
    """Return a line of a Markdown table: median, least and most."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"| {name} | {middle:,.{digits}f} {unit} | {low:,.{digits}f} to {high:,.{digits}f} |"


def head() -> str:
    """Return the head of the table."""
    return "| what | median | least to most |\n|---|---|---|"
