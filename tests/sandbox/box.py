"""A box like the one in which Lambda runs python3.13, made by bubblewrap.

What it has of Lambda: the user without a passwd entry, a read-only root, as much of /tmp as the
function asks for, no /dev/shm, no capabilities, the variables and nothing of the caller's, layers
at /opt, the function at /var/task, Python at /var/lang. What it has not: Lambda's network (it
shares ours, since database and AWS are on this machine), its limits of memory and time, and
Amazon's glibc 2.34 (it is this machine's; the layers' own tests keep their programs at 2.34).
"""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from layers.elf import GLIBC_LIBRARIES
from tests.sandbox.seccomp import SYSTEM_V_IPC

REPOSITORY = Path(__file__).parents[2]
INSTALLED = REPOSITORY / "build" / "sandbox"
EMULATOR = "/usr/local/bin/aws-lambda-rie"
PYTHON = "/var/lang/bin/python3.13"
USER, GROUP = 993, 990
LIBRARY_PATH = (
    "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
)
#: AWS, "Defined runtime environment variables". The order of imports is Lambda's too: the
#: function first (it is the working directory), then layers, then the runtime.
VARIABLES: Mapping[str, str] = {
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "LD_LIBRARY_PATH": LIBRARY_PATH,
    "PYTHONPATH": "/opt/python:/var/runtime",
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
}


@dataclass(frozen=True)
class Box:
    """What is in the box besides Python: all of it read-only.

    Attributes:
        layers: directories whose content lies at /opt.
        files: more files and directories, by where they are inside.
        tmp_mb: the size of /tmp; 512 MB where a function asks for nothing else.
        refused: numbers of the system calls that its kernel doesn't know.
    """

    layers: tuple[Path, ...]
    files: Mapping[str, Path]
    tmp_mb: int = 512
    refused: tuple[int, ...] = SYSTEM_V_IPC

    def argv(
        self, command: Sequence[str], variables: Mapping[str, str], *, filter_fd: int
    ) -> list[str]:
        """How to run a command in it.

        Args:
            command: with its path inside.
            variables: besides Lambda's own, over which they win.
            filter_fd: where to read the system-call filter from.
        """
        return [
            "bwrap",
            *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
            *("--uid", str(USER), "--gid", str(GROUP), "--cap-drop", "ALL"),
            *("--new-session", "--die-with-parent", "--seccomp", str(filter_fd)),
            *("--proc", "/proc", "--size", str(self.tmp_mb << 20), "--tmpfs", "/tmp"),  # noqa: S108
            *_devices(),
            *python_at("/var/lang", "python3.13"),
            *each_of("--ro-bind", self._content().items()),
            *("--remount-ro", "/", "--chdir", "/var/task", "--clearenv"),
            *each_of("--setenv", {**VARIABLES, **variables}.items()),
            *("--", *command),
        ]

    def _content(self) -> dict[str, str]:
        """What lies where: paths outside to paths inside.

        Lambda unpacks one layer over the other; ours have no name in common at the top.
        """
        found = [entry for layer in self.layers for entry in layer.iterdir()]
        assert len({entry.name for entry in found}) == len(found) > 0
        return {
            os.path.realpath("/bin/sh"): "/bin/sh",
            str(INSTALLED / "aws-lambda-rie"): EMULATOR,
            str(INSTALLED / "runtime"): "/var/runtime",
            str(REPOSITORY / "functions"): "/var/task",
            **{str(entry): f"/opt/{entry.name}" for entry in found},
            **{str(path): inside for inside, path in self.files.items()},
        }


def each_of(option: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The option once for each pair of its arguments."""
    return [word for pair in pairs for word in (option, *pair)]


def _devices() -> list[str]:
    """Some of /dev, and above all no /dev/shm, which bubblewrap's own --dev would make."""
    devices = [f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")]
    links = {"stdin": "0", "stdout": "1", "stderr": "2"}
    return [
        *each_of("--dev-bind", ((each, each) for each in devices)),
        *each_of(
            "--symlink", ((f"/proc/self/fd/{n}", f"/dev/{name}") for name, n in links.items())
        ),
        *("--symlink", "/proc/self/fd", "/dev/fd"),
    ]


def python_at(prefix: str, program: str) -> list[str]:
    """The interpreter under our venv, without its packages, and this machine's libraries for it.

    Args:
        prefix: where it is inside.
        program: its name in `bin`.
    """
    library, inside = sysconfig.get_path("stdlib"), f"{prefix}/lib/python3.13"
    python = f"{prefix}/bin/{program}"
    packages = f"{inside}/site-packages"
    has_packages = Path(library, "site-packages").is_dir()  # Debian's own Python hasn't
    return [
        *("--ro-bind", os.path.realpath(sys.executable), python, "--ro-bind", library, inside),
        *(("--tmpfs", packages, "--remount-ro", packages) if has_packages else ()),
        *each_of("--ro-bind", ((path, f"/lib64/{Path(path).name}") for path in host_libraries())),
        # Without LD_LIBRARY_PATH, Debian's dynamic linker looks into /lib and not into /lib64.
        *("--symlink", "lib64", "/lib", "--symlink", "/bin", "/usr/bin"),
    ]


@cache
def host_libraries() -> tuple[str, ...]:
    """Paths of this machine's libraries: what Python, AWS's client and sh load, and all of glibc.

    As on Lambda, whose /lib64 has Amazon's: OpenSSL and zlib for Python, gcc's for the client.
    """
    modules = Path(sysconfig.get_path("stdlib"), "lib-dynload").glob("*.so")
    wanted = [each for each in modules if not each.name.startswith("_tkinter")]  # would need X11
    wanted += (INSTALLED / "runtime").glob("*.so")
    listing = subprocess.run(
        ["/usr/bin/ldd", os.path.realpath(sys.executable), *wanted, "/bin/sh"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    loaded = set(re.findall(r"^\t(?:.* => )?(/\S+) \(", listing, re.MULTILINE))
    (libc,) = (Path(each) for each in loaded if each.endswith("/libc.so.6"))
    glibc = {str(path) for name in GLIBC_LIBRARIES if (path := libc.parent / name).exists()}
    return tuple(sorted({Path(each).name: each for each in glibc | loaded}.values()))
