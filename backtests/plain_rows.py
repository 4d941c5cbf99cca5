"""Rows of a journal's projections as people are shown them: what is JSON in them read."""

from collections.abc import Mapping
from typing import Any

import msgspec

JSON_COLUMNS = frozenset({"features", "posterior", "holds", "checks", "reasons", "story"})
"""Columns whose text is JSON."""

Row = dict[str, Any]


def plain(row: Mapping[str, Any]) -> Row:
    """Return a row of a projection with its JSON texts read."""
    return {k: msgspec.json.decode(v) if k in JSON_COLUMNS and isinstance(v, str) else v for k, v in row.items()}
