"""`lifeboat.pyz` runs where CloudShell's Python is: 3.9, or the oldest that this machine has."""

import ast
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

import lifeboat
import lifeboat_cli
from layers.build import BUILD, ROOT, build_once, digest
from layers.command_line import NAME, command_line
from layers.wheels import run_uv
from tests.support.oldest_python import OLDEST_MINOR, oldest_python

VERSION, PYTHON = oldest_python()


@pytest.fixture(scope="session")
def sdk() -> Path:
    """boto3 for that Python, which CloudShell has."""
    locked = (ROOT / "requirements" / "cloudshell.txt").read_text()

    def fill(draft: Path) -> None:
        run_uv(
            *("pip", "install", "--target", str(draft), "--no-deps", "--only-binary", ":all:"),
            *("--require-hashes", "--no-compile-bytecode", "--python-version", VERSION),
            *("--requirements", "-"),
            stdin=locked,
        )
        (draft / ".lock").unlink(missing_ok=True)

    return build_once(BUILD / "sdk" / f"{VERSION}-{digest([locked.encode()])}", fill)


def run(*arguments: str, sdk: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run it with that Python alone, nothing of this environment."""
    return subprocess.run(
        [PYTHON, "-S", command_line(), *arguments],
        env={"PATH": "/nowhere", "PYTHONPATH": str(sdk or ""), "AWS_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("python", [VERSION])
def test_it_runs_with_the_oldest_python_that_is_to_be_had(sdk: Path, python: str) -> None:
    assert python, "the id of this test says which: 3.9 where there is one"
    event = run(
        "restore", "app", "--before", "yesterday 09:00", "--show-event", "--stack", "X", sdk=sdk
    )
    assert event.returncode == 0, event.stderr
    assert event.stdout.startswith("X-restore\n")
    assert "Warning" not in event.stderr
    listed = run("--help", sdk=sdk)
    assert listed.returncode == 0
    assert "restore" in listed.stdout


def test_every_command_of_it_can_be_imported_there(sdk: Path) -> None:
    with zipfile.ZipFile(command_line()) as archive:
        names = [
            name.removesuffix(".py").replace("/", ".")
            for name in archive.namelist()
            if name.startswith("lifeboat_cli/") and name.endswith(".py")
        ]
    names = [name for name in names if not name.endswith("__main__")]
    assert "lifeboat_cli.commands.restore" in names
    script = f"import sys; sys.path.insert(0, {str(command_line())!r}); import {', '.join(names)}"
    done = subprocess.run(
        [PYTHON, "-S", "-c", script],
        env={"PYTHONPATH": str(sdk)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_without_boto3_it_says_what_to_install() -> None:
    done = run("status")
    assert done.returncode == 1
    assert "python3 -m pip install --user boto3" in done.stderr


def test_all_that_is_ours_in_it_is_python_3_9() -> None:
    with zipfile.ZipFile(command_line()) as archive:
        for name in archive.namelist():
            if name.startswith("lifeboat_cli/") and name.endswith(".py"):
                ast.parse(archive.read(name), name, feature_version=(3, OLDEST_MINOR))


def test_nothing_of_the_checkout_but_command_line_and_runbooks_is_in_it() -> None:
    with zipfile.ZipFile(command_line()) as archive:
        names = archive.namelist()
        assert archive.read("lifeboat_cli/runbooks/data-corruption.md").startswith(b"# Data corr")
    roots = {name.partition("/")[0].partition("-")[0] for name in names}
    assert roots == {
        "__main__.py",
        "click",
        "lifeboat_cli",
        "markdown_it",
        "markdown_it_py",
        "mdurl",
        "pygments",
        "rich",
    }
    assert any("LICENSE" in name for name in names)


def test_the_same_input_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/Anchorage")
    before = os.umask(0o077)
    try:
        again = command_line(build=tmp_path)
    finally:
        os.umask(before)
    assert again.name == NAME
    assert again.read_bytes() == command_line().read_bytes()


def test_the_checkout_builds_a_wheel_that_has_the_program(tmp_path: Path) -> None:
    """What pipx and uvx do; `--no-build-isolation` would need setuptools here."""
    source = shutil.copytree(ROOT / "cli", tmp_path / "cli")
    target = tmp_path / "there"
    run_uv("pip", "install", "--quiet", "--no-deps", "--target", str(target), str(source), stdin="")
    assert (target / "bin" / "lifeboat").is_file()
    assert (target / "lifeboat_cli" / "commands" / "restore.py").is_file()
    assert (target / "lifeboat_cli" / "runbooks" / "alarms.md").is_file()
    assert (target / f"lifeboat_cli-{lifeboat.__version__}.dist-info").is_dir()
    assert lifeboat_cli.__version__ == lifeboat.__version__
