"""Marks: what the losses of a day and of the whole account are counted from, and how they move.

Worth is balance and open profit. A deposit or withdrawal moves every mark with it, so that neither hides a loss nor
looks like one; what is withdrawn is profit first, so that a static floor stays where it is. A deposit widens no
allowance before the next day begins.
"""

import msgspec

from config.drawdown import DrawdownSection
from market.kernel import kernel


class Marks(msgspec.Struct):
    """What losses are counted from, account money."""

    day: int = -1
    """Days since 1970 by the rule's clock; -1: none has begun."""
    anchor: float = 0.0
    """The higher of balance and worth when the day began."""
    initial: float = 0.0
    peak: float = 0.0
    """The highest worth, or of end-of-day the highest anchor."""
    size: float = 0.0
    """What allowances are shares of."""
    seen: float = 0.0
    """The higher of balance and worth as both were known last."""
    named: float = 0.0
    """The initial balance that was configured then, 0.0: none."""
    locked: bool = False
    """The floor has reached the initial balance once, and stays there."""


@kernel
def withdrawn(initial: float, balance: float, money: float) -> float:
    """Return the initial balance after so much was taken out, profit first; `balance` is that of before.

    >>> withdrawn(100.0, 108.0, 8.0), withdrawn(100.0, 108.0, 20.0), withdrawn(100.0, 95.0, 10.0)
    (100.0, 88.0, 90.0)
    """
    profit = balance - initial if balance > initial else 0.0
    return initial - (money - profit) if money > profit else initial


@kernel
def spent(whole: float, worth: float, size: float) -> float:
    """Return the loss from a mark as a share of the account's size; a large number where there is no size.

    >>> spent(100.0, 95.0, 100.0), spent(100.0, 103.0, 100.0)
    (0.05, -0.03)
    """
    if size > 0.0:
        return (whole - worth) / size
    return 1e9


def begin_day(marks: Marks, rule: DrawdownSection, day: int, balance: float, worth: float) -> None:
    """Begin a day: its anchor is the higher of all that may have been true at midnight, for nobody watched perhaps."""
    marks.anchor = max(marks.seen, balance, worth)
    if marks.day < 0 or marks.named != (rule.initial or 0.0):
        marks.initial = rule.initial or balance
        marks.named, marks.locked = rule.initial or 0.0, False
        marks.peak = max(marks.initial, marks.anchor) if marks.day < 0 else marks.peak
    marks.day = day
    marks.size = marks.initial if rule.initial is None else min(rule.initial, marks.initial)
    if rule.preset == "end-of-day":
        marks.peak = max(marks.peak, marks.anchor)
    see(marks, rule, balance, worth)


def see(marks: Marks, rule: DrawdownSection, balance: float, worth: float) -> None:
    """Take in what the account is worth now."""
    marks.seen = max(balance, worth)
    rise(marks, rule, worth)


def rise(marks: Marks, rule: DrawdownSection, worth: float) -> None:
    """Take in that the account was worth so much at some moment since."""
    if rule.preset == "trailing":
        marks.peak = max(marks.peak, worth)
    if rule.locks and marks.peak - rule.most * marks.size >= marks.initial:
        marks.locked = True


def flow(marks: Marks, money: float, balance: float) -> None:
    """Move all marks with a deposit or withdrawal; `balance` is that of before."""
    if marks.day < 0:
        return
    marks.anchor += money
    marks.peak += money
    marks.seen += money
    marks.initial = marks.initial + money if money > 0.0 else withdrawn(marks.initial, balance, -money)
    marks.size = min(marks.size, marks.initial)


def counted_from(marks: Marks, rule: DrawdownSection) -> float:
    """Return what the total loss is counted from."""
    if rule.preset == "static":
        return marks.initial
    top = marks.initial + rule.most * marks.size
    return top if marks.locked else min(marks.peak, top) if rule.locks else marks.peak


def losses(marks: Marks, rule: DrawdownSection, worth: float) -> tuple[float, float]:
    """Return the losses of the day and in all as shares of the account's size; below 0.0: gains."""
    return spent(marks.anchor, worth, marks.size), spent(counted_from(marks, rule), worth, marks.size)


def room(marks: Marks, rule: DrawdownSection, worth: float) -> tuple[float, float]:
    """Return how much more may be lost today and in all before the rule is broken, account money."""
    return (
        rule.most_daily * marks.size - (marks.anchor - worth),
        rule.most * marks.size - (counted_from(marks, rule) - worth),
    )
