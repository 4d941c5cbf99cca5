"""Says when loops are compiled, which takes longer than playing a year of bars; who has them on disk hears nothing."""

import importlib
import sys

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def told_of_compiling(say: Callable[[], None]) -> Iterator[None]:
    """Call `say` once, when the first loop is compiled and not read from disk; numba is imported for it."""
    load_numba()
    from numba.core import event  # noqa: PLC0415 - slow to import, and only a compiled drive needs it

    class Listener(event.Listener):
        told = False

        def on_start(self, event: Any) -> None:  # noqa: ANN401, ARG002 - numba's
            if not self.told:
                self.told = True
                say()

        def on_end(self, event: Any) -> None:  # noqa: ANN401 - numba's
            """Say nothing."""

    with event.install_listener("numba:compile", Listener()):
        yield


def load_numba() -> None:
    """Import numba without scipy, unless that is there already.

    It asks scipy for linear algebra, which no kernel has: a third of a second, and thirty megabytes. Whoever imports
    scipy later has it as ever.
    """
    if "scipy" in sys.modules:
        return
    hidden: dict[str, Any] = sys.modules  # None stands for what cannot be imported
    hidden["scipy"] = None
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        del sys.modules["scipy"]
