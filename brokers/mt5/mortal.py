"""A worker dies with its daemon: the parent ties the child to itself, or the child asks to be killed.

Linux: the child asks the kernel (PDEATHSIG). Windows: the parent keeps the only handle of a job whose processes are
killed when it closes, which it does when the parent ends, however it ends. Also: the end of standard input. A Windows
Python under Wine with a parent on Linux has neither: the script that starts it asks the kernel (`setpriv --pdeathsig`).
"""

import contextlib
import os
import signal
import subprocess
import sys

from typing import Any

if sys.platform == "win32":
    import ctypes
    import msvcrt
    import time

    from ctypes import wintypes

    _LOOK_S = 0.2
    _BROKEN_PIPE = 109
    _EXTENDED_LIMITS = 9
    _KILL_ON_CLOSE = 0x2000

    class _Basic(ctypes.Structure):
        _fields_ = (
            ("process_time", ctypes.c_int64),
            ("job_time", ctypes.c_int64),
            ("flags", wintypes.DWORD),
            ("least_set", ctypes.c_size_t),
            ("most_set", ctypes.c_size_t),
            ("processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority", wintypes.DWORD),
            ("scheduling", wintypes.DWORD),
        )

    class _Extended(ctypes.Structure):
        _fields_ = (
            ("basic", _Basic),
            ("counters", ctypes.c_uint64 * 6),
            ("memory", ctypes.c_size_t * 4),
        )

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.CreateJobObjectW.restype = wintypes.HANDLE
    _kernel.SetInformationJobObject.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD)
    _kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    _jobs: list[int] = []

    def _job() -> int:
        """Return this process's one job, whose handle is never closed by us."""
        if not _jobs:
            job = _kernel.CreateJobObjectW(None, None)
            limits = _Extended(basic=_Basic(flags=_KILL_ON_CLOSE))
            if not job or not _kernel.SetInformationJobObject(
                job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
            ):
                raise ctypes.WinError(ctypes.get_last_error())
            _jobs.append(job)
        return _jobs[0]

    def _handle_of(child: Any) -> int:  # noqa: ANN401 - Popen's own stubs do not know it
        return int(child._handle)  # noqa: SLF001 - Popen shows it nowhere else

    def tie(child: subprocess.Popen[bytes]) -> None:
        """Have Windows kill a child when this process ends; OSError where it will not."""
        if not _kernel.AssignProcessToJobObject(_job(), _handle_of(child)):
            raise ctypes.WinError(ctypes.get_last_error())

    def die_with_parent(parent: int) -> None:
        """Do nothing: the parent has tied us to itself."""

    def stdin_ended() -> bool:
        """Wait until our parent's end of standard input closes; False where that cannot be seen (Wine 8, from Linux).

        By looking, not by reading: a read that waits keeps every library that is loaded meanwhile from looking at its
        standard handles, so that it waits too.
        """
        pipe = msvcrt.get_osfhandle(0)
        while _kernel.PeekNamedPipe(wintypes.HANDLE(pipe), None, 0, None, None, None):
            time.sleep(_LOOK_S)
        return ctypes.get_last_error() == _BROKEN_PIPE

else:

    def tie(child: subprocess.Popen[bytes]) -> None:
        """Do nothing: the child asks for it itself."""

    def die_with_parent(parent: int) -> None:
        """Ask the kernel to kill us when our parent goes (Linux), and leave if it has gone already."""
        if sys.platform == "linux":
            import ctypes  # noqa: PLC0415 - the daemon imports this file too, and needs none of it

            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
            if os.getppid() != parent:
                sys.exit(0)

    def stdin_ended() -> bool:
        """Wait until our parent's end of standard input closes."""
        with contextlib.suppress(OSError, ValueError):
            while os.read(0, 4096):
                pass
        return True


def watch_stdin() -> None:
    """End when our parent's end of standard input closes."""
    if stdin_ended():
        os._exit(0)
