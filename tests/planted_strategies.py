# ruff: noqa: ARG001, ARG002 - strategies of a sort share one signature; none uses all of it
"""Strategies planted for the contract suite: a good one, and what goes wrong in life made from it."""

import itertools
import math

from collections.abc import Callable
from typing import Any, ClassVar

from msgspec import Struct

from market.kernel import Params, State, kernel
from market.types import DAY_MS
from strategies.exits import ExitPlan
from strategies.harness import sample_bars
from strategies.protocol import Entry, Exit, FeatureRef, FlatWant, View, Want

BARS = sample_bars(400)
BUY = Entry(side=1, plan=ExitPlan(stop=1.0))


class Good:
    """Buys under its mean and leaves above it; what the bad ones are made from."""

    name: ClassVar[str] = "good"
    version: ClassVar[int] = 1

    def features(self) -> dict[str, FeatureRef]:
        """Return one z-score."""
        return {"z": ("zscore", (10.0,))}

    def init(self) -> dict[str, Any]:
        """Return no state."""
        return {}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Buy low, leave high."""
        z = view.features["z"]
        if view.position:
            return (Exit() if z > 0.0 else None), -z
        return (BUY if z < -1.0 else None), -z


class Peeking(Good):
    """Remembers every close of earlier runs, and looks up the next one."""

    def __init__(self) -> None:
        self.decide = self._deciding({})  # type: ignore[method-assign, assignment]

    @staticmethod
    def _deciding(known: dict[int, float]) -> Callable[[dict[str, Any], View], tuple[Want, float]]:
        def decide(state: dict[str, Any], view: View) -> tuple[Want, float]:
            known[view.bar.time] = view.bar.close
            rises = known.get(view.bar.time + 3_600_000, 0.0) > view.bar.close
            want, score = Good.decide(Peeking, state, view)  # type: ignore[arg-type]
            return (BUY if rises and not view.position and not math.isnan(score) else want), score

        return decide


class Dicing(Good):
    """Wants something else in every run."""

    runs: ClassVar[Any] = itertools.count()

    def init(self) -> dict[str, Any]:
        """Return a state that no second run will have."""
        return {"run": next(self.runs)}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Give the run as the score."""
        return super().decide(state, view)[0], float(state["run"])


class Remembering(Good):
    """Counts on itself."""

    def __init__(self) -> None:
        self.bars = 0

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Count a bar."""
        self.bars += 1
        return super().decide(state, view)


class Sharing(Good):
    """Has one state for all runs."""

    shared: ClassVar[dict[str, Any]] = {"bars": 0}

    def init(self) -> dict[str, Any]:
        """Return the state of every other run too."""
        return self.shared


class Changing(Good):
    """Writes into the features it is shown."""

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Turn the z-score round and back again, but for its sign at zero."""
        answer = super().decide(state, view)
        view.features["z"] = 0.0  # type: ignore[index]
        return answer


class Keeping(Good):
    """Keeps the features it was shown, and reads them a bar later."""

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Score by the z-score of the bar before."""
        want, _ = super().decide(state, view)
        before = state.get("before", view.features)["z"]
        state["before"] = view.features
        return want, before


class Hoarding(Good):
    """Keeps every close there ever was."""

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Keep a close."""
        state.setdefault("closes", []).append(view.bar.close)
        return super().decide(state, view)


class Ornate(Good):
    """Has a state that does not come back from the disk as it was."""

    def init(self) -> dict[str, Any]:
        """Return a set."""
        return {"sides": {1, -1}}


class Forgetting(Good):
    """Loses on a restart what its state's keys meant."""

    def init(self) -> dict[str, Any]:
        """Return two names of one list."""
        closes = [0.0]
        return {"here": closes, "there": closes}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Write through one name and read through the other."""
        state["here"][0] = view.bar.close
        return super().decide(state, view)[0], state["there"][0]


class Hasty(Good):
    """Buys before its feature is warm."""

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Take NaN for low."""
        return (None if view.position or view.features["z"] >= -1.0 else BUY), 0.0


class Silent(Good):
    """Never wants anything."""

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Want nothing."""
        return None, 0.0


class Breaking(Good):
    """Divides by zero now and then."""

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Divide by whether the bar is late."""
        return None, 1.0 / (1.0 if view.bar.time < BARS[100].time else 0.0)


class Wanting(Good):
    """Wants one given entry, and nothing else."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Want the entry."""
        return (self.entry if super().decide(state, view)[0] == BUY else None), 0.0


@kernel
def buying_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Buy under the mean."""
    action = 0.0
    if position == 0.0 and f[0] < -1.0:
        action = 1.0
    return action, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0 - f[0]


class Kernel(Good):
    """A kernel strategy around any step."""

    decide: Any = None

    def __init__(self, step: Any) -> None:  # noqa: ANN401 - a kernel
        self.step = step

    def params(self) -> Params:
        """Return none."""
        return ()

    def init(self) -> Any:  # noqa: ANN401 - a kernel's state is a list
        """Return one number."""
        return [0.0]


def whole_step(s: Any, p: Any, f: Any, *bar: float) -> Any:  # noqa: ANN401
    """Return an int where a float belongs."""
    return (0, *buying_step(s, p, f, *bar)[1:]) if bar[3] else buying_step(s, p, f, *bar)


def unrecorded_step(*given: Any) -> FlatWant:  # noqa: ANN401
    """Do what the kernel does, without its mark."""
    return buying_step(*given)


def growing_step(s: Any, p: Any, f: Any, *bar: float) -> Any:  # noqa: ANN401
    """Put a number into the state at every bar."""
    s.append(0.0)
    return buying_step(s, p, f, *bar)


def writing_step(s: Any, p: Any, f: Any, *bar: float) -> Any:  # noqa: ANN401
    """Change the features, where they can be changed."""
    answer = buying_step(s, p, f, *bar)
    if isinstance(f, list):
        f[0] = 0.0
    return answer


KNOWN: dict[int, float] = {}
"""What the fortune teller was told: the close of each bar, by its opening time."""


class FortuneTeller(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Is in where the next day closes higher, and else out: a table of results beside the strategy does as much."""

    name: ClassVar[str] = "fortune"
    version: ClassVar[int] = 1

    def features(self) -> dict[str, FeatureRef]:
        """Return what it reads."""
        return {"atr": ("atr", (14.0,))}

    def init(self) -> dict[str, float]:
        """Remember nothing."""
        return {}

    def decide(self, state: dict[str, float], view: View) -> tuple[Want, float]:
        """Look up what will be."""
        rises = KNOWN.get(view.bar.time + DAY_MS, 0.0) > view.bar.close
        if view.position or not rises:
            return (Exit() if view.position and not rises else None), 0.0
        return Entry(side=1, plan=ExitPlan(stop=3.0 * view.features["atr"])), 0.0


class Moody(FortuneTeller, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Scores by how often it was born."""

    births: ClassVar[list[int]] = []

    def init(self) -> dict[str, float]:
        """Count a birth."""
        self.births.append(1)
        return {"born": float(len(self.births))}

    def decide(self, state: dict[str, float], view: View) -> tuple[Want, float]:
        """Want nothing, with more and more conviction."""
        return None, state["born"]
