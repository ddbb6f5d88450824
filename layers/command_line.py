"""Builds `lifeboat.pyz`: the command line in one file, for a machine without the checkout.

It runs on the Python of AWS CloudShell (3.9) and later. In it are the command line, click and rich,
and the runbooks. boto3 comes from the machine: CloudShell has it.
"""

import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from layers.build import BUILD, ROOT, build_once, digest, source_of
from layers.wheels import run_uv

CLI = ROOT / "cli" / "lifeboat_cli"
RUNBOOKS = ROOT / "docs" / "runbooks"
"""A symbolic link in the command line leads there; the copy in the file has the pages."""
WHEELS = ROOT / "requirements" / "cli.txt"
NAME = "lifeboat.pyz"
OLDEST_PYTHON = "3.9"
"""The oldest Python that it runs on."""

_INTERPRETER = b"#!/usr/bin/env python3\n"
_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in it, so that the same input gives the same bytes."""

_MAIN = """\
import sys

if sys.version_info < (3, 9):
    sys.exit("error: lifeboat needs Python 3.9 or later.\\n  Safe: Nothing was done.\\n"
             "  Next: Start it with a newer one: python3.9 lifeboat.pyz")
try:
    import boto3  # noqa: F401
except ImportError:
    sys.exit("error: boto3 (the AWS SDK for Python) is missing.\\n  Safe: Nothing was done.\\n"
             "  Next: python3 -m pip install --user boto3, or use AWS CloudShell, which has it.")
from lifeboat_cli.main import run

run()
"""
"""Older Pythons have to be able to read this file, or they can't say what is wrong."""

_SURPLUS = ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "entry_points.txt", "py.typed")


def command_line(*, build: Path = BUILD) -> Path:
    """The file `lifeboat.pyz`, built when it isn't there; the same input gives the same bytes.

    Args:
        build: where to build.

    Raises:
        LayerError: a wheel can't be had, or isn't the pinned one.
    """
    inputs = digest(
        part
        for path in _sources()
        for part in (path.relative_to(ROOT).as_posix().encode(), path.read_bytes())
    )
    own = digest(source_of(ROOT / "layers"))
    return build_once(build / "command-line" / f"{inputs}-{own}", _fill) / NAME


def _sources() -> Iterator[Path]:
    yield from sorted(each for each in CLI.rglob("*") if _belongs(each))
    yield from sorted(RUNBOOKS.glob("*.md"))
    yield WHEELS


def _belongs(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _fill(draft: Path) -> None:
    tree = draft / "tree"
    run_uv(
        *("pip", "install", "--target", str(tree), "--no-deps", "--only-binary", ":all:"),
        *("--require-hashes", "--no-compile-bytecode", "--link-mode", "copy"),
        *("--python-platform", "linux", "--python-version", OLDEST_PYTHON),
        *("--requirements", "-"),
        stdin=WHEELS.read_text(encoding="utf-8"),
    )
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CLI, tree / CLI.name, ignore=ignore)
    (tree / "__main__.py").write_text(_MAIN, encoding="utf-8")
    _pack(tree, draft / NAME)
    shutil.rmtree(tree)


def _pack(tree: Path, target: Path) -> None:
    """Zip the tree. `zipapp` would take times and modes from the files, in local time."""
    with target.open("wb") as file:
        file.write(_INTERPRETER)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path in sorted(each for each in tree.rglob("*") if _is_packed(each, tree)):
                entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), _TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (stat.S_IFREG | 0o644) << 16
                archive.writestr(entry, path.read_bytes())
    target.chmod(0o755)


def _is_packed(path: Path, tree: Path) -> bool:
    """Whether it is of use: of a wheel's own files, only its metadata and its licence are."""
    first = path.relative_to(tree).parts[0]
    return path.is_file() and first != "bin" and path.name not in (*_SURPLUS, ".lock")
