"""A log of bounded size: turned over, never split, and no reason to die."""

import subprocess
import sys

from pathlib import Path

from runtime.logfile import LogFile


def test_a_full_file_is_turned_over(tmp_path: Path) -> None:
    """The newest lines are in the file, the older ones behind it by number, the oldest gone."""
    with LogFile(tmp_path / "log", limit=20, keep=2) as log:
        for n in range(10):
            log.write(f"line {n:03d}\n")

    read = {path.name: path.read_text(encoding="utf-8") for path in sorted(tmp_path.iterdir())}
    assert {
        "log": "line 008\nline 009\n",
        "log.1": "line 006\nline 007\n",
        "log.2": "line 004\nline 005\n",
    } == read


def test_what_was_there_is_kept(tmp_path: Path) -> None:
    """A daemon that is started again goes on in the same file."""
    for word in ("before\n", "after\n"):
        with LogFile(tmp_path / "log") as log:
            log.write(word)

    assert "before\nafter\n" == (tmp_path / "log").read_text(encoding="utf-8")


def test_a_line_longer_than_a_file_is_still_written(tmp_path: Path) -> None:
    """A traceback is not thrown away for its length."""
    with LogFile(tmp_path / "log", limit=5) as log:
        log.write("long enough\n")

    assert "long enough\n" == (tmp_path / "log").read_text(encoding="utf-8")


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    """A line that cannot be written is counted."""
    with LogFile(Path("/dev/full")) as log:
        log.write("lost\n")
        log.write("lost\n")

        assert 2 == log.lost


def test_lost_lines_are_told_when_there_is_room_again(tmp_path: Path) -> None:
    """Whoever reads the log knows that something is missing."""
    with LogFile(tmp_path / "log") as log:
        log.lost = 3
        log.write("again\n")

    assert '{"event": "log lines were lost", "lost": 3}\nagain\n' == (tmp_path / "log").read_text(encoding="utf-8")


def test_everything_a_process_says_goes_there(tmp_path: Path) -> None:
    """Its tracebacks and its children's words too, also after the file was turned over."""
    code = (
        "import subprocess, sys; from pathlib import Path; from runtime.logfile import log_into;"
        "log_into(Path(sys.argv[1]), 10);"
        "print('first words'); subprocess.run(['echo', 'a child']); print('more'); raise SystemExit('the last')"
    )

    subprocess.run([sys.executable, "-c", code, str(tmp_path / "log")], check=False)

    read = "".join(file.read_text(encoding="utf-8") for file in tmp_path.iterdir())
    assert ["a child", "first words", "more", "the last"] == sorted(filter(None, read.split("\n")))
    assert len(list(tmp_path.iterdir())) > 1
