"""A whole account whose daemon hangs: it is ended, and its positions are closed through another terminal."""

import json
import signal

from runtime.fleet_process import owner
from runtime.operator import latch
from tests.demos import MakeDemo
from tests.oracle import complaints, deals_of
from tests.sessions import gone

OTHER = """
[flattener]
path = "terminal/terminals/flat"
"""


def test_a_daemon_that_hangs_is_ended_and_its_positions_closed(make_demo: MakeDemo) -> None:
    """Two positions stand, the daemon does not answer: both are closed, once, and the account ends at halt."""
    demo = make_demo(bars=3000, symbol=OTHER)
    demo.begin()
    demo.until_bar(30)
    looked = demo.tidegate("doctor", "--json")
    demo.freeze_when(lambda told: told["positions"] == 2)
    worker = demo.worker()
    demo.signal("daemon", signal.SIGSTOP)
    before = deals_of(demo.ledger)
    demo.signal("server", signal.SIGCONT)
    said = demo.tidegate("flatten-alone", "--reason", "it hangs", "--patience", "0.5", "--json")
    ends = [end for end in map(json.loads, said.splitlines()) if end["what"] == "position"]
    stood = {d["position"] for d in before if d["entry"] == "in"} - {
        d["position"] for d in before if d["entry"] == "out"
    }
    left = [d for d in deals_of(demo.ledger) if d["entry"] == "out" and d["position"] in stood]
    closed = [d["position"] for d in left if d["comment"] == "tg flatten"]

    assert "login 7001 on Lookalike-Demo" in looked.partition('"flattener"')[2]
    assert (2, sorted(stood)) == (len(stood), sorted(d["position"] for d in left))  # a bar on its way may end one
    assert [("closed", position) for position in sorted(closed)] == sorted((e["outcome"], e["ticket"]) for e in ends)
    assert closed
    assert ("halt", 0, True) == (latch.read(demo.state).level, owner(demo.state), gone(worker))


def test_where_the_terminal_is_away_too_it_says_whom_to_call(make_demo: MakeDemo) -> None:
    """Tickets and lots as the journal has them, and the dealing desk's number."""
    demo = make_demo(bars=400)
    text = demo.file.read_text(encoding="utf-8")
    demo.file.write_text(text.replace("[account]", '[account]\ndesk_phone = "+41 44 000 00 00"', 1), encoding="utf-8")
    demo.begin()
    demo.until_bar(30)
    demo.freeze_when(lambda told: told["positions"] == 2)
    demo.stop()  # all that it knows is on disk then
    demo.kill("server")
    said = demo.tidegate("flatten-alone", "--reason", "it is all dead", "--all", code=7)
    asked = latch.read(demo.state).command

    assert said.count("lots SP500") == 2, said
    assert asked is not None
    assert ("flatten", True) == (asked.level, asked.foreign)  # a daemon that lives closes what is foreign, too
    assert "call the dealing desk on +41 44 000 00 00: login " in said


def test_the_next_daemon_finds_what_the_flattener_closed_and_closes_nothing_twice(make_demo: MakeDemo) -> None:
    """Its journal has them open: it takes the deals in as made beside it, holds nothing for them, and stays at halt."""
    demo = make_demo(bars=400, symbol=OTHER)
    demo.begin()
    demo.until_bar(30)
    demo.freeze_when(lambda told: told["positions"] == 2)
    demo.signal("daemon", signal.SIGSTOP)
    demo.signal("server", signal.SIGCONT)
    demo.tidegate("flatten-alone", "--reason", "it hangs", "--patience", "0.5")
    assert demo.daemon is not None
    assert -signal.SIGKILL == demo.daemon.wait()
    before = demo.written()
    demo.start()
    demo.until(lambda: demo.status().get("link") == "up" and "UNRECONCILED" not in demo.status().get("holds", {}))
    seen = demo.status()
    demo.stop()

    assert ("halt", 0, 0, []) == (seen["level"], seen["positions"], seen["unguarded"], seen["foreign"])
    assert [] == [hold for hold in seen["holds"] if hold.startswith(("BREAK", "IN_DOUBT", "MISSING"))]
    assert [] == demo.requests(before)
    assert [] == complaints(demo.ledger, demo.journal)
