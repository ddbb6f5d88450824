"""Gaps of ministack's Lambda."""

import contextlib
import io
import os
import re
import stat
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
from ministack.core import lambda_runtime  # type: ignore[import-not-found]
from ministack.services import lambda_svc  # type: ignore[import-not-found]

from local.clock import CLOCK

Result = dict[str, Any]

AUTHORITIES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")

ERROR_LINE = re.compile(r"([A-Za-z_][\w.<>]*)(?::|$)")
"""The line of a traceback that names the exception; lines of frames begin with a space."""

_UNPACKED = "lifeboat-unpacked-layer"
"""The only member of a ZIP file that stands for a layer."""


def zip_modes() -> None:
    """Keep the mode bits and symbolic links of code and layers, as Lambda does; zipfile drops both.

    Without it no program of a layer can be run.
    """
    extract = zipfile.ZipFile._extract_member  # type: ignore[attr-defined]  # noqa: SLF001

    def extract_with_mode(
        self: zipfile.ZipFile,
        member: str | zipfile.ZipInfo,
        targetpath: str,
        pwd: bytes | None,
    ) -> str:
        info = member if isinstance(member, zipfile.ZipInfo) else self.getinfo(member)
        path = Path(extract(self, info, targetpath, pwd))
        mode = info.external_attr >> 16
        if stat.S_ISLNK(mode):
            target = path.read_text()
            path.unlink()
            path.symlink_to(target)
        elif mode and path.is_file():
            path.chmod(stat.S_IMODE(mode) | stat.S_IRUSR)
        return str(path)

    zipfile.ZipFile._extract_member = extract_with_mode  # type: ignore[attr-defined]  # noqa: SLF001


def layers_unpacked_once() -> None:
    """Unpack each layer once and link to it; it is read-only, as it is in Lambda.

    As shipped, each cold start writes, checks and unpacks all layers anew: seconds, for ours. There
    is one after every failed invocation. Runs after `zip_modes`, whose unpacking it uses.
    """
    resolve, spawn = lambda_svc._resolve_layer_zip, lambda_runtime.Worker._spawn  # noqa: SLF001
    unpack = zipfile.ZipFile.extractall
    kept = Path(tempfile.mkdtemp(prefix="layers-"))  # below the server's own TMPDIR
    unpacked: dict[bytes, Path] = {}
    turn, starting = threading.Lock(), threading.local()

    def spawn_with_links(worker: Any) -> None:  # noqa: ANN401
        starting.now = True
        try:
            spawn(worker)
        finally:
            starting.now = False

    def resolve_to_link(attachment: str | dict[str, Any]) -> bytes | None:
        """A ZIP file that only says where the layer is, if it is wanted to start a function."""
        content: bytes | None = resolve(attachment)
        if not content or not getattr(starting, "now", False):
            return content
        with turn:
            if content not in unpacked:  # cheap: the hash of bytes is computed once
                folder = Path(tempfile.mkdtemp(dir=kept))
                folder.chmod(0o755)
                with zipfile.ZipFile(io.BytesIO(content)) as file:
                    unpack(file, folder)
                unpacked[content] = folder
        link = io.BytesIO()
        with zipfile.ZipFile(link, "w") as file:
            file.writestr(_UNPACKED, str(unpacked[content]))
        return link.getvalue()

    def unpack_or_link(
        self: zipfile.ZipFile,
        path: str | None = None,
        members: list[str] | None = None,
        pwd: bytes | None = None,
    ) -> None:
        if path is None or self.namelist() != [_UNPACKED]:
            unpack(self, path, members, pwd)
            return
        Path(path).rmdir()
        Path(path).symlink_to(self.read(_UNPACKED).decode())

    lambda_runtime.Worker._spawn = spawn_with_links  # noqa: SLF001
    lambda_svc._resolve_layer_zip = resolve_to_link  # noqa: SLF001
    zipfile.ZipFile.extractall = unpack_or_link  # type: ignore[method-assign, assignment]


def clean_environment() -> None:
    """Give a function Lambda's variables and its own, and nothing of the host's.

    As shipped it inherits all of the server's. See `lambda_environment`.
    """

    def start(argv: list[str], *, env: Mapping[str, str], **rest: Any) -> subprocess.Popen[str]:  # noqa: ANN401
        scratch = Path(argv[-1]).parent
        return subprocess.Popen(argv, env=lambda_environment(env, scratch), **rest)  # noqa: S603

    ours = vars(lambda_runtime.subprocess) | {"Popen": start}
    lambda_runtime.subprocess = SimpleNamespace(**ours)


def lambda_environment(proposed: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """The environment of a function whose files lie in `scratch`.

    PATH and LD_LIBRARY_PATH name what they name in Lambda, minus the host's directories: a
    pg_dump of the host must not hide a broken layer. Layers aren't at /opt, which only root could
    mount, so a function is told where the PostgreSQL programs of its layer are.
    """
    inherited = {name for name, value in os.environ.items() if proposed.get(name) == value}
    own = {n: v for n, v in proposed.items() if n not in inherited and n not in AUTHORITIES}
    layers = [Path(layer) for layer in own.get("_LAMBDA_LAYERS_DIRS", "").split(":") if layer]
    temporary = scratch / "tmp"
    temporary.mkdir(exist_ok=True)
    ours = {
        "PATH": ":".join(["/var/lang/bin", *(f"{layer}/bin" for layer in layers)]),
        "LD_LIBRARY_PATH": ":".join(["/var/lang/lib", *(f"{layer}/lib" for layer in layers)]),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "TMPDIR": str(temporary),
        "AWS_CA_BUNDLE": os.environ["LIFEBOAT_CA_FILE"],
    }
    for layer in layers:
        if (layer / "lib" / "postgresql").is_dir():
            ours["LIFEBOAT_POSTGRES_ROOT"] = str(layer / "lib" / "postgresql")
    return CLOCK | ours | own


def kill_descendants() -> None:
    """End a function's children with it when its time is up or it failed, at once.

    The end of a sandbox is the end of all its processes; as shipped a pg_dump would survive.
    """

    def kill(process: subprocess.Popen[str] | None) -> None:
        if process is None or process.poll() is not None:
            return
        worker = psutil.Process(process.pid)
        for each in [*worker.children(recursive=True), worker]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()

    lambda_runtime._signal = kill  # noqa: SLF001


def error_types() -> None:
    """Report the class of the exception as errorType; as shipped it is always the same word."""
    execute = lambda_svc._execute_function_warm  # noqa: SLF001

    def execute_and_name(func: Result, event: object, request_id: str) -> Result:
        result: Result = execute(func, event, request_id)
        if result.get("error") and result["body"].get("errorType") == "Runtime.HandlerError":
            result["body"]["errorType"] = _error_type(result["body"]["errorMessage"], result["log"])
        return result

    lambda_svc._execute_function_warm = execute_and_name  # noqa: SLF001


def _error_type(message: str, log: str) -> str:
    if message == "Worker process died":
        return "Runtime.ExitError"
    traceback = log.rpartition("Traceback (most recent call last):")[2]
    for line in traceback.splitlines():
        if found := ERROR_LINE.match(line):
            return found.group(1).rpartition(".")[2]
    return "Runtime.HandlerError"
