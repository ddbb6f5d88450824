"""Hides the function's own memory, and its credentials, from the programs that it starts.

They run as the same user, and a user may read the environment and memory of its processes in /proc.
Of a process that is marked as not dumpable, the kernel shows them only to root.
"""

import ctypes
import os
import sys

from lifeboat.errors import HiddenMemoryError

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4  # linux/prctl.h


def hide_memory() -> None:
    """Mark this process as not dumpable, before it starts any program. macOS has no /proc.

    Raises:
        HiddenMemoryError: the kernel refused.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise HiddenMemoryError(
            "The function's memory could not be hidden from the programs that it starts:"
            f" {os.strerror(ctypes.get_errno())}.",
            todo="Invoke the function again. If it repeats, report the message.",
        )
