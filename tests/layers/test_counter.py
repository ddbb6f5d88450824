"""The counter of rows: what the layers carry, and that it touches no byte that isn't its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from layers import elf
from layers.build import BUILD
from layers.postgres.lock import read
from layers.postgres.shim import compile_counter
from layers.target import ARCHITECTURES, Architecture, Platform
from lifeboat.postgres.native_counter import NAME, NAME_ON_MACOS

CHECKED = ("-O1", "-fsanitize=undefined,bounds", "-fsanitize-trap=all", "-fno-sanitize=alignment")

HARNESS = r"""
import ctypes, mmap, random, sys
from pathlib import Path
from lifeboat.postgres.native_counter import RowCounter, load_counter
from lifeboat.postgres.programs import Programs

library = load_counter(Programs(Path(sys.argv[1])))
page = mmap.PAGESIZE
room = mmap.mmap(-1, 2 * page)
start = ctypes.addressof(ctypes.c_char.from_buffer(room))
assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(start + page), page, 0) == 0

def fed(counter, piece):
    # So that the byte behind the piece's last one may not be read.
    at = start + page - len(piece)
    ctypes.memmove(at, piece, len(piece))
    return library.lifeboat_rows_feed(counter._state, at, len(piece))

chance = random.Random(4711)
for width in (0, 1, 3, 1600):
    counter = RowCounter(library, [b"c%d" % i for i in range(width)])
    said = b""
    for _ in range(3000):
        piece = bytes(chance.choices(b"\t\n\\.abcN\r\0\xff", k=chance.randrange(1, 40)))
        said += piece[:fed(counter, piece)]
        if counter.ended:
            lines = said.removesuffix(b"\\.\n").split(b"\n")[:-1]
            assert counter.rows == len(lines), (counter.rows, said)
            assert counter.longest == max((len(row) + 1 for row in lines), default=0), said
            counter, said = RowCounter(library, [b"c%d" % i for i in range(width)]), b""
    fed(counter, b"\t" * 3000 + b"x")
print("whole")
"""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_both_layers_carry_the_counter_and_the_same_source_gives_the_same_bytes(
    client_layers: dict[Architecture, Path],
    server_layers: dict[Architecture, Path],
    architecture: Architecture,
    tmp_path: Path,
) -> None:
    compile_counter(tmp_path, Platform.of_lambda(architecture), read(), build=BUILD)
    for layers in (client_layers, server_layers):
        shipped = layers[architecture] / "lib/postgresql" / NAME
        assert (tmp_path / NAME).read_bytes() == shipped.read_bytes()
        assert elf.read(shipped).machine == architecture


@pytest.mark.parametrize("platform", [Platform.MACOS_ARM64, Platform.MACOS_X86_64])
def test_it_is_compiled_for_a_developer_s_mac_too(platform: Platform, tmp_path: Path) -> None:
    compile_counter(tmp_path, platform, read(), build=BUILD)
    assert (tmp_path / NAME_ON_MACOS).read_bytes()[:4] == b"\xcf\xfa\xed\xfe"  # Mach-O, 64 bits


@pytest.mark.skipif(sys.platform != "linux", reason="mprotect as Linux has it")
def test_no_input_makes_it_do_what_c_leaves_undefined_or_read_behind_the_input(
    tmp_path: Path,
) -> None:
    compile_counter(tmp_path, Platform.of_host(), read(), build=BUILD, options=CHECKED)
    done = subprocess.run(
        [sys.executable, "-c", HARNESS, tmp_path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "whole\n"), done.stderr
