"""How a person or the system asks a daemon to end: SIGTERM and Ctrl-C, or Ctrl-Break where there is no SIGTERM."""

import asyncio
import signal
import sys

from collections.abc import Callable

if sys.platform == "win32":

    def on_stop(loop: asyncio.AbstractEventLoop, stop: Callable[[str], object]) -> None:
        """Have `stop` called with the signal's name, in the loop, when this process is asked to end."""
        for number in (signal.SIGINT, signal.SIGBREAK):
            name = signal.Signals(number).name
            signal.signal(number, lambda *_, name=name: loop.call_soon_threadsafe(stop, name))

else:

    def on_stop(loop: asyncio.AbstractEventLoop, stop: Callable[[str], object]) -> None:
        """Have `stop` called with the signal's name, in the loop, when this process is asked to end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop, signal.Signals(number).name)
