"""A person at a keyboard who may not write everything: `plain_user.py`, then a line of JSON for each halt.

It runs without root's right to pass over modes of files (`confined.py --plain-user`), as no test may take that from
itself; and answers each line with one of its own.
"""

import sys

from pathlib import Path

import msgspec

from config.remote import RemoteSection
from runtime.bus.caller import change_remote
from runtime.operator.client import Report, UnreachableError, change_level


def halted(state: Path, remote: RemoteSection) -> Report:
    """Halt an account by whichever way works."""
    return change_level(
        state, "halt", "a test", patience_s=0.0, elsewhere=lambda: change_remote(remote, "halt", "a test")
    )


def main() -> None:
    """Halt, line by line."""
    for line in sys.stdin:
        state, remote = msgspec.json.decode(line, type=tuple[str, RemoteSection])
        try:
            said = msgspec.to_builtins(halted(Path(state), remote))
        except UnreachableError as error:
            said = {"problem": str(error)}
        sys.stdout.write(msgspec.json.encode(said).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
