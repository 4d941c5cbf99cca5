"""Which terminal speaks for the broker, and how long its calls may take, as the TOML of an account may say."""

from typing import Literal

import msgspec

from config.bounds import Count, Positive
from config.secrets import SecretRef


class DeadlinesSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds that single calls may take; those not named take `call_timeout_s`."""

    connect: Positive = 30.0
    """Starting the worker and logging in; a terminal that is begun by it needs long."""
    poll: Positive | None = None
    past: Positive | None = None
    look: Positive | None = None
    send: Positive | None = None


class TerminalSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which terminal speaks for the broker, and how patient we are with it."""

    kind: Literal["lookalike", "metatrader5"]
    path: str = ""
    """The terminal's program; of the look-alike, the folder its trade server keeps its books in."""
    password: SecretRef | None = None
    python: str = ""
    """Interpreter of the worker (under Wine: the Windows one); empty: our own."""
    call_timeout_s: Positive = 5.0
    deadlines: DeadlinesSection = DeadlinesSection()
    page_after_s: Positive = 300.0
    """So many seconds of an open market without a terminal call a person."""
    settle_s: Positive = 6.0
    """How long an order in doubt may still turn up; longer than the venue's longest in-flight life."""
    poll_ms: Count = 100
    """How often the terminal is asked around the close of a bar, and while an order is at work."""
    idle_ms: Count = 1000
    """How often between: a deal, a halt or a lost terminal is heard of so late at most."""
    reconcile_s: Positive = 60.0
