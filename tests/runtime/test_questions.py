"""What people ask for beyond a level: handed over by the socket, taken by the daemon, answered once, or given up."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from runtime.core.facts import AdoptionAsked, PersonFact, SpecAcknowledged
from runtime.core.instructions import Asker, Reply
from runtime.operator import control
from runtime.operator.client import UnreachableError, ask_for
from runtime.operator.control import Control
from runtime.operator.keyboard import asker_of
from runtime.questions import Answer, Questions
from tests.latches import latched
from tidegate.cli import run

ANN = Asker(id="ann-1", who="ann", why="the broker wrote to us", wall=0)
ACK = SpecAcknowledged(at=0, asker=ANN, symbol="XAUUSD")
ADOPT = AdoptionAsked(at=0, asker=ANN, magic=77, strategy="trend", quiet_ms=1)

Serve = Callable[..., Path]


def reply(asker: Asker, *, ok: bool = True) -> Reply:
    """Return what a core would say."""
    return Reply(id=1, asker=asker, what="ack", scope="XAUUSD", text="done" if ok else "no", ok=ok)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Run the ear of a daemon that answers each question at once, or never; return the account's folder."""
    with ExitStack() as stack:

        def make(asked: list[PersonFact], *, ok: bool = True, silent: bool = False) -> Path:
            folder = tmp_path / "a"
            latched(folder, "run")
            questions = Questions()

            def put(fact: PersonFact) -> Answer:
                answer = questions.expect(fact)
                if not silent and questions.wanted(fact):
                    asked.append(fact)
                    questions.answer(reply(fact.asker, ok=ok))
                return answer

            stack.callback(Control(folder, dict, lambda _: Answer(), lambda: None, put).close)
            return folder

        yield make


def test_a_question_is_told_whatever_bytes_its_words_are_made_of(serve: Serve) -> None:
    """Half of a character cannot be sent: it is spelled out, and the daemon says that it knows no such thing."""
    asked: list[PersonFact] = []
    asker = asker_of("m\udcfcde", "j\udcfcrgen")
    ask_for(serve(asked), SpecAcknowledged(at=0, asker=asker, symbol="G\udcfcLD"))

    assert [("m\\udcfcde", "j\\udcfcrgen", "G\\udcfcLD")] == [
        (fact.asker.why, fact.asker.who, fact.symbol) for fact in asked if isinstance(fact, SpecAcknowledged)
    ]


@pytest.mark.parametrize("field", ["magic", "position", "quiet_ms"])
@pytest.mark.parametrize("number", [-1, 1 << 63, 10**30])
def test_a_number_that_cannot_be_journaled_is_not_taken(serve: Serve, field: str, number: int) -> None:
    """No venue has it, and it would end the daemon that wrote it down."""
    asked: list[PersonFact] = []
    answer = ask_for(serve(asked), msgspec.structs.replace(ADOPT, **{field: number}))

    assert ([], False, True) == (asked, answer["ok"], "not understood" in answer["problem"])


@pytest.mark.parametrize("fact", [ACK, ADOPT])
def test_a_question_reaches_the_daemon_whole_and_comes_back_answered(serve: Serve, fact: PersonFact) -> None:
    """Every field of it travels; the answer is the core's text."""
    asked: list[PersonFact] = []
    folder = serve(asked)

    assert {"ok": True, "text": "done"} == ask_for(folder, fact)
    assert [fact] == asked


def test_a_refusal_comes_back_with_its_reason(serve: Serve) -> None:
    """It is told as any other problem."""
    assert {"ok": False, "problem": "no"} == ask_for(serve([], ok=False), ACK)


def test_a_question_needs_a_reason(serve: Serve) -> None:
    """Without one it does not reach the daemon."""
    asked: list[PersonFact] = []
    nameless = msgspec.structs.replace(ACK, asker=msgspec.structs.replace(ANN, why=" "))

    assert "a reason is needed" in ask_for(serve(asked), nameless)["problem"]
    assert [] == asked


def test_a_daemon_that_does_not_answer_is_not_obeyed_later(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given up must not come true behind anybody's back."""
    monkeypatch.setattr(control, "LOOSEN_S", 0.05)

    assert "nothing was done" in ask_for(serve([], silent=True), ACK)["problem"]


def test_a_question_given_up_is_not_wanted_any_more() -> None:
    """The daemon finds it in its inbox, and leaves it; a reply nobody waits for is no trouble."""
    questions = Questions()
    questions.expect(ACK).cancel()

    assert not questions.wanted(ACK)
    questions.answer(reply(ANN))
    assert {} == questions.waiting


def test_without_a_daemon_nobody_can_be_asked(tmp_path: Path) -> None:
    """There is no other way to take something over."""
    latched(tmp_path / "a", "run")
    with pytest.raises(UnreachableError, match="only a running daemon"):
        ask_for(tmp_path / "a", ACK)


def test_who_asks_is_the_person_at_the_keyboard() -> None:
    """Ids of two questions differ in when they were asked, or by whom."""
    ann, bob = asker_of("why", "ann"), asker_of("why", "bob")

    assert ("ann", "why", True) == (ann.who, ann.why, ann.id != bob.id)


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (["ack", "--symbol", "XAUUSD"], {"symbol": "XAUUSD"}),
        (["ack", "--position", "911"], {"position": 911}),
        (["ack", "--balance"], {}),
        (
            ["adopt", "--magic", "77", "--strategy", "trend", "--stop", "98.5", "--quiet", "5"],
            {"magic": 77, "strategy": "trend", "stop": 98.5, "position": 0, "quiet_ms": 300_000},
        ),
    ],
)
@pytest.mark.parametrize("ok", [True, False])
def test_the_command_line_says_what_was_taken_or_why_not(
    serve: Serve, capsys: pytest.CaptureFixture[str], words: list[str], fact: dict[str, object], ok: bool,  # noqa: FBT001 - a case
) -> None:  # fmt: skip
    """Exit code 0 with the core's sentence, or 11 with its reason."""
    asked: list[PersonFact] = []
    folder = serve(asked, ok=ok)
    code = run([words[0], str(folder), *words[1:], "--reason", "smoke"])
    said = capsys.readouterr()

    assert (0, "done\n") == (code, said.out) if ok else (11, "") == (code, said.out)
    assert ok or "refused: no" in said.err
    assert fact == {name: getattr(asked[0], name) for name in fact}
    assert "smoke" == asked[0].asker.why


@pytest.mark.parametrize("words", [[], ["--symbol", "XAUUSD", "--position", "911"], ["--position", "911", "--balance"]])
def test_an_acknowledgement_is_of_one_thing(serve: Serve, words: list[str]) -> None:
    """Neither and both are told from the one that was meant."""
    asked: list[PersonFact] = []

    assert (2, []) == (run(["ack", str(serve(asked)), *words, "--reason", "smoke"]), asked)
