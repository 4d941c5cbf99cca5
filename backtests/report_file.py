"""A report as a file: whole from the moment it is there."""

import os
import tempfile

from pathlib import Path


def write_page(file: Path, html: str) -> Path:
    """Write a page in one step, so that nobody ever opens half of it; return its path."""
    return write_whole(file, html.encode())


def write_whole(file: Path, content: bytes) -> Path:
    """Write any file in one step; return its path."""
    file = file.absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".draft-", suffix=file.suffix, dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as open_file:
            open_file.write(content)
        Path(draft).chmod(0o644)
        Path(draft).replace(file)
    finally:
        Path(draft).unlink(missing_ok=True)
    return file
