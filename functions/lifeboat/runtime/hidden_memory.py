"""Hides the function's own memory, and its credentials, from the programs that it starts.

They run as the same user, who may read another process's environment and memory in /proc. A process
that says it is not to be dumped is spared: the kernel then lets nobody but root look.
"""

import ctypes
import os
import sys

from lifeboat.errors import HiddenMemoryError

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4  # linux/prctl.h


def hide_memory() -> None:
    """Do so, before any program is started. On macOS there is no /proc to hide from.

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
