"""Of what a client's report is made: blocks that are drawn as HTML and as PDF alike."""

from typing import NamedTuple

from backtests.client_picture import Picture


class Words(NamedTuple):
    """A paragraph."""

    text: str
    small: bool = False


class Rows(NamedTuple):
    """A table: its first columns are texts, the others numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    summed: bool = False
    """The last row is what the others make."""


class Part(NamedTuple):
    """A section of the report."""

    title: str
    blocks: tuple[Words | Rows | Picture, ...]
    kind: str = ""
    """said: what matters most. warned: what must be known before anything is believed."""


class Page(NamedTuple):
    """A whole report."""

    title: str
    sub: str
    first: tuple[Part, ...]
    """What stands before the key numbers."""
    keys: tuple[tuple[str, str], ...]
    """Name and number of each."""
    rest: tuple[Part, ...]
