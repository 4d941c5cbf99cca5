"""Supervise a folder whose daemons are small programs, `supervised.py FOLDER HUNG_S [GUARD …]`: NAME.py for NAME.toml.

The supervisor is the real one; what it starts is whatever a test wants to see ended, refused, crashed or hung.
"""

import sys

from pathlib import Path

from runtime.fleet import Supervisor
from runtime.fleet_folder import Entry
from runtime.fleet_log import log_events
from tidegate.errors import guarded


def program(entry: Entry) -> list[str]:
    """Return the command of an account's stand-in."""
    return [sys.executable, "-S", str(entry.file.with_suffix(".py")), str(entry.state)]


if __name__ == "__main__":
    log_events(sys.stderr)
    hung_s, guard = float(sys.argv[2]), sys.argv[3:]
    supervisor = Supervisor(Path(sys.argv[1]), program, gap_s=0.01, stop_s=1.0, hung_s=hung_s, guard=guard)
    sys.exit(guarded(supervisor.run))
