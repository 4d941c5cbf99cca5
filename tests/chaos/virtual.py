"""Virtual time: an event loop that never sleeps; when nothing is ready its clock jumps to what is due next."""

import asyncio
import heapq

from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, TypeVarTuple

from runtime.clock import Clock

EPOCH_MS = 1_704_067_200_000
"""The wall clock when a story begins."""

Ts = TypeVarTuple("Ts")

STEP_S = 1e-9
"""So long takes each round of the loop: a wait too short to be added to the clock would otherwise last for ever."""


class Stuck(Exception):
    """Nothing is ready and nothing is due: the house waits for something that will never come."""


class Call:
    """Something to be called once, unless it is cancelled before: a handle of asyncio's, as far as asyncio looks."""

    __slots__ = ("args", "callback", "context")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None) -> None:
        self.callback: Callable[..., object] | None = callback
        self.args, self.context = args, context or copy_context()

    def __lt__(self, other: "Call") -> bool:
        """Say that neither of two calls of one moment comes first: a heap orders them in its own way, as asyncio's."""
        return False

    def cancel(self) -> None:
        """Call nothing."""
        self.callback, self.args = None, ()

    def cancelled(self) -> bool:
        """Say whether it was cancelled."""
        return self.callback is None


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop of one thread and no world.

    A sweep makes some hundred million rounds: this one asks no selector and makes no handle that asks for debugging.
    """

    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._ready: deque[Call] = deque()
        self._due: list[tuple[float, Call]] = []
        """A heap, by the moment alone."""

    def time(self) -> float:
        """Return virtual seconds."""
        return self.now

    def forget(self) -> None:
        """Drop all that was still to be called."""
        self._ready.clear()
        self._due.clear()

    # --- what is to be called; with the face that asyncio asks ------------------------------------------------------

    def call_soon(  # type: ignore[override]  # asyncio's own handle is a class of its own
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> Call:
        """Call something in the next round."""
        call = Call(callback, args, context)
        self._ready.append(call)
        return call

    call_soon_threadsafe = call_soon  # type: ignore[assignment]  # likewise; and there is no other thread

    def call_at(  # type: ignore[override]  # likewise
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> Call:
        """Call something at a moment."""
        call = Call(callback, args, context)
        heapq.heappush(self._due, (when, call))
        return call

    def call_later(  # type: ignore[override]  # likewise
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> Call:
        """Call something after so many seconds."""
        call = Call(callback, args, context)
        heapq.heappush(self._due, (self.now + delay, call))
        return call

    def run_in_executor(self, _executor: Any, func: Callable[[*Ts], Any], *args: *Ts) -> Any:  # noqa: ANN401 - a future
        """Do at once what another thread would do: there is none."""
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is who waits that hears of it
            done.set_exception(error)
        return done

    # --- rounds -----------------------------------------------------------------------------------------------------

    def _run_once(self) -> None:
        """Let the time pass for which there is nothing to do, and call what is ready then."""
        self._pass()
        ready = self._ready
        for _ in range(len(ready)):
            call = ready.popleft()
            if call.callback is not None:
                try:
                    call.context.run(call.callback, *call.args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:  # noqa: BLE001 - as asyncio has it
                    self.call_exception_handler({"message": f"in {call.callback}", "exception": error})

    def _pass(self) -> None:
        """Go on to the next moment; nothing takes no time, or a rest of a wait never ends."""
        due, ready = self._due, self._ready
        while due and due[0][1].callback is None:
            heapq.heappop(due)
        if ready or self._stopping:
            self.now += STEP_S
        elif due:
            self.now += max(due[0][0] - self.now, STEP_S)
        else:
            raise Stuck("nothing is ready and nothing is due")
        end = self.now + STEP_S
        while due and due[0][0] < end:
            ready.append(heapq.heappop(due)[1])


class VirtualClock(Clock):
    """The house's clock, in virtual time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.shown, self.since = EPOCH_MS, loop.now

    def put(self, wall_ms: int) -> None:
        """Show a moment, and go on from there."""
        self.shown, self.since = wall_ms, self.loop.now

    def wall_ms(self) -> int:
        """Return the story's wall clock."""
        return self.shown + int((self.loop.now - self.since) * 1000)

    def elapsed(self) -> float:
        """Return virtual seconds."""
        return self.loop.now
