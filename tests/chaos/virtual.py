"""Virtual time: an event loop that never sleeps; when nothing is ready its clock jumps to what is due next."""

import asyncio
import selectors

from collections.abc import Mapping
from typing import Any

from runtime.clock import Clock

EPOCH_MS = 1_704_067_200_000
"""The wall clock when a story begins."""


STEP_S = 1e-9
"""So long takes each round of the loop: a wait too short to be added to the clock would otherwise last for ever."""


class Stuck(Exception):
    """Nothing is ready and nothing is due: the house waits for something that will never come."""


class Nothing(selectors.BaseSelector):
    """A selector on which nothing ever happens; waiting on it is what makes time pass."""

    def __init__(self) -> None:
        self.loop: VirtualLoop | None = None

    def select(self, timeout: float | None = None) -> list[Any]:
        """Let the time pass for which there is nothing to do; nothing takes no time, or a rest of a wait never ends."""
        assert self.loop is not None
        if timeout is None:
            raise Stuck("nothing is ready and nothing is due")
        self.loop.now += max(timeout, STEP_S)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - the face
        """Take note of nothing: nobody speaks to a virtual world from outside."""
        return selectors.SelectorKey(fileobj, 0, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 - the selectors' face
        """Forget what was not noted."""
        return selectors.SelectorKey(fileobj, 0, 0, None)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Return that nothing is watched."""
        return {}


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop of one thread and no world."""

    def __init__(self) -> None:
        self.now = 0.0
        nothing = Nothing()
        super().__init__(nothing)
        nothing.loop = self

    def time(self) -> float:
        """Return virtual seconds."""
        return self.now

    def _write_to_self(self) -> None:
        """Wake nobody: there is no other thread."""


class VirtualClock(Clock):
    """The house's clock, in virtual time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop

    def wall_ms(self) -> int:
        """Return the story's wall clock."""
        return EPOCH_MS + int(self.loop.now * 1000)

    def elapsed(self) -> float:
        """Return virtual seconds."""
        return self.loop.now
