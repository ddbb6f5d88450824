"""The counter of rows: what the layers carry, and that it touches no byte that isn't its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from layers import elf
from layers.build import BUILD
from layers.postgres import MAJORS
from layers.postgres.client import CLIENT_PROGRAMS
from layers.postgres.lock import read
from layers.postgres.server_layer import LAYER_PROGRAMS
from layers.postgres.shim import compile_counter
from layers.target import ARCHITECTURES, Architecture, Platform
from lifeboat.postgres.native_counter import MAX_STATEMENT_BYTES, NAME, NAME_ON_MACOS, Event
from tests.support.scripts import written_by_a_program

CHECKED = ("-O1", "-fsanitize=undefined,bounds", "-fsanitize-trap=all", "-fno-sanitize=alignment")

HARNESS = r"""
import ctypes, mmap, random, sys
from pathlib import Path
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.native_counter import Event, ScriptReader, load_counter
from lifeboat.postgres.programs import Programs

library = load_counter(Programs(Path(sys.argv[1])))
page = mmap.PAGESIZE
room = mmap.mmap(-1, 2 * page)
view = memoryview(room)
start = ctypes.addressof(ctypes.c_char.from_buffer(room))
assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(start + page), page, 0) == 0

def feed(reader, piece):
    # So that the byte behind the piece's last one may not be read.
    view[page - len(piece):page] = piece
    return list(reader.events(view[page - len(piece):page]))

chance = random.Random(4711)
for width in (0, 1, 3, 1600):
    names = ", ".join(f"c{i}" for i in range(width))
    head = f"COPY public.t {f'({names})' if width else ''} FROM stdin;\n".encode()
    for turn in range(100):
        reader, said, events = ScriptReader(library), b"", []
        for at in range(0, len(head), 900):
            events += feed(reader, head[at:at + 900])
        assert events == [(Event.STATEMENT, head)]
        while len(events) == 1:
            piece = bytes(chance.choices(b"\t\n\\.abcN\r\0\xff", k=chance.randrange(1, 40)))
            said += piece
            events += feed(reader, piece)
        rows, *_, longest, size, ended = memoryview(events[1][1]).cast("Q")
        lines = said[:size].removesuffix(b"\\.\n").split(b"\n")[:-1]
        assert (rows, ended) == (len(lines), 1), (rows, said)
        assert longest == max((len(row) + 1 for row in lines), default=0), said
parts = [f"SELECT pg_catalog.{name}(".encode() for name in ("setval", "lo_open", "lowrite")]
parts += [b"COPY ", b"public.", b'"', b"'", b"t ", b"(", b"a, ", b"b)", b" FROM stdin;\n", b"\\.\n"]
parts += [b"\n", b"\0"]
for turn in range(20000):
    reader = ScriptReader(library)
    script = b"".join(chance.choices(parts, k=chance.randrange(1, 20)))
    while script:
        size = chance.randrange(1, 30)
        feed(reader, script[:size])
        script = script[size:]
reader = ScriptReader(library)
events = feed(reader, b'COPY "')
while not events:
    events = feed(reader, b'x""' * 1000)
assert events == [(Event.TOO_LONG, b"")]
assert feed(reader, b"y") == []
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


@pytest.mark.skipif(sys.platform != "linux", reason="macOS counts what comes by a pipe")
def test_nor_does_it_in_a_program_that_counts_what_it_writes(tmp_path: Path) -> None:
    compile_counter(tmp_path, Platform.of_host(), read(), build=BUILD, options=CHECKED)
    library = str(tmp_path / NAME)
    rows = b"".join(b"\t%s\n\\.%s" % (b"x" * (i % 70), b"\0\n" * (i % 3)) for i in range(3000))
    script = b"COPY public.t (a) FROM stdin;\n%s\n\\.\n" % rows
    written = b"SELECT pg_catalog.lowrite(0, '%s');\n" % (b"x" * 99_999)
    for sizes in ((1,), (4096,), (3, 100_000), (1 << 20,)):
        events = written_by_a_program(script + written * 3, *sizes, library=library)
        assert events.endswith(bytes((Event.END, *[0] * 7)))
    events = written_by_a_program(
        b"COPY " + b"x" * MAX_STATEMENT_BYTES, 7, library=library, fails=True
    )
    assert events == bytes((Event.TOO_LONG, *[0] * 7))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_programs_that_write_scripts_load_it_and_no_server_does(
    client_layers: dict[Architecture, Path],
    server_layers: dict[Architecture, Path],
    architecture: Architecture,
) -> None:
    for layers, programs in ((client_layers, CLIENT_PROGRAMS), (server_layers, LAYER_PROGRAMS)):
        root = layers[architecture] / "lib/postgresql"
        for major in MAJORS:
            for name in programs:
                loads = NAME in elf.read(root / str(major) / "bin" / name).needed
                assert loads == (name in CLIENT_PROGRAMS)
