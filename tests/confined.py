"""Run a command that dies with its parent, perhaps confined: `confined.py [--file-size N] [--plain-user] -- COMMAND`.

It is a program of its own, because what a fork may do between threads is little.
"""

import argparse
import ctypes
import os
import resource
import signal

PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


def main() -> None:
    """Confine this process, and become the command."""
    parser = argparse.ArgumentParser(prog="confined")
    parser.add_argument("--file-size", type=int, default=0, help="bytes no file may grow beyond: a disk that is full")
    parser.add_argument("--plain-user", action="store_true", help="file modes count, even for root")
    given, command = parser.parse_known_args()
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if given.file_size:
        resource.setrlimit(resource.RLIMIT_FSIZE, (given.file_size, given.file_size))
    if given.plain_user:
        libc.prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)
        libc.prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH)
    command = command[command.index("--") + 1 :]
    os.execv(command[0], command)  # noqa: S606 - the tests' own command


if __name__ == "__main__":
    main()
