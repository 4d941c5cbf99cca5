"""A real daemon is asked to take something over, and says why not: from the command line to the core and back."""

from tests.demos import MakeDemo
from tests.oracle import table

REFUSED = 11


def test_a_daemon_answers_what_it_is_asked_for(make_demo: MakeDemo) -> None:
    """Nothing has changed and nobody else is on the account: both are refused with the reason, and journaled."""
    demo = make_demo(bars=None)
    demo.begin()
    demo.until_bar(10)

    ack = demo.tidegate("ack", "--symbol", "SP500", "--reason", "a test", code=REFUSED)
    adopt = demo.tidegate(
        "adopt", "--magic", "77", "--strategy", "trend", "--reason", "a test", code=REFUSED
    )  # fmt: skip
    demo.stop()

    asked = [row for row in table(demo.journal, "commands") if row["command"] in {"ack", "adopt"}]
    assert ("nothing to take" in ack, "position" in adopt) == (True, True)  # ours on the symbol, or none of that magic
    assert [("ack", "SP500", 0, "a test"), ("adopt", "trend", 0, "a test")] == [
        (row["command"], row["scope"], row["accepted"], row["why"]) for row in asked
    ]
