"""Runs in a jail, and prints what it may do there. Not a test.

Arguments: a file to read, one to write, and the number of a process not to be touched.
"""

import ctypes
import errno
import json
import os
import platform
import signal
import socket
import sys
from collections.abc import Callable

_LIBC = ctypes.CDLL(None, use_errno=True)
#: x86-64's and aarch64's numbers (linux/arch: syscall_64.tbl, asm-generic/unistd.h).
_NUMBERS = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "memfd_create": (319, 279),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "open_by_handle_at": (304, 265),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "perf_event_open": (298, 241),
    "clone3": (435, 435),
}
_COLUMN = {"x86_64": 0, "aarch64": 1}[platform.machine()]
_NEW_USER = 0x10000000  # linux/sched.h: CLONE_NEWUSER


def error_of(work: Callable[[], object]) -> str:
    """The name of the error, or nothing."""
    try:
        work()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return ""


def call(number: int, *arguments: int) -> str:
    """A bare system call, past the C library; null pointers and zeros where nothing is given."""
    ctypes.set_errno(0)
    words = [ctypes.c_long(each) for each in (*arguments, *[0] * (6 - len(arguments)))]
    answer = _LIBC.syscall(ctypes.c_long(number), *words)
    return errno.errorcode[ctypes.get_errno()] if answer == -1 else ""


def connect(family: int, address: object) -> Callable[[], None]:
    def work() -> None:
        with socket.socket(family) as client:
            client.settimeout(1)
            client.connect(address)  # type: ignore[arg-type]

    return work


def read(path: str) -> Callable[[], None]:
    """As the C library does it, which is how PostgreSQL does; Python's own open() does too."""

    def work() -> None:
        with open(path, "rb") as file:  # noqa: PTH123
            file.read(1)

    return work


def write(path: str) -> Callable[[], None]:
    def work() -> None:
        with open(path, "ab") as file:  # noqa: PTH123
            file.write(b"x")

    return work


def clone(flags: int) -> str:
    """In a new namespace, where the flags say so."""
    return call(220 if _COLUMN else 56, flags | signal.SIGCHLD)


to_read, to_write, other = sys.argv[1], sys.argv[2], int(sys.argv[3])
json.dump(
    {
        **{name: call(numbers[_COLUMN]) for name, numbers in _NUMBERS.items()},
        "clone into a namespace": clone(_NEW_USER),
        "socketpair": error_of(socket.socketpair),
        "unix": error_of(lambda: socket.socket(socket.AF_UNIX).close()),
        "inet": error_of(lambda: socket.socket(socket.AF_INET).close()),
        "inet6": error_of(lambda: socket.socket(socket.AF_INET6).close()),
        "vsock": error_of(lambda: socket.socket(socket.AF_VSOCK).close()),
        "packet": error_of(lambda: socket.socket(socket.AF_PACKET).close()),
        "connect": error_of(connect(socket.AF_UNIX, "\0nobody")),
        "signal to itself": error_of(lambda: os.kill(os.getpid(), 0)),
        "signal to its parent": error_of(lambda: os.kill(os.getppid(), 0)),
        "signal to all": error_of(lambda: os.kill(-1, 0)),
        "signal to another": error_of(lambda: os.kill(other, 0)),
        "limits of another": call(261 if _COLUMN else 302, other),
        "read": error_of(read(to_read)),
        "write": error_of(write(to_write)),
        "environment of another": error_of(read(f"/proc/{other}/environ")),
        "memory of another": error_of(read(f"/proc/{other}/mem")),
    },
    sys.stdout,
)
