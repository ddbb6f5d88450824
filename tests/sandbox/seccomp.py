"""A system-call filter such as a stricter Lambda could have: no System V IPC at all.

Lambda documents nothing about it, so the product must not need it.
"""

import errno
import os
import struct

#: `bits/ipc.h`'s twelve calls on x86-64 (linux/arch/x86/entry/syscalls/syscall_64.tbl).
SYSTEM_V_IPC = (29, 30, 31, 64, 65, 66, 67, 68, 69, 70, 71, 220)
#: landlock_create_ruleset, landlock_add_rule, landlock_restrict_self: from Linux 5.13 on.
LANDLOCK = (444, 445, 446)

# linux/bpf_common.h, linux/seccomp.h, linux/audit.h
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _MACHINE_AT = 0, 4
_X86_64 = 0xC000003E
_ALLOW, _FAIL_WITH = 0x7FFF0000, 0x00050000


def filter_file(refused: tuple[int, ...] = SYSTEM_V_IPC) -> int:
    """A file descriptor to read a classic BPF program from: those calls give ENOSYS."""
    descriptor = os.memfd_create("seccomp")
    os.write(descriptor, b"".join(struct.pack("<HBBI", *each) for each in _program(refused)))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _program(refused: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """Instructions: code, steps to skip when true, when false, and an operand."""
    count = len(refused)
    return [
        (_LOAD_WORD, 0, 0, _MACHINE_AT),
        (_JUMP_IF_EQUAL, 0, count + 1, _X86_64),  # another machine's numbers: allow
        (_LOAD_WORD, 0, 0, _NUMBER_AT),
        *((_JUMP_IF_EQUAL, count - i, 0, number) for i, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _FAIL_WITH | errno.ENOSYS),
    ]
