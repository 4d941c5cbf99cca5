"""A worker that dies again and again is our fault: the account is halted, a person called, and nothing tried on."""

import os
import signal

from runtime.operator import latch
from tests.demos import MakeDemo
from tests.oracle import table

CRASHES = 5


def test_a_crash_loop_halts_the_account_and_pages(make_demo: MakeDemo) -> None:
    """The fifth crash within a minute: the link is given up, the latch is at halt, and the daemon still says so."""
    demo = make_demo(bars=2000)
    demo.begin()
    seen = [0]

    def fresh() -> bool:
        told = demo.status()
        if told.get("run") and told["link"] == "up" and told["worker"] not in seen:
            seen.append(told["worker"])
        return len(seen) > len(killed) + 1

    killed: list[int] = []
    while len(killed) < CRASHES:
        demo.until(fresh)
        os.kill(seen[-1], signal.SIGKILL)
        killed.append(seen[-1])
    demo.until(lambda: demo.status()["link"] == "given_up" and demo.status()["level"] == "halt")
    stands = latch.read(demo.state)
    pages = [row["text"] for row in table(demo.journal, "alerts") if row["severity"] == "page"]

    assert ("halt", "core") == (stands.level, stands.command and stands.command.who)
    assert any("the link was given up" in text for text in pages)
    assert 0 == demo.status()["worker"]
