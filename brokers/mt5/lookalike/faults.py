"""Faults on request: what can go wrong between a terminal and its client, for whom, when and how often.

A schedule only says which faults hit a call; `mishaps.py` does what they say. Faults are asked for when a server is set
up (`ServerSetup.faults`) or while it runs (`control.fault`). Where several hit one call the first is the outermost.
"""

from typing import Literal

import msgspec

AUTHORITIES = Literal["terminal", "api", "account", "server"]


class Silent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="silent"):
    """The call never returns, whether it was worked or not."""

    worked: bool = False


class Slow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="slow"):
    """The call is worked at once, and answered so much later."""

    seconds: float


class Fails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="fails"):
    """The call gives None (False) and this `last_error`, whether it was worked or not.

    -10001 and -10002 are a broken pipe: every call after it gives -10004 until initialize.
    """

    code: int
    worked: bool = False


class HangsUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hangs_up"):
    """The connection is killed instead of an answer, whether the call was worked or not."""

    worked: bool = False


class Answers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="answers"):
    """A trade request gets this return code: it is refused, or it was worked and the answer hides that.

    The quote in the answer lies `points` beyond the market's, against whoever asked (a requote, a price changed).
    """

    retcode: int
    worked: bool = False
    points: float = 0.0


class Partial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="partial"):
    """Only this share of a market order's volume is filled, rounded down to lots that can be traded."""

    share: float = 0.5


class Late(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="late"):
    """What a trade request did is seen only later by its terminal, in positions, orders, history and account.

    With `placed` the answer is 10008 with an order and no deal.
    """

    seconds: float
    placed: bool = False


class Held(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="held"):
    """A trade request gives None and this `last_error`; it is worked so much later, unless the server dies first."""

    seconds: float
    code: int = -10005


class Forbidden(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="forbidden"):
    """Trading is not allowed, and the terminal shows it.

    By the terminal (AutoTrading is off: 10027), its API option (-8), the account (investor password: 10017) or the
    server (no experts: 10026).
    """

    by: AUTHORITIES = "terminal"


class Stray(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="stray"):
    """The answer is that of another terminal: of another login, or at another path."""

    account: int = 0
    """Whose, 0: its own."""
    path: str = ""
    """Where, empty: its own."""


class Short(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="short"):
    """History is late: of bars and ticks only the newest rows are there, of deals and orders only the oldest.

    Without any row the call gives None.
    """

    rows: int = 0


class Restart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="restart"):
    """The terminal ends and comes back: its lines break, and for so long initialize finds nobody (-10003)."""

    seconds: float


class Unreachable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="unreachable"):
    """The broker is out of the terminal's reach: it says so, tells what it knew last, and gives 10031 to requests."""


class WrongClock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="wrong_clock"):
    """Every time the server tells is so many seconds ahead of what it should be."""

    seconds: int


AnyKind = (
    Silent
    | Slow
    | Fails
    | HangsUp
    | Answers
    | Partial
    | Late
    | Held
    | Forbidden
    | Stray
    | Short
    | Restart
    | Unreachable
    | WrongClock
)


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fault, and the calls it hits."""

    kind: AnyKind
    verbs: tuple[str, ...] = ()
    """Names of `verbs.VERBS`; none: every call."""
    login: int = 0
    """Only calls of terminals logged in to this account; 0: of all."""
    terminal: str | None = None
    """Only calls of this terminal, by its place in the server's folder; None: of all."""
    skip: int = 0
    """So many calls pass first."""
    times: int = 1
    """How many calls are hit; 0: all."""
    since: int = 0
    """Not before this moment of the server's clock, milliseconds."""
    until: int = 0
    """Not from this moment of the server's clock on; 0: without end."""
    lasts_s: float = 0.0
    """Elapsed seconds after which it is over; 0.0: without end."""


class Standing(msgspec.Struct):
    """A fault of a schedule, and how far it has come."""

    fault: Fault
    begun: float
    passed: int = 0
    struck: int = 0


class Schedule:
    """Faults by number, in the order in which they were asked for; `standing` has those that are not over."""

    __slots__ = ("count", "standing")

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0
        self.standing: dict[int, Standing] = {}

    def add(self, fault: Fault, elapsed: float) -> int:
        """Take a fault in and return its number."""
        self.count += 1
        self.standing[self.count] = Standing(fault, elapsed)
        return self.count

    def mend(self, number: int) -> None:
        """Let a fault be over; 0 means all."""
        for one in [number] if number else list(self.standing):
            self.standing.pop(one, None)

    def strike(self, number: int) -> None:
        """Take note that a fault hit a call; one that has hit as often as it was asked to is over."""
        standing = self.standing.get(number)
        if standing is not None:
            standing.struck += 1
            if standing.struck == standing.fault.times:
                del self.standing[number]

    def hits(self, place: str, login: int, verb: str, at: int, elapsed: float) -> list[tuple[int, Fault]]:
        """Return the faults that hit a call: `at` the server's clock, `elapsed` seconds counted as in `add`."""
        found = []
        for number, one in list(self.standing.items()):
            if 0.0 < one.fault.lasts_s <= elapsed - one.begun or 0 < one.fault.until <= at:
                del self.standing[number]
            elif means(one.fault, place, login, verb) and at >= one.fault.since:
                one.passed += 1
                if one.passed > one.fault.skip or one.struck:
                    found.append((number, one.fault))
        return found


def means(fault: Fault, place: str, login: int, verb: str) -> bool:
    """Tell whether a fault is about calls like this one."""
    return (
        (not fault.verbs or verb in fault.verbs)
        and fault.login in {0, login}
        and fault.terminal in {None, place}
    )  # fmt: skip
