"""Probes of the contract suite: what watches a strategy and its state, and what spoils the features it was shown."""

from collections.abc import Sequence
from typing import Any

from market.kernel import Params, State
from strategies.protocol import FeatureRef, FlatWant, KernelStrategy, PythonStrategy, Strategy, View, Want

SCRIBBLE = -1e9


class ScribbledKernel:
    """Shows a kernel strategy a list of features, and overwrites it after every bar."""

    def __init__(self, strategy: KernelStrategy) -> None:
        self.name, self.version = strategy.name, strategy.version
        self.changed = False
        self._strategy = strategy

    def features(self) -> dict[str, FeatureRef]:
        """Return the strategy's."""
        return self._strategy.features()

    def params(self) -> Params:
        """Return the strategy's."""
        return self._strategy.params()

    def init(self) -> list[float]:
        """Return the strategy's."""
        return self._strategy.init()

    def step(self, s: State, p: Params, f: Sequence[float], *bar: float) -> FlatWant:
        """Call the strategy's kernel."""
        shown = list(f)
        want: FlatWant = self._strategy.step(s, p, shown, *bar)
        self.changed = self.changed or repr(shown) != repr(list(f))
        shown[:] = [SCRIBBLE] * len(shown)
        return want


class ScribbledPython:
    """Shows a plain strategy a dict of features, and overwrites it after every bar."""

    def __init__(self, strategy: PythonStrategy) -> None:
        self.name, self.version = strategy.name, strategy.version
        self.changed = False
        self._strategy = strategy

    def features(self) -> dict[str, FeatureRef]:
        """Return the strategy's."""
        return self._strategy.features()

    def init(self) -> dict[str, Any]:
        """Return the strategy's."""
        return self._strategy.init()

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Ask the strategy."""
        shown = dict(view.features)
        answer = self._strategy.decide(
            state, View(bar=view.bar, features=shown, position=view.position, held=view.held)
        )
        self.changed = self.changed or repr(shown) != repr(view.features)
        shown.update(dict.fromkeys(shown, SCRIBBLE))
        return answer


def scribbled(strategy: Strategy) -> ScribbledKernel | ScribbledPython:
    """Return the probe for a strategy of either sort."""
    return ScribbledKernel(strategy) if isinstance(strategy, KernelStrategy) else ScribbledPython(strategy)


def looks_of(strategy: Strategy) -> dict[str, str]:
    """Return everything an instance and its class hold, as text."""
    held = {name: getattr(strategy, name) for name in dir(strategy) if not name.startswith("__")}
    return {name: repr(value) for name, value in held.items() if not callable(value)}


def strange_part(value: Any) -> str:  # noqa: ANN401 - that is the question
    """Return the type of the first part of a state that is no plain value; empty if all are."""
    if isinstance(value, dict):
        return next(filter(None, (strange_part(part) for pair in value.items() for part in pair)), "")
    if isinstance(value, list):
        return next(filter(None, map(strange_part, value)), "")
    return "" if value is None or type(value) in (bool, int, float, str) else type(value).__name__
