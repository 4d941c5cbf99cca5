"""A page as a file: whole from the moment it is there."""

import os
import tempfile

from pathlib import Path


def write_page(file: Path, html: str) -> Path:
    """Write a page in one step, so that nobody ever opens half of it; return its path."""
    file = file.absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".draft-", suffix=".html", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as open_file:
            open_file.write(html)
        Path(draft).chmod(0o644)
        Path(draft).replace(file)
    finally:
        Path(draft).unlink(missing_ok=True)
    return file
