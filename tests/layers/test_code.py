"""The functions' code as Lambda gets it: whatever the checkout's modes, everyone may read it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from layers.build import content_digest
from layers.code import FUNCTIONS, function_code


def modes(tree: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in [tree, *tree.rglob("*")]}


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    """A checkout that was made with umask 077."""
    source = tmp_path / "functions"
    (source / "package" / "__pycache__").mkdir(parents=True)
    (source / "package" / "__init__.py").write_text("WHO = 'package'\n")
    (source / "package" / "__pycache__" / "left.cpython-313.pyc").write_bytes(b"left over")
    for path in [source, *source.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    return source


def test_code_is_readable_for_the_user_that_lambda_runs_it_as(strict: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        code = function_code(build=tmp_path / "build", functions=strict)
    finally:
        os.umask(before)

    assert modes(code) == {(True, 0o755), (False, 0o644)}
    assert [path.name for path in code.rglob("*") if path.is_file()] == ["__init__.py"]


def test_the_name_of_a_build_tells_other_content_and_other_modes(
    strict: Path, tmp_path: Path
) -> None:
    first = function_code(build=tmp_path / "build", functions=strict)
    (strict / "package" / "__init__.py").write_text("WHO = 'another'\n")
    second = function_code(build=tmp_path / "build", functions=strict)
    before = content_digest(second)
    (second / "package" / "__init__.py").chmod(0o600)

    assert first != second
    assert content_digest(second) != before


def test_what_the_functions_import_is_all_there(tmp_path: Path) -> None:
    code = function_code(build=tmp_path / "build")
    check = "import lifeboat, sys; print(lifeboat.__file__)"

    done = subprocess.run(
        [sys.executable, "-S", "-c", check],
        env={"PYTHONPATH": str(code)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith(str(code))
    ours = {path.relative_to(FUNCTIONS) for path in FUNCTIONS.rglob("*.py")}
    assert ours == {path.relative_to(code) for path in code.rglob("*.py")}
