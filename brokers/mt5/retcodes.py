"""What the numbers of MetaTrader 5 mean for an order: done, refused, or nobody knows.

Retry classes as measured and documented; whatever is not known to be a refusal is in doubt. Nothing here is ever a
reason to send again.
"""

from typing import Literal

Meaning = Literal["done", "refused", "doubt"]

DONE = frozenset({10008, 10009, 10010})
"""PLACED, DONE, DONE_PARTIAL."""

REFUSED = frozenset(
    {
        10004, 10006, 10007, 10013, 10014, 10015, 10016, 10017, 10018, 10019, 10020, 10021, 10022, 10024, 10025, 10026,
        10027, 10029, 10030, 10032, 10033, 10034, 10035, 10036, 10038, 10040, 10041, 10042, 10043, 10044, 10045, 10046,
    }
)  # fmt: skip
"""The venue said no and did nothing."""

NOT_SENT = frozenset({-2, -8, -10004})
"""`last_error` after `order_send` gave None: the request never left (bad argument, trading disabled, no pipe)."""

LOST = frozenset({-10000, -10001, -10002, -10003, -10004, -10005})
"""`last_error` codes after which the connection must be made anew."""


def meaning_of(retcode: int) -> Meaning:
    """Say what a return code of `order_send` means; codes nobody documented are in doubt.

    >>> meaning_of(10009), meaning_of(10019), meaning_of(10012)
    ('done', 'refused', 'doubt')
    """
    if retcode in DONE:
        return "done"
    return "refused" if retcode in REFUSED else "doubt"


def meaning_of_none(error: int) -> Meaning:
    """Say what it means that `order_send` returned None, by its `last_error`."""
    return "refused" if error in NOT_SENT else "doubt"
