"""A box like the container in which CodeBuild runs a job, made by bubblewrap.

What it has of CodeBuild: root with the capabilities of Docker's containers, a home that is closed
to others and has Python in it, sources unpacked below /codebuild, a working directory there, no
/opt and no /var/task. What it has not: Amazon Linux's files and glibc, CodeBuild's network, and its
limits. The archives are unpacked in the worst way: with no right for anybody but root.

The caller has to be root, if only of its own user namespace: the box has a second user.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.box import each_of, python_at

CODE, POSTGRES, PYTHON_LAYER = (f"/codebuild/output/src39061/src/s3/0{n}" for n in range(3))
_PYENV = "/root/.pyenv/versions/3.13"
VARIABLES: Mapping[str, str] = {
    "PATH": f"{_PYENV}/bin:/usr/local/bin:/usr/bin:/bin",
    "HOME": "/root",
    "CODEBUILD_SRC_DIR": CODE,
    "CODEBUILD_SRC_DIR_postgres": POSTGRES,
    "CODEBUILD_SRC_DIR_python": PYTHON_LAYER,
    "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:us-east-1:000000000000:build/job:1",
    "CODEBUILD_BUILD_NUMBER": "1",
    "CODEBUILD_BUILD_SUCCEEDING": "1",
    "CODEBUILD_CI": "true",
}
#: Docker's, which a container has that is not privileged.
CAPABILITIES = (
    *("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"),
    *("NET_BIND_SERVICE", "NET_RAW", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "SETFCAP"),
)
_PASSWD = (
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin\n"
)


@dataclass(frozen=True)
class JobBox:
    """What is in the box besides Python.

    Attributes:
        sources: directories of its own, by where they are inside.
        files: others that are only read.
    """

    sources: Mapping[str, Path]
    files: Mapping[str, Path]

    @classmethod
    def unpacked(
        cls, sources: Mapping[str, Path], files: Mapping[str, Path], into: Path
    ) -> "JobBox":
        """Unpack the sources as a build does.

        Args:
            sources: built assets, by where they are inside.
            files: others that are only read.
            into: an empty directory.
        """
        passwd = into / "passwd"
        passwd.write_text(_PASSWD)
        copies = {inside: into / Path(inside).name for inside in sources}
        for inside, copy in copies.items():
            shutil.copytree(sources[inside], copy)
            for path in (copy, *copy.rglob("*")):
                path.chmod(0o700 if path.is_dir() else 0o600)
        return cls(copies, {**files, "/etc/passwd": passwd})

    def argv(self, script: str, variables: Mapping[str, str]) -> list[str]:
        """How to run a shell script in it.

        Args:
            script: for sh, which outlives the last command.
            variables: besides CodeBuild's own, over which they win.
        """
        programs = {os.path.realpath(f"/bin/{name}"): f"/bin/{name}" for name in ("sh", "chmod")}
        bound = {**programs, **{str(path): inside for inside, path in self.files.items()}}
        return [
            *("bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
            *("--new-session", "--die-with-parent", "--cap-drop", "ALL"),
            *(word for name in CAPABILITIES for word in ("--cap-add", f"CAP_{name}")),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--perms", "1777", "--size", str(4096 << 20), "--tmpfs", "/tmp"),  # noqa: S108
            *("--perms", "0700", "--dir", "/root"),
            *_open_to_all((*bound.values(), *self.sources)),
            *python_at(_PYENV, "python3"),
            *each_of("--ro-bind", bound.items()),
            *each_of("--bind", ((str(path), inside) for inside, path in self.sources.items())),
            *("--chdir", CODE, "--clearenv"),
            *each_of("--setenv", {**VARIABLES, **variables}.items()),
            *("--", "/bin/sh", "-ec", f"{script}\nexit 0\n"),
        ]


def _open_to_all(paths: Iterable[str]) -> list[str]:
    """The directories that these are in: bubblewrap's own are closed to all but root."""
    above = {each for path in ("/lib64/x", "/usr/bin", *paths) for each in Path(path).parents}
    words = list[str]()
    for each in sorted(above - {Path("/")}):
        words += ["--perms", "0755", "--dir", str(each)]
    return words
