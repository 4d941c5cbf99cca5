"""Start a trade server process and wait until it answers: for the demo, for tests, and for whoever embeds one."""

import contextlib
import json
import os
import subprocess
import sys
import time

from pathlib import Path


class LaunchError(RuntimeError):
    """A trade server that did not come up; the message holds its own words."""


def launch(folder: Path, *, patience_s: float = 20.0) -> subprocess.Popen[bytes]:
    """Start the server of a folder as a child that dies with us, and return it once it listens."""
    module, parent = "brokers.mt5.lookalike.server", str(os.getpid())
    command = [sys.executable, "-m", module, str(folder), "--parent-pid", parent, "--stdin-eof"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if _listens(folder, server.pid):
            return server
        if server.poll() is not None:
            _, said = server.communicate()
            raise LaunchError(said.decode().strip() or f"the trade server of {folder} ended with {server.returncode}")
        time.sleep(0.01)
    stop(server)
    raise LaunchError(f"the trade server of {folder} did not listen within {patience_s} s")


def _listens(folder: Path, pid: int) -> bool:
    with contextlib.suppress(OSError, ValueError, KeyError):
        return bool(json.loads((folder / "port").read_text())["pid"] == pid)
    return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """Ask a server to end, and wait until it has."""
    server.terminate()
    server.communicate()
