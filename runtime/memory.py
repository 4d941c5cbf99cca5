"""What Python's collector of cycles is told: of memory that stays, and of much that has none."""

import gc

from collections.abc import Iterator
from contextlib import contextmanager


def settle() -> None:
    """Have the collector walk no more what is loaded by now and stays."""
    gc.unfreeze()  # what the last link leaves behind was settled, too, and would never be let go
    gc.collect()
    gc.freeze()


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the collector of cycles rest: rows have none, and it goes through all that were read, again and again."""
    rested = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if rested:
            gc.enable()
