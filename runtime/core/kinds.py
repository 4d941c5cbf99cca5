"""The kinds of alerts, as one table: whether each wakes somebody, who answers for it, and what it is called.

An alarm is a state, not a message: it stands until facts have lifted it.
"""

from typing import Literal, NamedTuple

import msgspec

Kind = Literal["unguarded", "break", "halt", "in_doubt", "daily_loss", "novelty", "no_progress", "note"]
Severity = Literal["page", "warn"]
Duty = Literal["operator", "risk", "model"]


class Ruling(NamedTuple):
    """What a kind of alert means for people; its page in docs/runbooks/ has its name."""

    severity: Severity
    duty: Duty
    """Who answers for it."""
    title: str


KINDS: dict[Kind, Ruling] = {
    "unguarded": Ruling("page", "operator", "position without a stop"),
    "break": Ruling("page", "operator", "unexplained break"),
    "halt": Ruling("page", "operator", "latched halt"),
    "in_doubt": Ruling("page", "operator", "in doubt past its window"),
    "daily_loss": Ruling("page", "risk", "loss of the day near its limit"),
    "novelty": Ruling("page", "model", "novelty on a live strategy"),
    "no_progress": Ruling("page", "operator", "no progress"),
    "note": Ruling("warn", "operator", "note"),
}
"""All there is to be told. Pages wake somebody; a note is logged and journaled, and may wait for the morning."""


class Alarm(msgspec.Struct, frozen=True):
    """Something that a person must know of, as long as it stands."""

    kind: Kind
    about: str
    """What it is about: with the kind, what makes two alarms the same."""
    text: str
    after_s: float = 0.0
    """Whoever is called is called only once it has stood for so long."""

    @property
    def key(self) -> str:
        """What makes two alarms the same."""
        return f"{self.kind}:{self.about}"
