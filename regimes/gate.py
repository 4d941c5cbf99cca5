"""The gate: whether a strategy may enter in the regime the market seems to be in.

Pure arithmetic on the filtered posterior. What to do with the answer (`off`, `advise`, `enforce`), with a stale model
and with open trades belongs to the core.
"""

from typing import Literal

import msgspec

from market.kernel import Params, State, kernel

SHUT, OPEN = 0.0, 1.0

# State of a gate: 0.0 shut or 1.0 open, and bars since it last changed.
GATE, SINCE = 0, 1

# Parameters, flat.
ENTER, LEAVE, DWELL = 0, 1, 2


class GateParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a strategy may enter; the regimes are the model's ordinals, 0 the calmest."""

    mode: Literal["off", "advise", "enforce"] = "advise"
    """off: not evaluated; advise: journaled only; enforce: a shut gate blocks entries and takes resting ones back."""
    allow: tuple[int, ...] = ()
    """Ordinals of the states the strategy was made for."""
    enter: float = 0.6
    """The gate opens when the summed posterior of the allowed states is at least this."""
    leave: float = 0.4
    """It shuts when that sum is below this; between the two it stays as it is."""
    dwell: int = 3
    """Fewest bars between two changes. A missing model shuts at once, dwell or not."""
    max_age: int = 3
    """The posterior is stale after this many of its own bars without a new one; counted by the core."""
    on_shut: Literal["keep"] = "keep"
    """What becomes of open trades when the gate shuts. keep: they are left to their own exit plans."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not 0.0 <= self.leave <= self.enter <= 1.0:
            raise ValueError(f"gate: need 0 <= leave <= enter <= 1, got leave {self.leave} and enter {self.enter}")
        if self.dwell < 0 or self.max_age < 1:
            raise ValueError(f"gate: need dwell >= 0 and max_age >= 1, got {self.dwell} and {self.max_age}")
        if len(set(self.allow)) < len(self.allow) or any(state < 0 for state in self.allow):
            raise ValueError(f"gate: allow must name each state once, from 0 (calmest) upwards, got {self.allow}")
        if self.mode != "off" and not self.allow:
            raise ValueError('gate: allow names no state: list the states to trade in, or set mode = "off"')

    def flat(self) -> tuple[float, float, float]:
        """Return the parameters as `gate_step` reads them."""
        return self.enter, self.leave, float(self.dwell)

    def mask(self, states: int) -> tuple[float, ...]:
        """Return 1.0 for each allowed state and 0.0 for each other, in the order of the posterior.

        Raises ValueError when `allow` names a state that a model of so many states does not have.
        """
        beyond = [state for state in self.allow if state >= states]
        if beyond:
            raise ValueError(f"gate: allow names state {beyond[0]}, but the model has states 0 to {states - 1} only")
        return tuple(1.0 if state in self.allow else 0.0 for state in range(states))


def gate_init(p: Params) -> list[float]:
    """Return the state of a gate that is shut and free to open on the first bar."""
    return [SHUT, p[DWELL]]


@kernel
def gate_step(s: State, p: Params, q: float) -> float:
    """Fold one bar's posterior mass of the allowed states into the gate; return 1.0 open or 0.0 shut.

    `s` is (gate, bars since its last change), changed in place; `p` is (enter, leave, dwell). A NaN says that there
    is no posterior: the gate shuts at once.
    """
    s[SINCE] = s[SINCE] + 1.0
    wanted = s[GATE]
    if q != q:
        wanted = SHUT
    elif s[SINCE] >= p[DWELL]:
        if s[GATE] == SHUT and q >= p[ENTER]:
            wanted = OPEN
        elif s[GATE] == OPEN and q < p[LEAVE]:
            wanted = SHUT
    if wanted != s[GATE]:
        s[GATE] = wanted
        s[SINCE] = 0.0
    return s[GATE]


@kernel
def allowed_mass(s: State, mask: Params, states: int) -> float:
    """Return the summed posterior `s[0..states-1]` of the states whose mask is 1.0; NaN when there is none."""
    mass = 0.0
    for k in range(states):
        mass = mass + s[k] * mask[k]
    return mass


@kernel
def most_likely(s: State, states: int) -> int:
    """Return the ordinal of the largest posterior, the calmer one of equals."""
    best = 0
    for k in range(1, states):
        if s[k] > s[best]:
            best = k
    return best
