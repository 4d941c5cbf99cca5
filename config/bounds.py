"""Bounds that values of a TOML keep, by their names."""

from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
"""A name that is also a folder's: letters, digits, - and _, no more than 63."""
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3,8}$")]
