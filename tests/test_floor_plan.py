"""The house as it stands keeps its floor plan, and every rule reports what it forbids."""

import subprocess
import sys

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.floor_plan import (
    HEAVY,
    OFFLINE,
    RULES,
    Module,
    circles,
    deep_folders,
    faces,
    heavy_imports,
    long_files,
    modules_of,
    relative_imports,
    stray_async,
    upward_imports,
    worldly_rooms,
)

ROOT = Path(__file__).parents[1]

Rule = Callable[[Sequence[Module]], list[str]]


def planted(root: Path, *files: tuple[str, str]) -> list[Module]:
    """Write a small house and return its modules."""
    for path, source in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(source, encoding="utf-8")
    return modules_of(root)


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_every_rule(rule: Rule) -> None:
    """No module of the repository breaks a rule of the floor plan."""
    complaints = "\n".join(rule(modules_of(ROOT)))

    assert "" == complaints


def test_no_room_is_overlooked() -> None:
    """Every package of the wheel is a room that was read, with files in it."""
    expected = {"market", "brokers", "regimes", "strategies", "config", "runtime", "backtests", "tidegate", "tests"}
    rooms = {m.room for m in modules_of(ROOT)}

    assert expected == rooms


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("market/x.py", "from brokers.facts import Fact"),
        ("brokers/x.py", "import regimes.gate"),
        ("regimes/x.py", "from brokers import facts"),
        ("strategies/x.py", "import config.account"),
        ("config/x.py", "from runtime.core.core import Core"),
        ("runtime/x.py", "def late():\n    import backtests.engine"),
        ("backtests/x.py", "from tidegate import cli"),
        ("tidegate/x.py", "from tests.kernels import bits"),
    ],
)
def test_an_upward_import_is_reported(tmp_path: Path, path: str, source: str) -> None:
    """A room that imports its neighbour, a floor above, or the roof, is named with what it imports."""
    complaints = upward_imports(planted(tmp_path, (path, source)))

    assert len(complaints) == 1
    assert complaints[0].startswith(path)


def test_a_downward_import_is_no_complaint(tmp_path: Path) -> None:
    """Rooms see themselves, what is below, and libraries."""
    source = "import msgspec\nimport market.types\nfrom brokers.facts import Fact\nfrom runtime.core import core\n"

    complaints = upward_imports(planted(tmp_path, ("runtime/x.py", source)))

    assert [] == complaints


def test_a_relative_import_is_reported(tmp_path: Path) -> None:
    """An import that begins with a dot is refused even inside one folder."""
    complaints = relative_imports(planted(tmp_path, ("market/x.py", "from . import types")))

    assert ["market/x.py:1 imports relatively"] == complaints


@pytest.mark.parametrize("source", ["", "import os", '"""A room."""\nfrom market.types import Bar'])
def test_a_face_is_reported(tmp_path: Path, source: str) -> None:
    """An `__init__.py` that re-exports, or says nothing, is refused."""
    complaints = faces(planted(tmp_path, ("market/__init__.py", source)))

    assert ["market/__init__.py holds more or less than a docstring"] == complaints


def test_the_lookalike_has_a_face(tmp_path: Path) -> None:
    """The look-alike must look like the package, so its face may hold names."""
    complaints = faces(planted(tmp_path, ("brokers/mt5/lookalike/__init__.py", "from math import pi")))

    assert [] == complaints


def test_a_folder_too_deep_is_reported(tmp_path: Path) -> None:
    """One level of folders inside a room, and the look-alike, are all there is."""
    fine = [("runtime/core/x.py", ""), ("brokers/mt5/lookalike/x.py", "")]
    deep = [("runtime/core/a/x.py", ""), ("brokers/mt5/lookalike/a/x.py", "")]

    complaints = deep_folders(planted(tmp_path, *fine, *deep))

    assert ["brokers/mt5/lookalike/a/x.py lies too deep", "runtime/core/a/x.py lies too deep"] == complaints


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path",
        "from pathlib import Path",
        "def f():\n    import time",
        "import random",
        "import logging",
        "from sqlalchemy import select",
        "import MetaTrader5",
        "def f(p):\n    return open(p)",
        "import datetime\nat = datetime.datetime.now()",
        "from datetime import datetime\nat = datetime.fromtimestamp(0)",
        "print(1)",
    ],
)
@pytest.mark.parametrize("path", ["market/x.py", "brokers/venue.py", "brokers/mt5/frames.py", "runtime/core/x.py"])
def test_the_world_in_a_pure_room_is_reported(tmp_path: Path, path: str, source: str) -> None:
    """Clock, dice, files, logs and databases are refused wherever decisions are made."""
    complaints = worldly_rooms(planted(tmp_path, (path, source)))

    assert len(complaints) == 1
    assert complaints[0].startswith(path)


@pytest.mark.parametrize("path", ["runtime/x.py", "brokers/mt5/worker.py", "market/bartext.py", "regimes/fit.py"])
def test_the_world_elsewhere_is_no_complaint(tmp_path: Path, path: str) -> None:
    """The shell, the worker, the readers of files and the fit do touch the world."""
    complaints = worldly_rooms(planted(tmp_path, (path, "import os\nimport time\n")))

    assert [] == complaints


def test_dates_made_of_numbers_are_no_clock(tmp_path: Path) -> None:
    """A moment dressed as a date in a named zone is arithmetic."""
    source = (
        "from datetime import UTC, datetime\na = datetime.fromtimestamp(0, UTC)\nb = datetime.fromtimestamp(0, tz=UTC)"
    )

    complaints = worldly_rooms(planted(tmp_path, ("market/x.py", source)))

    assert [] == complaints


@pytest.mark.parametrize("path", ["runtime/x.py", "config/x.py", "regimes/filter.py", "brokers/mt5/session.py"])
def test_a_heavy_import_of_the_daemon_is_reported(tmp_path: Path, path: str) -> None:
    """Numpy and its like at the top of a daemon's module are refused."""
    complaints = heavy_imports(planted(tmp_path, (path, "import numpy as np")))

    assert [f"{path}:1 loads numpy with the daemon"] == complaints


def test_a_heavy_import_through_another_module_is_reported(tmp_path: Path) -> None:
    """A daemon's module that loads the fit, which loads numpy, is refused as well."""
    fit = ("regimes/fit.py", "from numpy import array")

    complaints = heavy_imports(planted(tmp_path, fit, ("runtime/x.py", "from regimes.fit import fit")))

    assert ["runtime/x.py:1 loads regimes.fit.fit with the daemon"] == complaints


def test_a_lazy_or_typed_heavy_import_is_no_complaint(tmp_path: Path) -> None:
    """What only a function or the type checker imports does not load with the daemon."""
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy\ndef f():\n    import numba\n"

    complaints = heavy_imports(planted(tmp_path, ("runtime/x.py", source)))

    assert [] == complaints


@pytest.mark.parametrize("lazily", ["", "def f():\n    "])
def test_a_circle_is_reported(tmp_path: Path, lazily: str) -> None:
    """Two modules that import each other are refused, also when one does it late."""
    modules = planted(tmp_path, ("market/a.py", "import market.b"), ("market/b.py", f"{lazily}from market import a"))

    complaints = circles(modules)

    assert len(complaints) == 1
    assert "market.a" in complaints[0]


@pytest.mark.parametrize("path", ["runtime/core/core.py", "runtime/journal/writer.py", "brokers/mt5/worker.py"])
def test_async_outside_the_shell_is_reported(tmp_path: Path, path: str) -> None:
    """A coroutine outside the daemon, the sessions and the front doors is refused."""
    complaints = stray_async(planted(tmp_path, (path, "async def f(): ...")))

    assert [f"{path}:1 awaits outside the shell"] == complaints


@pytest.mark.parametrize("path", ["runtime/daemon.py", "runtime/paper_session.py", "tidegate/run.py"])
def test_async_in_the_shell_is_no_complaint(tmp_path: Path, path: str) -> None:
    """The shell may await."""
    complaints = stray_async(planted(tmp_path, (path, "async def f(): ...")))

    assert [] == complaints


@pytest.mark.parametrize(("lines", "count"), [(300, 0), (301, 1)])
def test_a_long_file_is_reported(tmp_path: Path, lines: int, count: int) -> None:
    """A file of more than 300 lines is refused."""
    complaints = long_files(planted(tmp_path, ("market/x.py", "x = 1\n" * lines)))

    assert count == len(complaints)


def test_the_daemon_loads_nothing_heavy() -> None:
    """A fresh interpreter that has imported all of the daemon's rooms has not loaded numpy or its like."""
    names = [
        m.name
        for m in modules_of(ROOT)
        if m.room not in {"backtests", "tidegate", "tests"} and not m.within(OFFLINE) and "__main__" not in m.path
    ]
    script = f"import importlib, sys\nfor n in {names!r}: importlib.import_module(n)\nprint(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
    assert set() == HEAVY & set(done.stdout.split())
