"""A strategy's own process: what it answers, and that one which raises, hangs, ends or never comes costs no more."""

import asyncio
import subprocess
import sys

from collections.abc import Awaitable, Callable

import pytest

from brokers.mt5.line import Line
from runtime.asked import Question
from runtime.clock import Clock
from runtime.model_frames import Failed, Load, Wanted
from runtime.model_process import Model
from runtime.model_session import ModelSession, ModelSessions, begun
from strategies.adapter import flat_of
from strategies.beside import Columns
from strategies.harness import sample_bars
from strategies.window import COLUMNS, window_of
from tests.windows import dip

SIZE = 20
COLUMNS_NOW: Columns = {name: [getattr(bar, name) for bar in sample_bars(SIZE)] for name in COLUMNS}
PATIENCE_S = 20.0


def load(function: str, **params: object) -> Load:
    """Return what loads one of the functions of tests."""
    return Load(use=f"tests.windows:{function}", params={"window": SIZE, **params}, folder=".")


def question(position: int = 0, held: int = 0) -> Question:
    """Return what is asked of any of them."""
    return Question("one", "SAMPLE", "H1", position, held, COLUMNS_NOW, {})


def session(function: str, deadline_s: float = PATIENCE_S, begin: object = begun) -> ModelSession:
    """Return the session of one of the functions of tests, which tries again at once."""
    return ModelSession("one", load(function), deadline_s, Clock(), lambda: 0.0, begin)  # type: ignore[arg-type]  # a double


async def until(what: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not what():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.01)


def lived(one: ModelSession, act: Callable[[ModelSession], Awaitable[None]]) -> None:
    """Run a session until the act is over."""

    async def life() -> None:
        one.start()
        try:
            await act(one)
        finally:
            await one.stop()

    asyncio.run(life())


def test_it_answers_in_its_process_what_the_function_answers_here() -> None:
    """To the bit, with its parameters, position and age."""
    told = []

    async def act(one: ModelSession) -> None:
        await until(lambda: one.pid)
        told.extend([await one.answer(question(position, held)) for position, held in ((0, 0), (1, 2), (-1, 9))])

    lived(session("dip"), act)

    windows = [window_of(COLUMNS_NOW, "SAMPLE", "H1", *at) for at in ((0, 0), (1, 2), (-1, 9))]
    assert [Wanted(flat_of(*dip(window))) for window in windows] == told


@pytest.mark.parametrize(
    ("function", "reason", "survives"),
    [
        ("raising", "ZeroDivisionError: float division by zero", True),
        ("odd", "TypeError: strategy odd: decide returned 'buy'; return (Entry | Exit | None, score)", True),
        ("ending", "its process has ended", False),
        ("hanging", "it did not answer within 0.5 s, and was ended", False),
    ],
)
def test_whoever_fails_to_answer_says_why_and_answers_again_later(
    function: str,
    reason: str,
    survives: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    """A process that raises lives on; one that ended or hung is followed by another one, and nothing is asked twice."""
    pids, told = [], []

    async def act(one: ModelSession) -> None:
        await until(lambda: one.pid)
        pids.append(one.pid)
        told.append(await one.answer(question()))
        if not survives:
            told.append(await one.answer(question()))
        await until(lambda: one.pid)
        pids.append(one.pid)
        told.append(await one.answer(question(1, 1)))

    lived(session(function, deadline_s=0.5), act)

    assert [Failed(reason)] * (1 if survives else 2) == told[:-1]
    assert Wanted(flat_of(None, 1.0)) == told[-1]
    assert survives == (pids[0] == pids[1])


def test_a_process_that_ends_while_nobody_asks_is_followed_by_another_one_at_once() -> None:
    """No bar has to go without an answer for that."""

    async def act(one: ModelSession) -> None:
        await until(lambda: one.pid)
        first = one.pid
        assert one.line is not None
        one.line.process.kill()  # type: ignore[attr-defined]  # the real line's
        await until(lambda: one.pid not in {0, first})

    lived(session("dip"), act)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("nothing", "strategy 'tests.windows:nothing': module 'tests.windows' has no class 'nothing', and no function"),
        ("Window", "strategy 'tests.windows:Window' is a class: only a function runs in a process of its own"),
    ],
)
def test_a_function_that_is_not_there_is_why_nobody_answers(function: str, reason: str) -> None:
    """Said at the first try, and at every question."""
    said = []

    async def act(one: ModelSession) -> None:
        await until(lambda: one.begun)
        said.append(await one.answer(question()))

    lived(session(function), act)

    assert [Failed(reason)] == said


def test_a_process_that_never_comes_is_tried_again_ever_more_slowly() -> None:
    """The back-off doubles; nobody waits for it."""
    tried = []

    async def none(_lost: Callable[[], None]) -> Line:
        tried.append(asyncio.get_running_loop().time())
        raise OSError("no room")

    async def act(one: ModelSession) -> None:
        await until(lambda: len(tried) >= 3)
        assert Failed("no room") == await one.answer(question())

    lived(session("dip", begin=none), act)

    first, second, third = tried[:3]
    assert third - second > 1.5 * (second - first)


def test_a_bug_where_a_process_begins_ends_the_daemon() -> None:
    """It is not waited for for ever."""

    async def broken(_lost: Callable[[], None]) -> Line:
        raise ZeroDivisionError

    async def life() -> None:
        all_of_them = ModelSessions([], ".", Clock())
        all_of_them.of["one"] = session("dip", begin=broken)
        all_of_them.start()
        while all_of_them.beginning:  # noqa: ASYNC110 - as the daemon looks
            await asyncio.sleep(0.01)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(life())


def test_a_question_before_its_function_is_loaded_is_not_answered() -> None:
    """The process says so."""
    assert Failed("no function is loaded") == Model().answer(question())


def test_what_a_function_imports_is_imported_in_its_process_alone() -> None:
    """A daemon that has made the strategy, and the session of its process, has not loaded its module."""
    code = """
import sys
from strategies.registry import resolve
import runtime.daemon, runtime.model_session
found = resolve("tests.windows:dip", {"window": 20, "process": True})
heavy = {"numpy", "pandas", "tests.windows", "runtime.model_process"} & set(sys.modules)
print(found.function, sorted(heavy))
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert "None []" == said.strip()
