"""The gate: whether a strategy may enter in the regime the market seems to be in.

Pure arithmetic on the filtered posterior. What to do with the answer (`off`, `advise`, `enforce`), with a stale model
and with open trades belongs to the core.
"""

from typing import Literal

import msgspec

from market.kernel import Params, State, kernel
from regimes.shut import OnShut, Word

SHUT, OPEN = 0.0, 1.0

# State of a gate: 0.0 shut or 1.0 open, and bars since it last changed.
GATE, SINCE = 0, 1

# Parameters, flat.
ENTER, LEAVE, DWELL = 0, 1, 2


ENTERS, LEAVES = 0.6, 0.4
"""What `enter` and `leave` are where nothing is said."""


class ByCost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds from what it costs to be wrong, in any unit that both share."""

    false_alarm: float
    """Of being let in while the regime is another, above 0."""
    miss: float
    """Of being kept out while the regime is an allowed one, above 0."""
    width: float = 0.2
    """Hysteresis: distance between the threshold to enter and the one to leave, half of it on either side."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not (self.false_alarm > 0.0 and self.miss > 0.0 and self.width >= 0.0):
            raise ValueError(
                f"threshold: need false_alarm > 0, miss > 0 and width >= 0, got {self.false_alarm:g}, {self.miss:g} "
                f"and {self.width:g}"
            )
        enter, leave = self.limits()
        if not 0.0 <= leave <= enter <= 1.0:
            middle = cost_threshold(self.false_alarm, self.miss)
            raise ValueError(
                f"threshold: {middle:.3g} is what the costs make, and a width of {self.width:g} around it leaves "
                f"0 to 1: need width <= {2.0 * min(middle, 1.0 - middle):.3g}"
            )

    def limits(self) -> tuple[float, float]:
        """Return the posterior at which the gate opens, and the one below which it shuts."""
        middle, half = cost_threshold(self.false_alarm, self.miss), self.width / 2.0
        return middle + half, middle - half


class ByPosterior(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of its risk a strategy takes in each state; between the states, by their posterior."""

    weights: tuple[float, ...]
    """Share of the risk in each of the model's states, 0 to 1, the calmest first."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not all(0.0 <= weight <= 1.0 for weight in self.weights) or not any(self.weights):
            raise ValueError(f"exposure: need weights from 0 to 1, one of them above 0, got {self.weights}")


class GateParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a strategy may enter; the regimes are the model's ordinals, 0 the calmest where its lineage began."""

    mode: Literal["off", "advise", "enforce"] = "advise"
    """off: not evaluated; advise: journaled only; enforce: a shut gate blocks entries and takes resting ones back."""
    allow: tuple[int, ...] = ()
    """Ordinals of the states the strategy was made for."""
    enter: float | None = None
    """The gate opens when the summed posterior of the allowed states is at least this; 0.6 if nothing is said."""
    leave: float | None = None
    """It shuts when that sum is below this, 0.4 if nothing is said; between the two it stays as it is."""
    threshold: ByCost | None = None
    """Both thresholds from the cost of errors, in place of `enter` and `leave`."""
    exposure: ByPosterior | None = None
    """The risk of an entry is multiplied with the weights' mean by the posterior: under `enforce`, and journaled under
    `advise`; 0 is a veto. None: all of it."""
    dwell: int = 3
    """Fewest bars between two changes. A missing model shuts at once, dwell or not."""
    max_age: int = 3
    """The posterior is stale after this many of its own bars without a new one; counted by the core."""
    on_shut: Word | OnShut = "keep"
    """What becomes of open trades while the gate is shut by what its regime says (`regimes/shut.py`): carried out under
    `enforce`, journaled under `advise`. keep: they are left to their own exit plans, as they are where the reading is
    missing or stale. breakeven: the stop to the entry. tighten: the stop to half its distance, once. reduce: half the
    lots are closed, once. `{ tighten = 0.3 }`, `{ reduce = 0.3 }`: another share. `{ close_after = 5 }`: all is closed
    after so many of the strategy's own bars."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        enter, leave = self.limits()
        if not 0.0 <= leave <= enter <= 1.0:
            raise ValueError(f"gate: need 0 <= leave <= enter <= 1, got leave {leave} and enter {enter}")
        if self.threshold is not None and (self.enter is not None or self.leave is not None):
            raise ValueError("gate: name either enter and leave, or threshold, not both")
        if self.dwell < 0 or self.max_age < 1:
            raise ValueError(f"gate: need dwell >= 0 and max_age >= 1, got {self.dwell} and {self.max_age}")
        if len(set(self.allow)) < len(self.allow) or any(state < 0 for state in self.allow):
            raise ValueError(f"gate: allow must name each state once, from 0 (calmest) upwards, got {self.allow}")
        if self.mode != "off" and not self.allow:
            raise ValueError('gate: allow names no state: list the states to trade in, or set mode = "off"')

    def flat(self) -> tuple[float, float, float]:
        """Return the parameters as `gate_step` reads them."""
        return *self.limits(), float(self.dwell)

    def limits(self) -> tuple[float, float]:
        """Return the posterior mass at which the gate opens, and the one below which it shuts."""
        if self.threshold is not None:
            return self.threshold.limits()
        return ENTERS if self.enter is None else self.enter, LEAVES if self.leave is None else self.leave

    @property
    def weighs(self) -> bool:
        """The risk of an entry depends on the posterior."""
        return self.exposure is not None and self.mode != "off"

    def weights(self, states: int) -> tuple[float, ...]:
        """Return the share of the risk in each state; () where the gate does not weigh it.

        Raises ValueError when there are not as many as the model has states.
        """
        if self.exposure is None or not self.weighs:
            return ()
        if len(self.exposure.weights) != states:
            raise ValueError(
                f"gate: exposure has {len(self.exposure.weights)} weights, but the model has {states} states"
            )
        return self.exposure.weights

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
def gate_exchange(s: State, p: Params, q: float) -> float:
    """Take what another model says of the last closed bar into a gate; return 1.0 open or 0.0 shut.

    No bar passes. A gate that stands open stays so only where it would open by this model alone, whatever its dwell:
    what kept it open was another's word. It is never opened. `s`, `p` and `q` are those of `gate_step`.
    """
    if s[GATE] == OPEN and not q >= p[ENTER]:
        s[GATE] = SHUT
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
def exposure(s: State, weights: Params, states: int) -> float:
    """Return the mean of the weights by the posterior `s[0..states-1]`, 0 to 1; NaN when there is none."""
    share = allowed_mass(s, weights, states)
    if share > 1.0:  # posteriors add up to 1 but for their last bit
        return 1.0
    return share


@kernel
def cost_threshold(false_alarm: float, miss: float) -> float:
    """Return the probability of an allowed regime from which on being kept out costs more than being let in.

    >>> cost_threshold(1.0, 3.0)
    0.25
    """
    return false_alarm / (false_alarm + miss)


@kernel
def most_likely(s: State, states: int) -> int:
    """Return the ordinal of the largest posterior, the calmer one of equals."""
    best = 0
    for k in range(1, states):
        if s[k] > s[best]:
            best = k
    return best
