"""What each job costs a person: `make steps` counts what docs/what-to-type.md has them type.

Counted are commands, answers to questions, the characters of both with a real name in place of each
placeholder, and the placeholders themselves: each is something that a person has to look up first.
The page's own table has the figures, and a test compares them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from tests.support.doc_pages import DOCS, Block, Page

PAGE = DOCS / "what-to-type.md"
VALUES = {
    "administrator url": "postgresql://neondb_owner:npg_AbCdEfGh1234@ep-cool-name-a1b2c3d4"
    ".eu-central-1.aws.neon.tech/spec_drive",
    "backup": "daily/2026-11-22T020000Z",
    "live database": "spec_drive",
}
"""Real names, as long as they usually are."""

_PLACEHOLDER = re.compile(r"<([a-z][a-z -]*)>")


@dataclass(frozen=True)
class Steps:
    """What one job takes.

    Attributes:
        job: its heading.
        commands: lines that are typed at the shell's prompt.
        answers: lines that are typed at a question.
        characters: of both.
        placeholders: names that a person has to look up and put in.
    """

    job: str
    commands: int
    answers: int
    characters: int
    placeholders: int

    def row(self) -> str:
        """The job as a row of the page's table."""
        cells = (self.job, self.commands, self.answers, self.characters, self.placeholders)
        return f"| {' | '.join(map(str, cells))} |"


def jobs(page: Page) -> Iterator[Steps]:
    """Each job of the page: a heading with commands."""
    typed = [block for block in page.blocks if block.kind in {("sh", "typed"), ("text", "typed")}]
    for job, blocks in groupby(typed, key=lambda block: block.section):
        yield _steps(job, list(blocks))


def _steps(job: str, blocks: list[Block]) -> Steps:
    lines = [(block.language, line) for block in blocks for line in block.text.splitlines()]
    real = [_PLACEHOLDER.sub(lambda found: VALUES[found[1]], line) for _, line in lines]
    return Steps(
        job=job,
        commands=sum(language == "sh" for language, _ in lines),
        answers=sum(language == "text" for language, _ in lines),
        characters=sum(map(len, real)),
        placeholders=sum(len(_PLACEHOLDER.findall(line)) for _, line in lines),
    )


if __name__ == "__main__":
    for each in jobs(Page.read(PAGE)):
        print(each.row())  # noqa: T201
