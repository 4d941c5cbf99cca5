"""A core at rest: all of it that moves, as bytes, and back again."""

from collections.abc import Sequence

import msgspec

from runtime.core.feeds import Feed, feed_snapshot, restore_feed
from runtime.core.made import MadeFeed, made_snapshot, restore_made
from runtime.core.readings import RegimeReading, reading_snapshot, restore_reading
from runtime.core.state import CoreSnapshot, Lane, Ledger, lane_snapshot, restore_lane


def asleep(
    ledger: Ledger, lanes: Sequence[Lane], feeds: Sequence[Feed], readings: Sequence[RegimeReading],
    made: Sequence[MadeFeed],
) -> bytes:  # fmt: skip
    """Return the parts of a core as bytes."""
    return msgspec.msgpack.encode(
        CoreSnapshot(
            ledger,
            [feed_snapshot(feed) for feed in feeds],
            [reading_snapshot(reading) for reading in readings],
            [lane_snapshot(lane) for lane in lanes],
            [made_snapshot(one) for one in made],
        )
    )


def awake(
    raw: bytes, ledger: Ledger, lanes: Sequence[Lane], feeds: Sequence[Feed], readings: Sequence[RegimeReading],
    made: Sequence[MadeFeed],
) -> None:  # fmt: skip
    """Put the parts of a core to where they stood; there must be as many of each as there were."""
    snapshot = msgspec.msgpack.decode(raw, type=CoreSnapshot)
    for field in Ledger.__struct_fields__:
        setattr(ledger, field, getattr(snapshot.ledger, field))
    for feed, rest in zip(feeds, snapshot.feeds, strict=True):
        restore_feed(feed, rest)
    for reading, at_rest in zip(readings, snapshot.readings, strict=True):
        restore_reading(reading, at_rest)
    for one, night in zip(made, snapshot.made, strict=True):
        restore_made(one, night)
    for lane, sleeping in zip(lanes, snapshot.lanes, strict=True):
        restore_lane(lane, sleeping)
