"""Putting a stored model into use: who reads by it, who is told of it and in which order, and when the alias moves."""

import concurrent.futures
import re

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from regimes.bundle import RegimeModel, from_texts
from regimes.weights import ModelError
from runtime.activation import Activation, put_into_use, readers_of, unread_beside
from runtime.bundles import CHAMPION, promote, read_bundle, write_bundle
from runtime.core.facts import ModelActivated, PersonFact
from runtime.operator.client import AbsentError
from runtime.operator.control import Control
from runtime.operator.keyboard import asker_of
from runtime.start import only_daemon
from tests.demos import toml
from tests.models import a_model

NAME = "calm-or-storm"
OLD, NEW = a_model(1), a_model(2)
YES: dict[str, Any] = {"ok": True, "text": "from the next bar on"}
NO: dict[str, Any] = {"ok": False, "problem": "it means something else"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store whose old model is in use."""
    folder = tmp_path / "store"
    for model in (OLD, NEW):
        write_bundle(folder, model)
    promote(folder, OLD.fingerprint)
    return folder


@pytest.fixture
def account(tmp_path: Path, store: Path) -> Callable[..., Path]:
    """Write the TOML of an account that reads by the store's model, or another's."""
    folder = tmp_path / "accounts"
    folder.mkdir()

    def make(name: str, model: Path = store) -> Path:
        text = re.sub("login = 7001", f"login = {len(name)}", toml(model).replace('"demo"', f'"{name}"', 1))
        (folder / f"{name}.toml").write_text(text.replace('"state"', f'"{name}.state"', 1), encoding="utf-8")
        return folder / f"{name}.toml"

    return make


@pytest.fixture
def daemon() -> Iterator[Callable[..., list[ModelActivated]]]:
    """Have an account's daemon answer what it is asked for; return what that was."""
    with ExitStack() as stack:

        def make(file: Path, answer: dict[str, Any]) -> list[ModelActivated]:
            heard: list[ModelActivated] = []

            def put(fact: PersonFact) -> "concurrent.futures.Future[dict[str, Any]]":
                assert isinstance(fact, ModelActivated)
                heard.append(fact)
                told: concurrent.futures.Future[dict[str, Any]] = concurrent.futures.Future()
                told.set_result(answer)
                return told

            state = Path(load(file).account.state)
            state.mkdir(parents=True)
            ear = Control(state, dict, lambda _: concurrent.futures.Future(), lambda: None, put)
            stack.callback(ear.close)
            return heard

        yield make


def used(file: Path, store: Path, model: RegimeModel = NEW) -> Activation:
    """Put a model into use for an account."""
    return put_into_use(store, model, readers_of(file, load(file), NAME, store), asker_of("a test"))


def in_use(store: Path) -> str:
    """Return the fingerprint of the model in use."""
    return read_bundle(store / CHAMPION).fingerprint


def outcomes(done: Activation) -> list[tuple[str, str]]:
    """Return who answered what."""
    return [(answer.account, answer.outcome) for answer in done.answers]


def test_without_a_daemon_a_model_is_taken_at_the_next_start(account: Callable[..., Path], store: Path) -> None:
    """The alias moves, as ever."""
    done = used(account("one"), store)

    assert (True, [("one", "next start")], NEW.fingerprint) == (done.used, outcomes(done), in_use(store))


def test_a_daemon_is_told_the_whole_bundle(
    account: Callable[..., Path], daemon: Callable[..., list[ModelActivated]], store: Path
) -> None:
    """Of the regime that is meant, by whom and why; it needs no file."""
    file = account("one")
    heard = daemon(file, YES)
    done = used(file, store)
    (fact,) = heard

    assert ([("one", "next bar")], NEW.fingerprint) == (outcomes(done), in_use(store))
    assert (NAME, NEW, "a test") == (fact.regime, from_texts(fact.bundle, fact.fingerprint), fact.asker.why)


def test_where_the_accounts_own_daemon_refuses_nothing_changes_and_nobody_else_is_told(
    account: Callable[..., Path], daemon: Callable[..., list[ModelActivated]], store: Path
) -> None:
    """Its reason is the answer."""
    file = account("one")
    daemon(file, NO)
    neighbour = daemon(account("other"), YES)
    done = used(file, store)

    assert (False, [("one", "refused")], OLD.fingerprint) == (done.used, outcomes(done), in_use(store))
    assert ("it means something else", []) == (done.refused[0].text, neighbour)


def test_neighbours_that_read_by_the_model_are_each_told(
    account: Callable[..., Path], daemon: Callable[..., list[ModelActivated]], store: Path, tmp_path: Path
) -> None:
    """Not those that read by another; and one that refuses is told of, while the model is in use."""
    file = account("one")
    account("apart", tmp_path / "another")
    (file.parent / "broken.toml").write_text("junk", encoding="utf-8")
    heard = [daemon(file, YES), daemon(account("other"), YES), daemon(account("unwilling"), NO)]
    account("resting", store / ".." / "store")
    done = used(file, store)

    told = [("one", "next bar"), ("other", "next bar"), ("resting", "next start"), ("unwilling", "refused")]

    assert told == outcomes(done)
    assert (True, NEW.fingerprint, [1, 1, 1]) == (done.used, in_use(store), [len(facts) for facts in heard])
    assert ["unwilling"] == [answer.account for answer in done.refused]


def test_a_neighbour_whose_next_start_would_refuse_the_model_is_told_of(
    account: Callable[..., Path], store: Path
) -> None:
    """Its file means another: without a daemon nobody but the start would say so."""
    file, other = account("one"), account("other")
    other.write_text(other.read_text(encoding="utf-8").replace("states = 2\n", "states = 3\n"), encoding="utf-8")
    done = used(file, store)

    assert (True, [("one", "next start"), ("other", "refused")]) == (done.used, outcomes(done))
    assert "no daemon runs, and its next start would refuse it: model" in done.refused[0].text
    assert "trained with states 2, regimes.calm-or-storm names 3" in done.refused[0].text


def test_files_beside_it_that_cannot_be_read_are_told_of(account: Callable[..., Path], store: Path) -> None:
    """By what model whoever runs by them reads, nobody knows: that is not the same as by another."""
    file = account("one")
    account("other")
    (file.parent / "broken.toml").write_text("junk", encoding="utf-8")
    (file.parent / "folder.toml").mkdir()
    with account("newer").open("a", encoding="utf-8") as newer:
        newer.write("\n[sails]\n")
    found = unread_beside(file)

    begins = ("broken.toml: not TOML", "folder.toml: cannot be read", "newer.toml: sails")
    assert [True] * 3 == [problem.startswith(begin) for problem, begin in zip(found, begins, strict=True)]
    assert [("one", "next start"), ("other", "next start")] == outcomes(used(file, store))


def test_a_daemon_that_runs_and_does_not_listen_is_not_passed_over(account: Callable[..., Path], store: Path) -> None:
    """It begins or ends just now, and nobody knows which model it has read."""
    file = account("one")
    with only_daemon(Path(load(file).account.state)), pytest.raises(AbsentError):
        used(file, store)

    assert OLD.fingerprint == in_use(store)


def test_a_model_that_may_not_follow_is_told_to_no_daemon(
    account: Callable[..., Path], daemon: Callable[..., list[ModelActivated]], store: Path
) -> None:
    """What the store refuses, nobody is asked for."""
    file, stranger = account("one"), a_model(3, lineage="other")
    write_bundle(store, stranger)
    heard = daemon(file, YES)

    with pytest.raises(ModelError, match="is of lineage test"):
        used(file, store, stranger)
    assert ([], OLD.fingerprint) == (heard, in_use(store))
