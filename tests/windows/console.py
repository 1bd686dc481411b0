"""What a console says to its programs, said in the way Windows says it.

For each event the system starts a thread in each of a console's programs, at `CtrlRoutine`, which
calls the handlers. A thread that is started there is told from the real one by nothing, and it
takes no console, no window and no log-on.
"""

from __future__ import annotations

import ctypes
import sys

EVENTS = {"ctrl-c": 0, "ctrl-break": 1, "closed": 2, "log-off": 5, "shut-down": 6}
"""Windows' numbers; the last three end a program when its handlers have returned, or after 5 s."""


if sys.platform == "win32":

    def say(event: int) -> None:
        """Tell this program of an event; its handlers run in a thread of their own."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.GetModuleHandleW.restype = kernel.GetProcAddress.restype = ctypes.c_void_p
        kernel.GetProcAddress.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        kernel.CreateThread.restype = ctypes.c_void_p
        kernel.CreateThread.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + 2 * [
            ctypes.c_void_p
        ] + [ctypes.c_ulong, ctypes.c_void_p]  # fmt: skip
        base = kernel.GetModuleHandleW("kernelbase.dll")
        routine = kernel.GetProcAddress(base, b"CtrlRoutine")
        if not routine or not kernel.CreateThread(None, 0, routine, event, 0, None):
            raise ctypes.WinError(ctypes.get_last_error())
