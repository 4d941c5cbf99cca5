"""The members of an ensemble: what a TOML may say of each, and what they must have to do with each other."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Protocol

import msgspec

from config.leaves import shown
from regimes.learnt import Member
from regimes.weights import LEAST_MEMBERS, MOST_MEMBERS

PENALTY = 50.0
"""Of a jump, unless told."""
OF_HMM = ("covariance", "emission", "sticky")
"""What a hidden Markov model alone may be told."""


class Options(Protocol):
    """What may be said of the training of one model; None: nothing was."""

    @property
    def covariance(self) -> Literal["diag", "full"] | None: ...  # noqa: D102 - `MemberSection` says what each means
    @property
    def emission(self) -> str | float | None: ...  # noqa: D102 - likewise
    @property
    def sticky(self) -> float | None: ...  # noqa: D102 - likewise
    @property
    def penalty(self) -> float | None: ...  # noqa: D102 - likewise


def meant(detector: str, said: Options) -> Member:
    """Return how one model shall be trained, as a bundle keeps it: what is not said is as plain as it can be."""
    if detector == "jump":
        return Member(detector="jump", penalty=PENALTY if said.penalty is None else said.penalty)
    emission = "gauss" if said.emission is None else str(said.emission)
    return Member(covariance=said.covariance or "diag", emission=emission, sticky=said.sticky or 0.0)


class MemberSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model of an ensemble, in the words of a regime; what is not said is as plain as it can be."""

    detector: Literal["hmm", "jump"] = "hmm"
    covariance: Literal["diag", "full"] | None = None
    emission: Literal["gauss", "t"] | Annotated[float, msgspec.Meta(gt=0)] | None = None
    sticky: Annotated[float, msgspec.Meta(ge=0)] | None = None
    penalty: Annotated[float, msgspec.Meta(ge=0)] | None = None

    @property
    def meant(self) -> Member:
        """The same as a bundle keeps it."""
        return meant(self.detector, self)


def member_problems(detector: str, members: Sequence[MemberSection], path: str) -> Iterator[str]:
    """Yield `path: expected …, got …` for what is no list of members, or of no such detector."""
    if detector != "ensemble":
        if members:
            yield f'{path}: expected nothing without detector = "ensemble", got a list'
        return
    if not LEAST_MEMBERS <= len(members) <= MOST_MEMBERS:
        yield f'{path}: expected {LEAST_MEMBERS} to {MOST_MEMBERS} tables like {{ emission = "t" }}, got {len(members)}'
    wanted = [member.meant for member in members]
    for place, member in enumerate(members):
        yield from option_problems(member.detector, member, f"{path}[{place}]")
        if wanted.index(wanted[place]) < place:
            yield f"{path}[{place}]: expected another member than each before it, got {wanted[place].told} again"
    if members and members[0].detector == "jump":
        yield f'{path}[0].detector: expected "hmm", got "jump": the first one has to predict bars; name it later'


def option_problems(detector: str, said: Options, path: str) -> Iterator[str]:
    """Yield what is said of a training that its detector does not have."""
    for field in OF_HMM if detector != "hmm" else ():
        if (value := getattr(said, field)) is not None:
            where = f'detector = "{detector}"{"; say it of a member" if detector == "ensemble" else ""}'
            yield f"{path}.{field}: expected nothing with {where}, got {shown(value)}"
    if detector != "jump" and said.penalty is not None:
        yield f'{path}.penalty: expected nothing without detector = "jump", got {said.penalty:g}'
