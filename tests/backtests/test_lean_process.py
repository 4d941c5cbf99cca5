"""What a backtest loads: nothing that takes longer to import than a year of minutes is played in."""

import subprocess
import sys

from pathlib import Path

from backtests.benchmarks.growth import account, write_walk

HEAVY = {"pandas", "scipy", "plotly", "sklearn", "hmmlearn"}
CODE = """
import sys
from tidegate.cli import main
try:
    main()
except SystemExit as left:
    assert not left.code, left.code
print(*(set(sys.modules) & {*%r}), sep="\\n", file=sys.stderr)
"""


def test_a_backtest_out_of_parquet_loads_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    """Bars are read by columns and played by compiled loops without pandas and scipy, which libraries load."""
    write_walk(tmp_path / "900.parquet", 900)
    file = account(tmp_path, 900, gated=False)
    asked = ["backtest", str(file), "--json", "--drive", "compiled", "--no-shadow"]

    done = subprocess.run([sys.executable, "-c", CODE % HEAVY, *asked], capture_output=True, text=True, check=True)

    assert not HEAVY & set(done.stderr.split())
