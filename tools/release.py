"""Tag a release: the version of pyproject.toml, with its section of the changelog.

`python -m tools.release` changes nothing but adding one tag, and pushes nothing.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import ClassVar

from lifeboat.errors import LifeboatError

REPOSITORY = Path(__file__).parents[1]
INIT = "functions/lifeboat/__init__.py"
CHANGELOG = "CHANGELOG.md"


class ReleaseError(LifeboatError):
    """The checkout is not what a release may be made of."""

    safe_by_default: ClassVar[str] = "No tag was made, and nothing was pushed."


def tag_release(repository: Path) -> str:
    """Make the annotated tag `v<version>` on the present commit.

    Returns:
        The tag's name.

    Raises:
        ReleaseError: something is not committed, the version has its tag already, or the
            changelog has no section of its own for it.
    """
    version = _version(repository)
    tag = f"v{version}"
    if changed := _git(repository, "status", "--porcelain"):
        raise ReleaseError(
            f"There is something in the checkout that is not committed: {changed.split()[-1]}.",
            todo="Commit it or put it away, then: make release",
        )
    if _git(repository, "tag", "--list", tag):
        raise ReleaseError(
            f"Version {version} has been released: there is a tag {tag}.",
            todo=f"Raise the version in pyproject.toml and {INIT}, and give it its section in"
            f" {CHANGELOG}.",
        )
    _git(repository, "tag", "--annotate", tag, "--message", _section(repository, version))
    return tag


def _version(repository: Path) -> str:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    version = str(project["version"])
    inside = re.search(r'^__version__ = "(.+)"$', (repository / INIT).read_text(), re.MULTILINE)
    if inside is None or inside[1] != version:
        raise ReleaseError(
            f"pyproject.toml has version {version}, {INIT} has {inside[1] if inside else 'none'}.",
            todo="Write the same version into both.",
        )
    return version


def _section(repository: Path, version: str) -> str:
    """What the changelog says of that version."""
    parts = re.split(r"^## ", (repository / CHANGELOG).read_text(), flags=re.MULTILINE)[1:]
    sections = dict(part.partition("\n")[::2] for part in parts)
    if re.search(r"^- ", sections.get("[Unreleased]", ""), re.MULTILINE):
        raise ReleaseError(
            f"{CHANGELOG} has changes under [Unreleased].",
            todo=f"Put them under a heading of their own: ## [{version}] - <today, as 2026-11-29>",
        )
    for heading, text in sections.items():
        if re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", heading):
            return f"Lifeboat {version}\n\n{text.strip()}\n"
    raise ReleaseError(
        f"{CHANGELOG} has no section for version {version}.",
        todo=f"Give it one: ## [{version}] - <today, as 2026-11-29>",
    )


def _git(repository: Path, *arguments: str) -> str:
    # "#" begins a heading in the changelog, and would begin a comment in a tag's message.
    cleanup = ("--cleanup=verbatim",) if "--annotate" in arguments else ()
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(repository), *arguments, *cleanup],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def main() -> None:
    """Tag, and say how to publish the tag."""
    try:
        tag = tag_release(REPOSITORY)
    except ReleaseError as error:
        sys.exit(str(error))
    sys.stdout.write(f"Tagged {tag}. Look: git show {tag}\nPublish: git push origin {tag}\n")


if __name__ == "__main__":
    main()
