"""How long a person waits for the command line: fresh processes, of which the interpreter alone is the floor."""

import subprocess
import sys

from backtests.benchmarks.timing import Work, head, in_turn, row

RUNS = 15
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "import tidegate.app": ("-c", "import tidegate.app"),
    "tidegate --help": ("-m", "tidegate.cli", "--help"),
    "tidegate run --help": ("-m", "tidegate.cli", "run", "--help"),
}


def started(arguments: tuple[str, ...]) -> Work:
    """Return the work of starting an interpreter and waiting for its end."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print the table."""
    print(head())
    for name, found in in_turn({name: started(a) for name, a in COMMANDS.items()}, RUNS).items():
        print(row(name, found, "s", 3))


if __name__ == "__main__":
    main()
