"""Every kernel of the house keeps to the subset, and every banned construct is reported."""

from pathlib import Path

import pytest

from tests.floor_plan import Module, modules_of
from tests.kernel_rules import broken_kernels, kernels_of

ROOT = Path(__file__).parents[1]

HEAD = """
import math
import numpy as np
from math import sqrt
from market.kernel import kernel
HALF, TWO = 0.5, 2
NAN = float("nan")
BIG = 1.5 * 2**52
TABLE = [1.0, 2.0]
def plain(x): return x
@kernel
def twice(x): return x * TWO
"""


def complaints_of(root: Path, body: str, head: str = "@kernel\ndef step(s, p, x):") -> list[str]:
    """Return the complaints about one kernel with `body`, in a module of its own."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (root / "market").mkdir(exist_ok=True)
    (root / "market" / "x.py").write_text(f"{HEAD}{head}\n{lines}\n", encoding="utf-8")
    return broken_kernels(modules_of(root))


def house() -> list[Module]:
    """Return the house without its roof."""
    return [m for m in modules_of(ROOT) if m.room != "tests"]


def test_every_kernel_keeps_to_the_subset() -> None:
    """No kernel of the repository holds anything on which Python and numba might disagree."""
    complaints = "\n".join(broken_kernels(house()))

    assert "" == complaints


def test_kernels_are_found() -> None:
    """The rule has something to look at: money, features and fills are kernels."""
    found = {f.name for m in house() for f in kernels_of(m)}

    assert {"cents", "exit_step", "order_value"} <= found


@pytest.mark.parametrize(
    "body",
    [
        "return x ** 3",
        "return x // 2.0",
        "return x % 2.0",
        "x **= 2\nreturn x",
        "return 1 << 2",
        "return round(x, 2)",
        "return sum(s)",
        "return min(x, 1.0)",
        "return max(x, 1.0)",
        "return pow(x, 2)",
        "return math.floor(x)",
        "return math.isnan(x)",
        "return math.pow(x, 3.0)",
        "return math.tau",
        "return np.sqrt(x)",
        "return np.mean(s)",
        "return s.mean()",
        "return s.size",
        "return plain(x)",
        "return x(1.0)",
        "return twice(x=1.0)",
        "return float('nan')",
        "return TABLE[0]",
        "return unknown",
        "raise ValueError",
        "assert x > 0.0\nreturn x",
        "try:\n    return x\nexcept ZeroDivisionError:\n    return 0.0",
        "while x > 0.0:\n    x = x - 1.0\nreturn x",
        "for v in s:\n    x = x + v\nreturn x",
        "for i, v in enumerate(s):\n    x = x + v\nreturn x",
        "for i in range(3):\n    x = x + 1.0\nelse:\n    x = 0.0\nreturn x",
        "return [v for v in s]",
        "return {1.0: x}",
        "return [x]",
        "return s[0:2]",
        "return x is None",
        "return x in s",
        "return f'{x}'",
        "return 'x'",
        "return (lambda y: y)(x)",
        "def inner(y):\n    return y\nreturn x",
        "import os\nreturn x",
        "global HALF\nreturn x",
        "with s:\n    return x",
        "del s\nreturn x",
        "return (y := x)",
        "a, *b = s\nreturn a",
        "x\nreturn x",
        "yield x",
        "return twice(*s)",
        "s.append(x)\nreturn x",
        "match x:\n    case _:\n        return x",
    ],
)
def test_a_banned_construct_is_reported(tmp_path: Path, body: str) -> None:
    """What differs between Python and numba, in the last bit or in behaviour, is refused in a kernel."""
    complaints = complaints_of(tmp_path, body)

    assert complaints
    assert complaints[0].startswith("market/x.py:")


@pytest.mark.parametrize(
    "head",
    [
        "@kernel\ndef step(s, p, x=1.0):",
        "@kernel\ndef step(s, *x):",
        "@kernel\ndef step(s, **x):",
        "@kernel\ndef step(s, *, x):",
        "@staticmethod\n@kernel\ndef step(s, x):",
    ],
)
def test_a_signature_that_is_not_flat_is_reported(tmp_path: Path, head: str) -> None:
    """Defaults, stars, keywords and second decorators are refused."""
    complaints = complaints_of(tmp_path, "return x", head)

    assert complaints[0].startswith("market/x.py:")


@pytest.mark.parametrize(
    "body",
    [
        '"""Say what it does."""\nreturn x + HALF * TWO - BIG / 3.0',
        "y = -x\nif not (y < 0.0 <= x) and x == x or y != y:\n    return NAN\nreturn y if x > 0 else 0.0",
        "for i in range(len(s)):\n    if i == 1:\n        continue\n    s[i] += float(int(x)) * p[i]\nreturn s[0]",
        "for i in range(1, 3):\n    for j in range(0, i, 2):\n        s[j] = p[i]\nreturn abs(x), twice(x)",
        "a, b = s[0], p[-1]\nreturn math.sqrt(a) + math.exp(b) + math.log(a) + math.erf(b) + sqrt(x) + math.pi",
        "y: float = twice(x)\ntwice(y)\nreturn y",
    ],
)
def test_the_subset_is_no_complaint(tmp_path: Path, body: str) -> None:
    """Arithmetic, comparisons, indexing, counted loops, four functions and other kernels are a kernel's means."""
    complaints = complaints_of(tmp_path, body)

    assert [] == complaints


def test_kernels_and_numbers_of_other_modules_are_known(tmp_path: Path) -> None:
    """A kernel may call a kernel and read a number that its module imports by name, through any number of modules."""
    (tmp_path / "brokers").mkdir()
    source = "from market.x import HALF, plain, twice as double\nfrom market.kernel import kernel\nQUARTER = HALF / 2\n"
    (tmp_path / "brokers" / "y.py").write_text(f"{source}@kernel\ndef good(x): return double(x) + QUARTER\n")
    (tmp_path / "brokers" / "z.py").write_text(f"{source}@kernel\ndef bad(x): return plain(x)\n")

    complaints = complaints_of(tmp_path, "return x")

    assert ["brokers/z.py:5 bad: calls plain(x)"] == complaints
