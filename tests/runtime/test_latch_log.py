"""The latch's log is read from its end, and tells what the whole of it does."""

import tempfile

from pathlib import Path

import msgspec

from hypothesis import given
from hypothesis import strategies as st

from brokers.latch import LEVELS
from market.undecoded import UNDECODED
from runtime.operator import latch
from runtime.operator.latchlog import Logged, Read, add_line, read_log
from tests.latches import command, latched

SCOPES = ("", "symbol:GOLD", "strategy:a")


def whole(path: Path, after: int) -> Read:
    """Return what all lines tell, each of them read."""
    lines, raw = [], path.read_bytes() if path.exists() else b""
    for line in raw.splitlines():
        try:
            lines.append(msgspec.json.decode(line, type=Logged))
        except UNDECODED:
            continue
    highest = max([0, *(line.generation for line in lines)])
    return Read([line for line in lines if line.generation > after], raw.rfind(b"\n") + 1, highest)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("reads"), st.integers(0, 2), st.integers(0, 9)),
        st.tuples(st.just("writes"), st.integers(0, 2), st.integers(1, 9)),
        st.tuples(st.just("is cut"), st.integers(0, 2), st.integers(1, 200)),
        st.tuples(st.just("knows nothing"), st.integers(0, 2), st.integers(1, 9)),
        st.tuples(st.just("scribbles"), st.binary(max_size=40), st.integers(0, 9)),
    ),
    max_size=30,
)
"""What three writers do side by side: one reads, and writes later, perhaps half a line, or as an old program did."""


@given(ACTS, st.sampled_from([1, 64, 200, 1000]))
def test_the_end_of_a_log_tells_what_all_of_it_tells(acts: list[tuple[str, int | bytes, int]], piece: int) -> None:
    """Whoever wrote it, in whatever order and however much of it: each line above a generation, and the highest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "latch.log"
        known = dict.fromkeys(range(3), Read([]))
        for act, who, number in acts:
            if isinstance(who, bytes):
                with path.open("ab") as file:
                    file.write(who)
                continue
            read = known[who]
            if act == "reads":
                known[who] = read_log(path, number, piece)
                continue
            line = Logged(number, command(LEVELS[number % 4]), {}, read.end, read.highest)
            if act == "is cut":
                with path.open("ab") as file:
                    file.write(msgspec.json.encode(line)[:number])
            else:
                add_line(path, Logged(number, line.command) if act == "knows nothing" else line)
        expected = [whole(path, after) for after in range(10)]
        found = [read_log(path, after, piece) for after in range(10)]

    assert expected == found


@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(SCOPES)), min_size=1, max_size=12))
def test_each_line_of_a_latch_speaks_for_all_before_it(words: list[tuple[str, str]]) -> None:
    """So its last line is enough for the next change, and the generation rises by one."""
    with tempfile.TemporaryDirectory() as folder:
        state = latched(Path(folder) / "a", "run")
        for number, (level, scope) in enumerate(words):
            asked = msgspec.structs.replace(command("run"), id=f"c{number}", level=level, scope=scope)
            latch.loosen(state, asked)
        lines = latch.logged(state, 0)
        raw = (state / latch.LOG_FILE).read_bytes().splitlines(keepends=True)
        before = [sum(map(len, raw[:number])) for number in range(len(raw))]

    assert list(range(1, len(words) + 2)) == [line.generation for line in lines]
    assert [(at, number) for number, at in enumerate(before)] == [(line.read, line.highest) for line in lines]


def test_what_a_line_speaks_for_is_not_read(tmp_path: Path) -> None:
    """A long log costs a halt no more than a short one: its beginning could be anything."""
    state = latched(tmp_path / "a", "run")
    for _ in range(60):
        latch.loosen(state, command("run"))
    path = state / latch.LOG_FILE
    raw = path.read_bytes()
    path.write_bytes(b"x" * (len(raw) - 8192) + raw[-8192:])
    fallen = latch.tighten(state, command("halt"))
    lines = latch.logged(state, 61)

    assert (62, [62]) == (fallen.generation, [line.generation for line in lines])
