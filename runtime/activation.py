"""Putting a stored model into use: daemons that read by it are told at once, others take it at their next start.

A model's place is shared by every account that names it. The account that is asked for is told first: where its daemon
refuses, nothing has changed. Then the alias moves, and then the daemons of the other accounts in its folder are told.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from config.account import AccountConfig
from config.places import state_folder
from config.regime import RegimeSection
from regimes.bundle import RegimeModel, texts_of
from regimes.weights import ModelError
from runtime.assemble import fitting
from runtime.bundles import CHAMPION, promotable, promote
from runtime.core.facts import ModelActivated
from runtime.core.instructions import Asker
from runtime.fleet_folder import entries_of
from runtime.fleet_process import owner
from runtime.operator.client import AbsentError, UnreachableError, ask_for


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """One regime of one account that reads by the model in a place."""

    account: str
    state: Path
    regime: str
    section: RegimeSection
    """What its file says of the regime."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an activation at one of them."""

    account: str
    regime: str
    outcome: Literal["next bar", "next start", "refused"]
    """Its daemon judges by it from its next closed bar on; no daemon runs; it goes on with the model that it has."""
    text: str


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an activation."""

    used: bool
    """The alias names the model; false: nothing has changed."""
    answers: tuple[Answered, ...]

    @property
    def refused(self) -> tuple[Answered, ...]:
        """The answers that are no."""
        return tuple(answer for answer in self.answers if answer.outcome == "refused")


def put_into_use(folder: Path, model: RegimeModel, readers: tuple[Reader, ...], asker: Asker) -> Activation:
    """Put a stored model of a place into use by all its readers, the one that is asked for the first.

    ModelError where it may not follow the model in use; UnreachableError where the first one's daemon does not answer.
    """
    promotable(folder, model.fingerprint, CHAMPION)
    first, *others = readers
    answers = [_told(first, model, asker)]
    if answers[0].outcome == "refused":
        return Activation(used=False, answers=tuple(answers))
    promote(folder, model.fingerprint)
    for other in others:
        try:
            answers.append(_told(other, model, asker))
        except UnreachableError as error:
            answers.append(_answered(other, "refused", str(error)))
    return Activation(used=True, answers=tuple(answers))


def readers_of(file: Path, config: AccountConfig, name: str, folder: Path) -> tuple[Reader, ...]:
    """Return an account's regime that reads by the model in a folder, and those of its neighbours that do, too."""
    own = _reader(config, name)
    return own, *(one for one in _neighbours(file, folder.resolve()) if (one.state, one.regime) != (own.state, name))


def neighbourhood(file: Path) -> Path | None:
    """Return the folder whose accounts count as neighbours of a TOML; None: what comes with the program has none."""
    return file.resolve().parent if file.exists() else None


def unread_beside(file: Path) -> tuple[str, ...]:
    """Return what is wrong with each TOML beside one that is no account: by which models it reads, nobody knows."""
    folder = neighbourhood(file)
    return tuple(one.problem for one in entries_of(folder).values() if one.config is None) if folder else ()


def _neighbours(file: Path, place: Path) -> Iterator[Reader]:
    """Yield every regime that accounts beside a TOML read by the model of a place."""
    folder = neighbourhood(file)
    for entry in entries_of(folder).values() if folder else ():
        config = entry.config
        if config is not None:
            for name, regime in config.regimes.items():
                if Path(regime.model).resolve() == place:
                    yield _reader(config, name)


def _reader(config: AccountConfig, name: str) -> Reader:
    state = state_folder(config).resolve()
    return Reader(account=config.account.name, state=state, regime=name, section=config.regimes[name])


def _told(reader: Reader, model: RegimeModel, asker: Asker) -> Answered:
    """Tell one daemon; UnreachableError where it runs and does not answer."""
    one = msgspec.structs.replace(asker, id=f"{asker.id}-{reader.regime}")
    fact = ModelActivated(
        at=0, asker=one, regime=reader.regime, fingerprint=model.fingerprint, bundle=texts_of(model)
    )  # fmt: skip
    try:
        answer = ask_for(reader.state, fact)
    except AbsentError:
        if owner(reader.state):  # it begins or ends just now: nobody knows which model it has read
            raise
        try:
            fitting(reader.regime, reader.section, model)
        except ModelError as error:
            return _answered(reader, "refused", f"no daemon runs, and its next start would refuse it: {error}")
        return _answered(reader, "next start", "no daemon runs: it is taken at the next start")
    if answer["ok"]:
        return _answered(reader, "next bar", answer["text"])
    return _answered(reader, "refused", answer["problem"])


def _answered(reader: Reader, outcome: Literal["next bar", "next start", "refused"], text: str) -> Answered:
    return Answered(account=reader.account, regime=reader.regime, outcome=outcome, text=text)
