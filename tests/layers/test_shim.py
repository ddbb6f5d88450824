"""The library of our own, compiled anew and called as PostgreSQL calls it."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from layers import elf
from layers.build import BUILD
from layers.postgres.lock import read
from layers.postgres.shim import SHIM, SOURCE, compile_shim
from layers.target import ARCHITECTURES, Architecture, Platform
from lifeboat.errors import LayerError

CREATE, EXCLUSIVE, PRIVATE = 0o1000, 0o2000, 0  # sys/ipc.h
REMOVE, STATUS = 0, 2
MOST = 16
KEY = 4711

runs_here = pytest.mark.skipif(
    not Platform.of_host().is_linux, reason="the layer's libraries are for Linux"
)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_same_source_gives_the_same_bytes_wherever_it_lies(
    server_layers: dict[Architecture, Path], architecture: Architecture, tmp_path: Path
) -> None:
    source = tmp_path / "elsewhere" / SOURCE.name
    source.parent.mkdir()
    shutil.copyfile(SOURCE, source)

    compile_shim(tmp_path, architecture, read(), build=BUILD, source=source)

    shipped = server_layers[architecture] / "lib/postgresql" / SHIM
    assert (tmp_path / SHIM).read_bytes() == shipped.read_bytes()
    assert elf.read(shipped).machine == architecture
    assert elf.read(shipped).needed == ("libc.so.6",)


def test_source_that_does_not_compile_is_refused_with_the_compilers_words(tmp_path: Path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int shmget(void) { return unheard_of; }\n")

    with pytest.raises(LayerError, match="unheard_of"):
        compile_shim(tmp_path, "arm64", read(), build=BUILD, source=source)


@pytest.fixture
def shim(server_layers: dict[Architecture, Path]) -> Iterator[ctypes.CDLL]:
    layer = server_layers[Platform.of_host().architecture]
    library = ctypes.CDLL(str(layer / "lib/postgresql" / SHIM), use_errno=True)
    library.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
    library.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    library.shmat.restype = ctypes.c_void_p
    library.shmdt.argtypes = [ctypes.c_void_p]
    library.getpwuid.restype = ctypes.POINTER(Entry)
    yield library
    for segment in range(1, MOST + 1):
        library.shmctl(segment, REMOVE, None)


class Entry(ctypes.Structure):
    """`struct passwd` of glibc."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("password", ctypes.c_char_p),
        ("uid", ctypes.c_uint32),
        ("gid", ctypes.c_uint32),
        ("gecos", ctypes.c_char_p),
        ("home", ctypes.c_char_p),
        ("shell", ctypes.c_char_p),
    )


@runs_here
def test_a_segment_is_memory_until_it_is_removed(shim: ctypes.CDLL) -> None:
    segment = shim.shmget(KEY, 56, CREATE | EXCLUSIVE | 0o600)
    address = shim.shmat(segment, None, 0)
    ctypes.memmove(address, b"a header of PostgreSQL's", 24)

    assert shim.shmget(KEY, 56, 0) == segment
    assert ctypes.string_at(shim.shmat(segment, None, 0), 24) == b"a header of PostgreSQL's"
    assert shim.shmdt(address) == 0
    assert shim.shmctl(segment, REMOVE, None) == 0
    assert shim.shmget(KEY, 56, 0) == -1
    assert ctypes.get_errno() == errno.ENOENT


@runs_here
def test_a_key_is_given_to_one_segment_only(shim: ctypes.CDLL) -> None:
    assert shim.shmget(KEY, 56, CREATE | EXCLUSIVE) > 0
    assert shim.shmget(KEY, 56, CREATE | EXCLUSIVE) == -1
    assert ctypes.get_errno() == errno.EEXIST
    assert shim.shmget(PRIVATE, 56, CREATE) != shim.shmget(PRIVATE, 56, CREATE)


@runs_here
def test_more_segments_than_a_server_wants_are_refused(shim: ctypes.CDLL) -> None:
    made = [shim.shmget(PRIVATE, 56, CREATE) for _ in range(MOST)]

    assert sorted(made) == list(range(1, MOST + 1))
    assert shim.shmget(PRIVATE, 56, CREATE) == -1
    assert ctypes.get_errno() == errno.ENOSPC


@runs_here
def test_what_is_not_there_can_be_neither_asked_nor_left_nor_removed(shim: ctypes.CDLL) -> None:
    for segment in (0, 1, MOST, MOST + 1, -1):
        assert shim.shmat(segment, None, 0) == ctypes.c_void_p(-1).value
        assert ctypes.get_errno() == errno.EINVAL
        assert shim.shmctl(segment, STATUS, None) == -1
        assert shim.shmctl(segment, REMOVE, None) == -1
    assert shim.shmdt(None) == -1


@runs_here
def test_a_user_without_a_name_is_given_one(shim: ctypes.CDLL) -> None:
    entry = shim.getpwuid(2_000_000_000).contents

    assert (entry.name, entry.home, entry.shell) == (b"postgres", b"/tmp", b"/bin/sh")
    assert (entry.uid, entry.gid) == (2_000_000_000, os.getegid())


@runs_here
def test_a_user_with_a_name_keeps_it(shim: ctypes.CDLL) -> None:
    assert shim.getpwuid(0).contents.name == b"root"
