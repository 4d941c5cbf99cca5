"""Locks between processes: one holder at a time, also where files are swept away beneath them."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from brokers.mt5.locks import claimed, held


class Swept(type(Path())):  # type: ignore[misc]  # the path of this platform
    """A path whose file is removed just after it was first opened, and made anew by another, who holds it."""

    others: IO[bytes] | None = None

    def open(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as Path
        """Open, and be swept once."""
        opened = super().open(*args, **kwargs)
        if Swept.others is None:
            self.unlink()
            Swept.others = held(Path(self), 0.0)
        return opened


@pytest.fixture
def swept(tmp_path: Path) -> Iterator[Swept]:
    """Return a path that is swept; what stands there then is let go with the test."""
    yield Swept(tmp_path / "terminal.lock")
    if Swept.others is not None:
        Swept.others.close()
    Swept.others = None


def test_one_at_a_time_holds_a_lock(tmp_path: Path) -> None:
    """The second is told who has it, and comes through when the first has let go."""
    path = tmp_path / "terminal.lock"
    first = claimed(path, "first", 0.0)
    second = claimed(path, "second", 0.0)
    assert not isinstance(first, str)
    first.close()
    third = claimed(path, "third", 0.0)

    assert ("first", False) == (second, isinstance(third, str))
    assert not isinstance(third, str)
    third.close()


def test_a_file_that_is_not_at_its_path_any_more_is_no_lock(swept: Swept) -> None:
    """Two would hold the terminal otherwise, each with a file of its own."""
    assert None is held(swept, 0.0)


def test_the_file_at_the_path_is_taken_once_it_is_free(swept: Swept) -> None:
    """Whoever waits looks at the path anew each time."""
    none = held(swept, 0.0)
    assert Swept.others is not None
    Swept.others.close()
    lock = held(swept, 0.0)

    assert None is none
    assert lock is not None
    lock.close()
