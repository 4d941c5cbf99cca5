"""Fixtures of what is read from files."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write text to a file and return where."""

    def written(text: str, name: str = "prices.csv", coding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(coding))
        return path

    return written
