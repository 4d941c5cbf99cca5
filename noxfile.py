"""The vocabulary of the project: `check` looks, `fix` mends, `tests` proves, `pin` freezes, `bench` times, `wine` asks.

Sessions run in the environment they are called from, and download nothing, but for `wine` and `fuzz`:
`python3 -m uv run nox -s check`.
"""

import os

from collections.abc import Sequence
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["check", "tests"]

ROOT = Path(__file__).parent
CUT = (
    "tests/backtests/test_drive_days.py",
    "tests/backtests/test_drive_strategies.py",
    "tests/backtests/test_intrabar_hours.py",
    "tests/backtests/test_compiled_years.py",
    "tests/regimes/test_filter_anchors.py",
)
"""Tests that cut the bars of whole drives in two, or play real ones: more of them where TIDEGATE_CUTS is `all`."""
UV = os.environ.get("UV", "uv")  # `uv run` tells where it stands; the environment itself has none
OPENING, CLOSING = "  # <pins>\n", "  # </pins>\n"


@nox.session
def check(session: nox.Session) -> None:
    """Look at everything, change nothing."""
    session.run("ruff", "check", external=True)
    session.run("ruff", "format", "--check", external=True)
    session.run("mypy", external=True)
    session.run("codespell", external=True)


@nox.session
def fix(session: nox.Session) -> None:
    """Mend what a machine can mend."""
    session.run("ruff", "check", "--fix", external=True)
    session.run("ruff", "format", external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; arguments after `--` go to pytest."""
    session.run("pytest", *session.posargs, external=True)


@nox.session
def chaos(session: nox.Session) -> None:
    """Kill worker, daemon, server and connection of real accounts; `-- 1000 --minutes 60` says how often, how long."""
    session.run("python", "-m", "tests.camps", *session.posargs, external=True)


@nox.session
def wine(session: nox.Session) -> None:
    """Ask the real package under Wine, and run the worker and the Windows branches there; arguments go to pytest.

    Sets up a Windows Python in `.nox/wine` (or TIDEGATE_WINE), and says what the system lacks, should it lack it.
    """
    home = os.environ.get("TIDEGATE_WINE", str(ROOT / ".nox" / "wine"))
    session.run("python", "-m", "tests.winehouse", home, UV, external=True)
    tests = ("-n", "0", "-p", "no:doctest", "--durations", "5", *(session.posargs or ("tests/wine",)))
    session.run("pytest", *tests, env={"TIDEGATE_WINE": home}, external=True)


@nox.session
def crash_sweep(session: nox.Session) -> None:
    """Play seeded stories with crashes at every point of an order's life; `-- 1000000 --from 0` says how many."""
    session.run("python", "-m", "tests.chaos.sweep", *session.posargs, external=True)


@nox.session
def journal_chaos(session: nox.Session) -> None:
    """Kill writers of journals with -9; `-- 5000 --on sqlite --minutes 60`; on PostgreSQL the server falls too."""
    session.run("python", "-m", "tests.journal_kills", *session.posargs, external=True)


@nox.session
def power_cut(session: nox.Session) -> None:
    """Cut the power while a journal and a latch are written, by the calls that were made; `-- 5000 --minutes 60`."""
    session.run("python", "-m", "tests.power_cut", *session.posargs, external=True)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Say bytes that atheris makes up to an account's ears; `-- 1000000 --seed 1` says how many, and which.

    atheris is taken as it comes, into a layer over this environment.
    """
    session.run(UV, "run", "--with", "atheris", "python", "-m", "tests.fuzz", *session.posargs, external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Run every benchmark of `backtests/benchmarks`; those of regimes and of peers have sessions of their own."""
    for script in sorted((ROOT / "backtests" / "benchmarks").glob("[!_]*.py")):
        if not script.stem.startswith(("regimes_", "peers")):
            session.run("python", "-m", f"backtests.benchmarks.{script.stem}", *session.posargs, external=True)


@nox.session
def peers(session: nox.Session) -> None:
    """Measure public engines on the work of ours; `-- --python vectorbt=PATH` says in which environment one is."""
    session.run("python", "-m", "backtests.benchmarks.peers", *session.posargs, external=True)


@nox.session
def regimes_benchmark(session: nox.Session) -> None:
    """Run what is known of the regime detector at its full size: all cuts of the tests, then its benchmarks.

    These are `backtests/benchmarks/regime*.py`, training's speed and optima among them; arguments go to them.
    """
    session.run("pytest", *CUT, env={"TIDEGATE_CUTS": "all"}, external=True)
    for script in sorted((ROOT / "backtests" / "benchmarks").glob("regime*.py")):
        session.run("python", "-m", f"backtests.benchmarks.{script.stem}", *session.posargs, external=True)


@nox.session
def pin(session: nox.Session) -> None:
    """Write the exact versions of the environment into pyproject.toml; `-- --upgrade` takes the newest first."""
    pyproject = ROOT / "pyproject.toml"
    if "--upgrade" in session.posargs:
        pyproject.write_text(pinned(pyproject.read_text(encoding="utf-8"), ()), encoding="utf-8")
        session.run(UV, "sync", "--upgrade", external=True)
    listing = session.run(
        UV,
        "export",
        *("--all-extras", "--all-groups", "--no-group", "peers", "--no-emit-project"),  # peers are taken as they come
        *("--no-hashes", "--no-header", "--no-annotate", "--quiet"),
        external=True,
        silent=True,
    )
    lines = str(listing).splitlines()
    pyproject.write_text(pinned(pyproject.read_text(encoding="utf-8"), lines), encoding="utf-8")
    session.run(UV, "sync", "--quiet", external=True)


def pinned(text: str, requirements: Sequence[str]) -> str:
    """Return `text` of pyproject.toml with `requirements` between the marks, one a line."""
    head, rest = text.split(OPENING)
    tail = rest.split(CLOSING)[1]
    lines = "".join(f'  "{line.strip()}",\n' for line in requirements if "==" in line)
    return head + OPENING + lines + CLOSING + tail
