"""How loops are compiled: a kernel is a part of them, and no two that are compiled alike compile it anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np
import pytest

from numba.core import event

from backtests.engine_apart import LEAN
from market.kernel import Params, State, compile_all, kernel

WITHOUT_DISK = LEAN | {"cache": False}


@kernel
def added(s: State, x: float) -> float:
    """Return a sum that grows."""
    s[0] = s[0] + x
    return s[0]


@kernel
def shared(s: State, p: Params, x: float) -> float:
    """Return a sum that grows by what is weighed."""
    return added(s, p[0] * x) / p[1]


@contextmanager
def lowered() -> Iterator[list[str]]:
    """Collect how each function is lowered meanwhile."""
    found: list[str] = []

    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:  # noqa: ANN401 - numba's
            """Say nothing."""

        def on_end(self, event: Any) -> None:  # noqa: ANN401 - likewise
            kind, _, name = event.data["name"].partition("_lowering ")
            if name:
                found.append(f"{kind} {name.strip('[]').rpartition('.')[2]}")

    with event.install_listener("numba:run_pass", Listener()):
        yield found


def test_a_kernel_is_compiled_once_as_a_part_of_all_loops_that_call_it() -> None:
    """Whatever they call it for; machine code is made of the loops alone."""
    compile_all()

    def first(s: Any, p: Any, x: float) -> float:  # noqa: ANN401 - arrays
        return shared(s, p, x) + shared(s, p, x)

    def second(s: Any, p: Any, x: float) -> float:  # noqa: ANN401 - likewise
        return shared(s, p, x)

    state, params = np.zeros(1), np.array([3.0, 1.0])
    with lowered() as found:
        told = [numba.njit(**WITHOUT_DISK)(loop)(state, params, 2.0) for loop in (first, second)]

    assert [18.0, 18.0] == told
    assert ["part added", "part shared", "native first", "native second"] == found


def test_what_goes_wrong_in_a_part_is_told_to_who_called_the_loop() -> None:
    """As a division by zero is, where nothing guards it and loops are asked to look."""
    compile_all()

    def loop(s: Any, p: Any, x: float) -> float:  # noqa: ANN401 - arrays
        return shared(s, p, x)

    careful: Any = numba.njit(loop)

    with pytest.raises(ZeroDivisionError, match="division by zero"):
        careful(np.zeros(1), np.zeros(2), 1.0)
