"""The command `tidegate`: it strikes where it is a halt, and calls the word then.

Nothing of the command line is loaded before, which takes many times as long.
"""

import io
import os
import sys

from tidegate.plain import blow, plain, work


def main() -> None:
    """Run the command line and leave with its exit code."""
    _open_what_is_closed()
    halt = plain(sys.argv[1:])
    if halt is not None:
        blow(halt[0])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a screen without our letters is no reason to stop
    code = run(sys.argv[1:])
    if _untold() and not code:
        from config.errors import DiskError  # noqa: PLC0415 - a blow comes before anything is loaded

        code = DiskError.exit_code
    sys.exit(code)


def _untold() -> bool:
    """Say whether something cannot be told, and forget it then: Python would try once more, and make the code 120."""
    found = False
    for place, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), place)
            found = True
    return found


def _open_what_is_closed() -> None:
    """Give a process without stdin, stdout or stderr (`>&-`, some schedulers) empty ones, in their own places.

    Nothing can be said there; but no file of ours may take their numbers, and a halt has to fall all the same.
    """
    for place, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(place)
        except OSError:
            os.dup2(os.open(os.devnull, mode), place)
    sys.stdout = sys.stdout or io.TextIOWrapper(io.FileIO(1, "w"))
    sys.stderr = sys.stderr or io.TextIOWrapper(io.FileIO(2, "w"))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code: `docs/exit-codes.md` says what each means."""
    from tidegate.errors import guarded  # noqa: PLC0415 - a blow comes before anything is loaded

    halt = plain(arguments)
    return guarded(lambda: work(halt) if halt is not None else sys.exit(_called(arguments)))


def _called(arguments: list[str]) -> int | None:
    from tidegate.app import called  # noqa: PLC0415 - a plain halt does without

    return called(arguments)


if __name__ == "__main__":
    main()
