"""The doctor's look at whether a running daemon reads the kind of bars that its regime models learnt from."""

from pathlib import Path

from runtime.operator.client import status


def feeds_of(state: Path) -> str:
    """Return, for people, that no feed is contradicted; ValueError says which are, and why."""
    told = status(state)
    if told.get("unlike"):
        why = "; ".join(told["unlike"])
        raise ValueError(f"{why}: is it the right symbol, day and unit? Else train a model on this broker's bars")
    if told.get("running"):
        return "the bars are of the kind that the models learnt from"
    return "no daemon runs: it compares them with what the models learnt from, from its first 250 bars on"
