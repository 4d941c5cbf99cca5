"""The fingerprint of kernels moves when anything that can change a result moves, and only then."""

from collections.abc import Callable
from typing import Any

import pytest

import market.kernel

from market.features import FEATURES
from market.kernel import KERNELS, fingerprint, reached

SOURCE = '''
from market.kernel import kernel

FACTOR = 2.0

@kernel
def inner(x):
    """Return something."""
    return x * FACTOR

@kernel
def outer(x):
    return inner(x) + 1.0

@kernel
def maker(x):
    return x
'''


@pytest.fixture(autouse=True)
def _fresh_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the kernels of these tests out of everybody else's list."""
    monkeypatch.setattr(market.kernel, "KERNELS", list(KERNELS))


def outer_of(old: str = "", new: str = "") -> Callable[..., Any]:
    """Return `outer` of the source, in which `old` is written `new`."""
    names: dict[str, Any] = {"__name__": "made"}
    exec(SOURCE.replace(old, new, 1) if old else SOURCE, names)  # noqa: S102 - a source to be edited is the point
    found: Callable[..., Any] = names["outer"]
    return found


def test_same_source_has_the_same_fingerprint() -> None:
    """Where nothing was edited nothing is compiled anew."""
    assert fingerprint([outer_of()]) == fingerprint([outer_of()])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("inner(x) + 1.0", "inner(x) + 1.5"),
        ("x * FACTOR", "x / FACTOR"),
        ("x * FACTOR", "(x + x) * FACTOR"),
        ("FACTOR = 2.0", "FACTOR = 3.0"),
    ],
    ids=["own code", "operator of a callee", "code of a callee", "constant of a callee"],
)
def test_an_edit_changes_the_fingerprint(old: str, new: str) -> None:
    """A change in the kernel, in a kernel it calls or in a constant that one reads is seen."""
    assert fingerprint([outer_of()]) != fingerprint([outer_of(old, new)])


@pytest.mark.parametrize(
    ("old", "new"),
    [("Return something.", "Return something else."), ("def maker(x):\n    return x", "def maker(x):\n    return -x")],
    ids=["docstring", "stranger"],
)
def test_what_it_does_not_use_leaves_the_fingerprint(old: str, new: str) -> None:
    """Words and kernels that are never called do not invalidate anything."""
    assert fingerprint([outer_of()]) == fingerprint([outer_of(old, new)])


def test_all_kernels_have_a_fingerprint_of_their_own() -> None:
    """The whole list is known by one fingerprint, which a new kernel changes."""
    before = fingerprint()
    outer_of()

    assert before != fingerprint()


def test_a_kernel_reaches_what_it_calls() -> None:
    """The ring under a window is found, so that an edit of it changes the feature's fingerprint."""
    names = {function.__name__ for function in reached([FEATURES["sma"].step])}

    assert {"sma_step", "exact_add", "ring_push", "ring_sum"} == names


def test_closures_reach_what_they_hold() -> None:
    """A kernel that a factory made is told apart by what it was made of."""
    kernel = market.kernel.kernel

    def made(factor: float) -> Callable[[float], float]:
        def times(x: float) -> float:
            return x * factor

        return kernel(times)

    assert fingerprint([made(2.0)]) == fingerprint([made(2.0)])
    assert fingerprint([made(2.0)]) != fingerprint([made(3.0)])
