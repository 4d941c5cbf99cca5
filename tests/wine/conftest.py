"""Fixtures of what runs under Wine."""

from collections.abc import Iterator

import pytest

from tests.winehouse import Missing, Winehouse, found


@pytest.fixture(scope="session")
def house() -> Iterator[Winehouse]:
    """Have the Windows Python that `nox -s wine` sets up; skip where there is none. Nothing of Wine is left running."""
    try:
        one = found()
    except Missing as missing:
        pytest.skip(str(missing))
    yield one
    one.close()
