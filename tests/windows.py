"""Functions over the last closed bars, as users write them."""

import math
import os
import threading

from strategies.exits import ExitPlan
from strategies.protocol import Entry, Exit, Want
from strategies.window import COLUMNS, Window


def dip(w: Window, entry: float = 0.5) -> tuple[Want, float]:
    """Buy what has fallen below the mean of its window, sell what has risen above it, and leave after some bars.

    The score is made of every number that it is shown: in another drive it is another one if any of them is.
    """
    score = math.fsum(x * (n + 1) for name in COLUMNS for n, x in enumerate(getattr(w, name)))
    score += math.fsum(w.features.values())
    mean = math.fsum(w.close) / len(w)
    width = math.fsum(h - low for h, low in zip(w.high, w.low, strict=True)) / len(w)
    if w.position:
        done = w.held >= 4 or (w.close[-1] - mean) * w.position > 0.0
        return (Exit() if done else None), score
    away = w.close[-1] - mean
    if width <= 0.0 or abs(away) < entry * width:
        return None, score
    return Entry(side=-1 if away > 0.0 else 1, plan=ExitPlan(stop=3.0 * width, bars=30)), score


def raising(w: Window) -> tuple[Want, float]:
    """Divide by nothing while it has no position."""
    return None, 1.0 / w.position


def hanging(w: Window) -> tuple[Want, float]:
    """Never come back while it has no position."""
    if not w.position:
        threading.Event().wait()
    return None, 1.0


def ending(w: Window) -> tuple[Want, float]:
    """End its process while it has no position."""
    if not w.position:
        os._exit(3)
    return None, 1.0


def odd(w: Window) -> object:
    """Answer with what is no want while it has no position."""
    return (None, 1.0) if w.position else "buy"


def spread(w: Window, entry: float = 0.5) -> tuple[Want, float]:
    """Buy what has fallen behind another market over the window, and leave after some bars.

    The score is made of every number that it is shown, of the other bars too.
    """
    shown = [w, *(w.others[name] for name in sorted(w.others))]
    score = math.fsum(x * (n + 1 + k) for k, one in enumerate(shown) for n, row in enumerate(rows(one)) for x in row)
    ours, theirs = (one.close[-1] / one.close[0] - 1.0 for one in (w, *w.others.values()))
    width = math.fsum(h - low for h, low in zip(w.high, w.low, strict=True)) / len(w)
    if w.position:
        return (Exit() if w.held >= 4 else None), score
    if width <= 0.0 or abs(ours - theirs) * w.close[-1] < entry * width:
        return None, score
    return Entry(side=-1 if ours > theirs else 1, plan=ExitPlan(stop=3.0 * width, bars=30)), score


def rows(w: Window) -> list[tuple[float, ...]]:
    """Return a window bar by bar."""
    return list(zip(*(getattr(w, name) for name in COLUMNS), strict=True))
