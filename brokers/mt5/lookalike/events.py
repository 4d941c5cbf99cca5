"""What may happen at a broker by itself: money comes and goes, a contract or a recorded bar changes.

Events are part of the server's truth. They are scheduled when it is set up (`ServerSetup.events`, `at` in UTC) or asked
for while it runs (`control.happen`), and then happen at once.
"""

import msgspec

from market.types import Flow, Symbol


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag=str.lower):
    """Something that happens at a moment, in milliseconds; 0: now."""

    at: int = 0


class Flowed(Event, frozen=True, kw_only=True):
    """A deposit or, where negative, a withdrawal; or another flow of money without a trade."""

    login: int
    amount: float
    flow: Flow = "balance"
    comment: str = ""


class Revised(Event, frozen=True, kw_only=True):
    """The broker tells another story of a bar it has already told; `time` is its opening on the server's clock."""

    symbol: str
    time: int
    open: float
    high: float
    low: float
    close: float


class Respecified(Event, frozen=True, kw_only=True):
    """A symbol is traded by another contract from now on, what is open in it too."""

    symbol: Symbol


class Switched(Event, frozen=True, kw_only=True):
    """Somebody at the terminal logs in to another account."""

    login: int
    terminal: str = ""


AnyEvent = Flowed | Revised | Respecified | Switched
