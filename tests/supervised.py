"""Supervise a folder whose daemons are small programs: `supervised.py FOLDER HUNG_S`; NAME.py beside NAME.toml is run.

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
    supervisor = Supervisor(Path(sys.argv[1]), program, gap_s=0.01, stop_s=1.0, hung_s=float(sys.argv[2]))
    sys.exit(guarded(supervisor.run))
