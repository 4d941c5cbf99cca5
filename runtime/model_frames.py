"""The frames between a daemon and the process of a strategy's own: which function it is, and what is asked of it.

One request in flight, length-prefixed msgpack, no pickle: what crosses is numbers, names and reasons.
"""

from typing import Any

import msgspec

from runtime.asked import Question


class Load(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Find the function, and import all that it needs."""

    use: str
    params: dict[str, Any]
    """As the configuration has them, the window among them."""
    folder: str
    """Where modules are found too: that of the configuration."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The function is there."""


class Wanted(msgspec.Struct, frozen=True, tag=True):
    """What it wants: the flat tuple of `strategies.protocol`."""

    want: tuple[float, ...]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """There is no function, or no answer."""

    reason: str


AnyModelAsk = Load | Question
AnyModelTell = Ready | Wanted | Failed

decode_model_ask = msgspec.msgpack.Decoder(AnyModelAsk).decode
decode_model_tell = msgspec.msgpack.Decoder(AnyModelTell).decode
