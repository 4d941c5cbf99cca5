"""What lifts each hold, in words: who is woken at three asks this first."""

from runtime.core.permissions import Hold

LIFTS: dict[Hold, str] = {
    "SWITCH": "the latch, once it is read",
    "LINK": "the terminal, once it answers",
    "WRONG_TERMINAL": "a person: the right terminal, or mended account.positions or account.currency; then a new start",
    "NO_LEASE": "the lease, once it is held again",
    "IN_DOUBT": "a look at the venue, at the end of the settle window",
    "MISSING": "a look at the venue, at the end of a longer window",
    "BREAK": "a deal that explains it; or a person: tidegate ack --position, --balance",
    "UNRECONCILED": "a look at the venue",
    "WARMING": "bars, as many as features need",
    "STALE_FEED": "the next tick",
    "CONTRACT": "the next bar that passes its checks, or a clock that is right again",
    "SPEC_CHANGED": "a person: tidegate ack --symbol",
    "LOSS_LIMIT": "the next day of the clock by which losses are counted (drawdown.zone, else the server's)",
    "SESSION": "terminal or broker, once they let us trade",
    "BUS_SILENT": "the bus, once it carries our heartbeat",
    "ENDED": "nothing: recorded data is over",
    "FOREIGN": "whoever holds the foreign position, by closing it",
    "MODEL": "the strategy's next answer",
    "WINDOW": "the end of the window",
    "COOLDOWN": "its time, or a person: tidegate ack --hold",
    "STOPS": "its time, or a person: tidegate ack --hold",
    "LOW_PROFIT": "its time, or a person: tidegate ack --hold",
    "THROTTLE": "a person: tidegate ack --hold",
    "DRAWDOWN": "a person, once the loss is within its limit again: tidegate ack --hold",
}


def lifts(hold: str) -> str:
    """Return what lifts a hold; empty where nobody has said so.

    >>> lifts("STALE_FEED:XAUUSD")
    'the next tick'
    """
    name = hold.partition(":")[0]
    return next((said for known, said in LIFTS.items() if known == name), "")
