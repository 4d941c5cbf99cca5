"""How long a person waits for the command line: fresh processes."""

import subprocess
import sys

from backtests.benchmarks.timing import head, row, seconds

RUNS = 15


def main() -> None:
    """Print the table."""

    def helped() -> None:
        subprocess.run([sys.executable, "-m", "tidegate.cli", "--help"], check=True, stdout=subprocess.DEVNULL)

    print(head())
    print(row("tidegate --help", seconds(helped, RUNS), "s", 3))


if __name__ == "__main__":
    main()
