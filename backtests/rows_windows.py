"""Windows for a function over the last bars, cut out of the tape, where the plain drive keeps a ring of them.

A slice of a column holds what the ring would have been made into, and costs a hundredth of that.
"""

from array import array
from typing import Any

from market.bars import Bars
from market.feature import NAN
from strategies.protocol import View, Want
from strategies.window import COLUMNS, Window, WindowStrategy


class Windows:
    """A function over windows that is asked about the bars of a tape in turn."""

    def __init__(self, strategy: WindowStrategy, tape: Bars, oldest: int, first: int) -> None:
        """Show no bar before `oldest`; `first` is the first one that it is asked about."""
        self.strategy, self.tape, self.oldest, self.next = strategy, tape, oldest, first

    def decide(self, _state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Ask the function, once there are enough bars."""
        self.next += 1
        begin, end, tape = self.next - self.strategy.window, self.next, self.tape
        if begin < self.oldest or any(x != x for x in view.features.values()):
            return None, NAN
        columns: dict[str, Any] = {name: array("d", getattr(tape, name)[begin:end].tobytes()) for name in COLUMNS[1:]}
        columns["time"] = array("q", tape.time[begin:end].tobytes())
        window = Window(
            symbol=tape.symbol, timeframe=tape.timeframe, position=view.position, held=view.held, **columns
        )  # fmt: skip
        return self.strategy.asked(window, dict(view.features))

    def leave(self, state: dict[str, Any]) -> None:
        """Put the last bars into the ring, as if they had been put there one by one."""
        begin = max(self.oldest, self.next - self.strategy.window)
        for name in COLUMNS:
            state[name] = getattr(self.tape, name)[begin : self.next].tolist()
