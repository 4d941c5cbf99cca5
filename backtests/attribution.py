"""Attribution: what the closed trades of journals came to, group by group."""

from collections.abc import Sequence

from backtests.attribution_groups import Group, groups_of
from backtests.attribution_rows import Asked, read
from config.journal import Where


def attribution(journals: Sequence[tuple[str, Where]], asked: Asked) -> list[Group]:
    """Return every group of what journals hold, each journal with its account's name."""
    return groups_of(read(journals, asked), asked.by)
