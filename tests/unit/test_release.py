"""A release is made of what is committed, versioned and described, or not at all."""

import subprocess
from pathlib import Path

import pytest

from tools.release import CHANGELOG, INIT, ReleaseError, tag_release

CHANGES = """# Changelog

## [Unreleased]

## [1.2.0] - 2026-11-29

### Added

- A release.

## [1.1.0] - 2026-10-01

- An older one.
"""


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    command = ["git", "-C", str(repository), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "somebody@example.com")
    for variable in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):  # set inside of a git hook
        monkeypatch.delenv(variable, raising=False)
    git(tmp_path, "init", "--quiet")
    write(tmp_path, CHANGES)
    return tmp_path


def write(checkout: Path, changes: str, *, version: str = "1.2.0", inside: str = "1.2.0") -> None:
    (checkout / INIT).parent.mkdir(parents=True, exist_ok=True)
    (checkout / INIT).write_text(f'__version__ = "{inside}"\n')
    (checkout / "pyproject.toml").write_text(f'[project]\nname = "x"\nversion = "{version}"\n')
    (checkout / CHANGELOG).write_text(changes)
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "chore: all of it")


def test_a_release_is_a_tag_that_says_what_has_changed(checkout: Path) -> None:
    assert tag_release(checkout) == "v1.2.0"
    message = git(checkout, "tag", "--list", "--format=%(contents)", "v1.2.0")
    assert message.strip() == "Lifeboat 1.2.0\n\n### Added\n\n- A release."
    assert git(checkout, "rev-parse", "v1.2.0^{commit}") == git(checkout, "rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["new.txt", CHANGELOG])
def test_what_is_not_committed_is_refused_by_its_name(checkout: Path, name: str) -> None:
    (checkout / name).write_text("something else\n")
    refused(checkout, f"not committed: {name}")


def test_a_version_is_released_once(checkout: Path) -> None:
    tag_release(checkout)
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "fix: more")
    with pytest.raises(ReleaseError, match=r"there is a tag v1\.2\.0"):
        tag_release(checkout)
    assert git(checkout, "rev-parse", "v1.2.0^{commit}") != git(checkout, "rev-parse", "HEAD")


def test_two_versions_that_differ_are_refused(checkout: Path) -> None:
    write(checkout, CHANGES, inside="1.1.0")
    refused(checkout, "pyproject.toml has version 1.2.0, .* has 1.1.0")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (CHANGES.replace("[1.2.0]", "[1.2.1]"), "no section for version 1.2.0"),
        (CHANGES.replace("1.2.0] - 2026-11-29", "1.2.0]"), "no section for version 1.2.0"),
        (CHANGES.replace("d]\n", "d]\n\n### Fixed\n\n- A bug.\n", 1), r"changes under \[Unrel"),
    ],
)
def test_a_version_without_its_own_changes_is_refused(
    checkout: Path, changes: str, said: str
) -> None:
    write(checkout, changes)
    refused(checkout, said)


def refused(checkout: Path, said: str) -> None:
    with pytest.raises(ReleaseError, match=said):
        tag_release(checkout)
    assert git(checkout, "tag", "--list") == ""
