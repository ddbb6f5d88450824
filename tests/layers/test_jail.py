"""The jail that every program of a layer enters when its environment says so."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from layers import elf
from layers.build import BUILD
from layers.postgres import MAJORS, server_tree
from layers.postgres.client import CLIENT_PROGRAMS
from layers.postgres.lock import read
from layers.postgres.server_layer import LAYER_PROGRAMS
from layers.postgres.shim import JAIL, JAIL_SOURCES, compile_jail
from layers.target import ARCHITECTURES, Architecture, Platform
from lifeboat.drill.embedded_server import EmbeddedServer, ServerSize
from lifeboat.errors import JailError, TimeLimitError
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.postgres.connect import open_again
from lifeboat.postgres.jail import OFFLINE, REMOTE, server_jail
from lifeboat.postgres.programs import Process, Programs
from lifeboat.recovery.scratch import scratch_directory

runs_here = pytest.mark.skipif(
    not Platform.of_host().is_linux, reason="macOS has no such jail, by design"
)

BAIT = {"SECRET": "bait"}
_PR_SET_SECUREBITS, _NO_ROOT = 28, 1  # linux/prctl.h, linux/securebits.h

#: What a server imports that takes a path, and the jail leaves alone: it tells whether something
#: is there, or changes the working directory of a process of which nothing else depends on that.
HARMLESS = {"access", "chdir", "lstat", "readlink", "stat"}
#: What it has in place of the C library's.
WALLED = {
    *("chmod", "chown", "dlopen", "fopen", "freopen", "link", "mkdir", "open", "opendir"),
    *("rename", "rmdir", "symlink", "truncate", "unlink", "utime"),
}
#: Every function of glibc that takes a path and does something with what is there.
OF_PATHS = (
    HARMLESS
    | WALLED
    | {
        *("acct", "bind_textdomain_codeset", "chroot", "creat", "creat64", "dlmopen", "euidaccess"),
        *("fchmodat", "fchownat", "fopen64", "freopen64", "fts_open", "ftw", "futimesat", "glob"),
        *("lchown", "linkat", "lutimes", "mkdirat", "mkdtemp", "mkfifo", "mkfifoat", "mknod"),
        *("mknodat", "mkostemp", "mkstemp", "mkstemp64", "mktemp", "mount", "nftw", "open64"),
        *("openat", "openat64", "pathconf", "remove", "removexattr", "renameat", "renameat2"),
        *("scandir", "setxattr", "statfs", "statvfs", "symlinkat", "tempnam", "tmpfile", "tmpnam"),
        *("truncate64", "umount", "unlinkat", "utimensat", "utimes"),
    }
)
EVERYWHERE = {
    "execve": "EACCES",
    "execveat": "EACCES",
    "memfd_create": "EACCES",
    "ptrace": "EACCES",
    "process_vm_readv": "EACCES",
    "process_vm_writev": "EACCES",
    "pidfd_open": "EACCES",
    "pidfd_getfd": "EACCES",
    "unshare": "EACCES",
    "setns": "EACCES",
    "mount": "EACCES",
    "open_by_handle_at": "EACCES",
    "io_uring_setup": "EACCES",
    "bpf": "EACCES",
    "userfaultfd": "EACCES",
    "keyctl": "EACCES",
    "perf_event_open": "EACCES",
    "clone3": "ENOSYS",
    "clone into a namespace": "EACCES",
    "socketpair": "",
    "vsock": "EACCES",
    "packet": "EACCES",
    "signal to itself": "",
    "signal to its parent": "EACCES",
    "signal to all": "EACCES",
    "limits of another": "EACCES",
}
NETWORK = {"unix": "", "inet": "", "inet6": "", "connect": "ECONNREFUSED"}
NO_NETWORK = {"inet": "EACCES", "inet6": "EACCES"}
PROFILES = {
    "server": {**NO_NETWORK, "unix": "", "connect": "EACCES", "read": "EACCES"},
    "local": {**NO_NETWORK, "unix": "", "connect": "ECONNREFUSED", "read": ""},
    "remote": {**NETWORK, "read": ""},
    "offline": {**NO_NETWORK, "unix": "EACCES", "connect": "EACCES", "read": ""},
}


@pytest.fixture(scope="session")
def library(server_layers: dict[Architecture, Path]) -> Path:
    return server_layers[Platform.of_host().architecture] / "lib/postgresql" / JAIL


def powerless() -> None:
    """Let root have no capabilities from the next program on, as a function's user has none."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(_PR_SET_SECUREBITS, _NO_ROOT, 0, 0, 0) == 0


@pytest.fixture
def other() -> Iterator[int]:
    """A process of the same user that has nothing to do with the jail."""
    argv = ["/bin/sleep", "100"]
    with subprocess.Popen(argv, env=BAIT, preexec_fn=powerless) as process:  # noqa: PLW1509
        yield process.pid
        process.kill()


def jailed(
    library: Path, variables: dict[str, str], *argv: str
) -> subprocess.CompletedProcess[str]:
    """Run a Python in the jail, as any program of the layer runs in it."""
    return subprocess.run(
        [os.path.realpath(sys.executable), "-I", *argv],
        env={"LD_PRELOAD": str(library), **variables},
        preexec_fn=powerless,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def among_modules(library: Path, tmp_path: Path) -> Path:
    """The jail beside Python's modules: a server's jail loads nothing that lies elsewhere."""
    layer = tmp_path / "layer"
    shutil.copytree(Path(sysconfig.get_path("stdlib"), "lib-dynload"), layer)
    shutil.copy(library, layer)
    return layer / JAIL


def variables_of(jail: str) -> dict[str, str]:
    return {"LIFEBOAT_JAIL": jail, "LIFEBOAT_JAIL_WRITABLE": sys.base_prefix}


def probe(library: Path, variables: dict[str, str], outside: Path, other: int) -> dict[str, str]:
    outside.write_text("something")
    modules = f"import sys; sys.path.insert(0, {str(library.parent)!r})\n"
    source = modules + Path(__file__).with_name("jail_probe.py").read_text()
    done = jailed(library, variables, "-c", source, str(outside), str(outside), str(other))
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@runs_here
@pytest.mark.parametrize("jail", PROFILES)
def test_each_jail_allows_what_its_programs_need_and_no_more(
    among_modules: Path, tmp_path: Path, other: int, jail: str
) -> None:
    found = probe(among_modules, variables_of(jail), tmp_path / "outside", other)
    expected = {**EVERYWHERE, **PROFILES[jail]}
    assert {name: found[name] for name in expected} == expected


@runs_here
@pytest.mark.parametrize("jail", PROFILES)
def test_a_kernel_with_landlock_hides_all_other_processes_and_lets_nothing_be_written(
    among_modules: Path, tmp_path: Path, other: int, jail: str
) -> None:
    """Each of these is possible without the jail."""
    names = ("write", "environment of another", "memory of another", "signal to another")
    free = "import os; os.kill({0}, 0); os.open('/proc/{0}/mem', os.O_RDONLY)"
    free += "; print(open('/proc/{0}/environ').read())"
    assert "bait" in jailed(among_modules, {}, "-c", free.format(other)).stdout
    found = probe(among_modules, variables_of(jail), tmp_path / "outside", other)
    assert [found[name] for name in names] == ["EACCES", "EACCES", "EACCES", "EPERM"]


@runs_here
@pytest.mark.parametrize("jail", ["server", "offline"])
def test_machine_code_for_another_interface_ends_the_process(
    among_modules: Path, jail: str
) -> None:
    """x32's numbers on x86-64: getpid() would be allowed, by its name. ARM has one interface."""
    if Platform.of_host().architecture == "x86_64":
        modules = f"import sys; sys.path.insert(0, {str(among_modules.parent)!r})\n"
        source = "import ctypes; ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 + 39))"
        done = jailed(among_modules, variables_of(jail), "-c", modules + source)
        assert done.returncode == -signal.SIGSYS


@runs_here
@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"LIFEBOAT_JAIL": "palace"}, "palace: Invalid argument"),
        ({"LIFEBOAT_JAIL": "server"}, "LIFEBOAT_JAIL_WRITABLE"),
        (
            {"LIFEBOAT_JAIL": "server", "LIFEBOAT_JAIL_WRITABLE": "/nowhere"},
            "/nowhere: No such file or directory",
        ),
        ({"LIFEBOAT_JAIL": "offline", "LIFEBOAT_JAIL_CONFIRM": "77"}, "Bad file descriptor"),
    ],
)
def test_a_jail_that_can_not_be_had_ends_the_program_before_it_begins(
    library: Path, variables: dict[str, str], why: str
) -> None:
    done = jailed(library, variables, "-c", "print('it ran')")
    assert done.returncode == 78  # EX_CONFIG
    assert why in done.stderr
    assert done.stdout == ""


@runs_here
def test_without_the_variable_the_library_does_nothing(library: Path) -> None:
    source = "import subprocess; print(subprocess.check_output(['/bin/echo', 'it ran']))"
    assert "it ran" in jailed(library, {}, "-c", source).stdout


@runs_here
def test_a_program_without_the_library_is_never_taken_for_a_jailed_one() -> None:
    for jail in (OFFLINE, REMOTE, server_jail(Path("/tmp"))):  # noqa: S108
        child = Process(["/bin/true"], env={}, jail=jail)
        with pytest.raises(JailError, match="true was to run in a jail"), child:
            child.wait()


@runs_here
def test_a_program_that_a_run_ended_is_no_escape(library: Path) -> None:
    """It may not have come to its jail; whoever killed it knows."""
    with Process(["/bin/sleep", "100"], env={}, jail=OFFLINE) as child:
        child.kill()
        assert child.wait() < 0
    assert library.exists()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_program_of_a_layer_that_can_read_a_backup_loads_the_jail(
    client_layers: dict[Architecture, Path],
    server_layers: dict[Architecture, Path],
    architecture: Architecture,
) -> None:
    for layers, programs in ((client_layers, CLIENT_PROGRAMS), (server_layers, LAYER_PROGRAMS)):
        root = layers[architecture] / "lib/postgresql"
        for major in MAJORS:
            for name in programs:
                assert JAIL in elf.read(root / str(major) / "bin" / name).needed


@runs_here
def test_so_does_every_such_program_of_the_local_servers() -> None:
    root = server_tree(MAJORS)
    for major in MAJORS:
        for name in (*CLIENT_PROGRAMS, "postgres"):
            assert JAIL in elf.read(root / str(major) / "bin" / name).needed


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_server_takes_a_path_by_a_function_that_has_no_walls(
    server_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    root = server_layers[architecture] / "lib/postgresql"
    assert _symbols(root / JAIL, imported=False) == WALLED
    for major in MAJORS:
        files = [root / str(major) / "bin/postgres", *(root / str(major) / "lib").glob("*.so")]
        for file in files:
            taken = _symbols(file, imported=True) & OF_PATHS
            assert taken <= WALLED | HARMLESS, (file, taken - WALLED - HARMLESS)


def _symbols(file: Path, *, imported: bool) -> set[str]:
    with file.open("rb") as stream:
        symbols = ELFFile(stream).get_section_by_name(".dynsym")
        assert isinstance(symbols, SymbolTableSection)
        return {
            symbol.name
            for symbol in symbols.iter_symbols()
            if symbol.name and (symbol["st_shndx"] == "SHN_UNDEF") == imported
        }


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_same_sources_give_the_same_jail_wherever_they_lie(
    client_layers: dict[Architecture, Path],
    server_layers: dict[Architecture, Path],
    architecture: Architecture,
    tmp_path: Path,
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(JAIL_SOURCES[0].parent, elsewhere)
    sources = tuple(elsewhere / source.name for source in JAIL_SOURCES)

    compile_jail(tmp_path, architecture, read(), build=BUILD, sources=sources)

    for layers in (client_layers, server_layers):
        shipped = layers[architecture] / "lib/postgresql" / JAIL
        assert (tmp_path / JAIL).read_bytes() == shipped.read_bytes()
        assert elf.read(shipped).machine == architecture
        assert elf.read(shipped).needed == ("libc.so.6",)


@runs_here
@pytest.mark.parametrize("major", MAJORS)
def test_a_jailed_server_does_all_that_a_restore_asks_of_it(
    server_layers: dict[Architecture, Path], major: int
) -> None:
    root = server_layers[Platform.of_host().architecture] / "lib/postgresql"
    scope = CancelScope(60, lambda: TimeLimitError("too slow", todo="Look."))
    with scope, scratch_directory(Path("/tmp")) as scratch:  # noqa: S108
        programs = Programs(scratch.within_reach(root, (str(major), "zoneinfo")))
        with (
            EmbeddedServer(programs, major, scratch, ServerSize(2048, 2), scope) as server,
            open_again(server.roles.login(server.endpoint(), server.roles.admin)) as session,
        ):
            session.execute("SET search_path = public")
            names = session.execute("SELECT name FROM pg_available_extensions").fetchall()
            for (name,) in names:
                session.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" CASCADE')
            assert len(names) > 40
            session.execute(
                "CREATE TABLE t AS SELECT i, i % 7 AS k FROM generate_series(1, 300000) i"
            )
            session.execute("CREATE INDEX ON t (k, i)")
            session.execute("SET parallel_setup_cost = 0")
            session.execute("SET parallel_tuple_cost = 0")
            plan = session.execute(
                "EXPLAIN ANALYZE SELECT k, count(*) FROM t GROUP BY k"
            ).fetchall()
            assert any(
                "Workers Launched: " in str(line) and "Launched: 0" not in str(line)
                for (line,) in plan
            )
            for statement in (
                *(
                    "VACUUM ANALYZE t",
                    "CHECKPOINT",
                    "REINDEX TABLE t",
                    "VACUUM FULL t",
                ),
                *("ALTER SYSTEM SET autovacuum = on", "SELECT pg_reload_conf()"),
                *("CREATE DATABASE another", "DROP DATABASE another"),
            ):
                session.execute(statement)
            server.require_alive()
