"""What each job costs a person: `make steps` counts what docs/what-to-type.md has them type.

Counted are commands, answers to questions, files to write, the characters of all three with a real
name in place of each placeholder, and the placeholders themselves: each is something that a person
has to look up first. The page's own table has the figures, and a test compares them.

`make steps ARGS=--time` types it all into a terminal, with the stack that the environment names
(`make demo KEEP=1` prints which), and prints how long each job took.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pexpect

from lifeboat_cli.exit_codes import ExitCode
from tests.support.doc_pages import DOCS, Block, Page

PAGE = DOCS / "what-to-type.md"
VALUES = {
    "administrator url": "postgresql://neondb_owner:npg_AbCdEfGh1234@ep-cool-name-a1b2c3d4"
    ".eu-central-1.aws.neon.tech/spec_drive",
    "backup": "daily/2026-11-22T020000Z",
    "live database": "spec_drive",
}
"""Real names, as long as they usually are."""

_NOT_MEASURED = ("./lifeboat setup", "lifeboat open")
_PATIENCE = 900
_PLACEHOLDER = re.compile(r"<([a-z][a-z -]*)>")


@dataclass(frozen=True)
class Steps:
    """What one job takes.

    Attributes:
        job: its heading.
        commands: lines that are typed at the shell's prompt.
        answers: lines that are typed at a question.
        characters: of both.
        files: that are written first.
        characters: of all three.
        placeholders: names that a person has to look up and put in.
    """

    job: str
    commands: int
    answers: int
    files: int
    characters: int
    placeholders: int

    def row(self) -> str:
        """The job as a row of the page's table."""
        counts = (self.commands, self.answers, self.files, self.characters, self.placeholders)
        return f"| {' | '.join(map(str, (self.job, *counts)))} |"


_COMMANDS, _ANSWERS, _FILE = ("sh", "typed"), ("text", "typed"), ("text", "file")


def typed(page: Page) -> Iterator[tuple[str, list[Block]]]:
    """Each job of the page, a heading with commands, and what is typed for it."""
    blocks = [each for each in page.blocks if each.kind in {_COMMANDS, _ANSWERS, _FILE}]
    for job, found in groupby(blocks, key=lambda each: each.section):
        yield job, list(found)


def jobs(page: Page) -> Iterator[Steps]:
    """What each job of the page takes."""
    for job, blocks in typed(page):
        yield _steps(job, blocks)


def real(text: str, values: Mapping[str, str] = VALUES) -> str:
    """The text with a name in place of each placeholder."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def _steps(job: str, blocks: list[Block]) -> Steps:
    lines = [(block.kind, line) for block in blocks for line in block.text.splitlines()]
    return Steps(
        job=job,
        commands=sum(kind == _COMMANDS for kind, _ in lines),
        answers=sum(kind == _ANSWERS for kind, _ in lines),
        files=sum(block.kind == _FILE for block in blocks),
        characters=sum(len(real(line)) for _, line in lines),
        placeholders=sum(len(_PLACEHOLDER.findall(line)) for _, line in lines),
    )


def is_measured(blocks: list[Block]) -> bool:
    """Whether nothing in it sets up anything, or opens a browser."""
    return not any(each.text.startswith(_NOT_MEASURED) for each in blocks)


def measure(page: Page) -> Iterator[tuple[str, float]]:
    """Type each job into a terminal, but setup and browser; how many seconds each took.

    Raises:
        RuntimeError: a command failed, or asked for more than the page says.
    """
    with tempfile.TemporaryDirectory() as folder:
        migrate = Path(folder) / "migrate"
        migrate.write_text("#!/bin/sh\n")
        migrate.chmod(0o755)
        for job, blocks in typed(page):
            if is_measured(blocks):
                begun = time.monotonic()
                _type(blocks, folder)
                yield job, time.monotonic() - begun


def _type(blocks: list[Block], folder: str) -> None:
    values = {"backup": _asked("backups", "app")["backups"][0]["backup"]}
    for block, after in pairwise([*blocks, None]):
        if block is None or block.kind != _COMMANDS:
            continue
        *first, last = block.text.splitlines()
        answers = after.text.splitlines() if after and after.kind == _ANSWERS else []
        if last.startswith("lifeboat swap"):
            values["live database"] = _asked("swap", "app", "--plan")["live_database"]
        for command in first:
            _run(real(command, values), [], folder)
        _run(real(last, values), [real(each, values) for each in answers], folder)


def _run(command: str, answers: list[str], folder: str) -> None:
    child = pexpect.spawn("/bin/sh", ["-c", command], cwd=folder, timeout=_PATIENCE, echo=False)
    for answer in answers:
        child.expect([r"\[y/N\] ", "to go on: "])
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    if child.exitstatus not in {0, ExitCode.NOT_SAFE}:
        raise RuntimeError(f"{command}: {child.exitstatus}\n{child.before!r}")


def _asked(*arguments: str) -> Any:  # a function's answer
    words = ["lifeboat", *arguments, "--json", "--quiet"]
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)


if __name__ == "__main__":
    if "--time" in sys.argv:
        for name, seconds in measure(Page.read(PAGE)):
            print(f"| {name} | {seconds:.0f} s |")  # noqa: T201
    else:
        for each in jobs(Page.read(PAGE)):
            print(each.row())  # noqa: T201
