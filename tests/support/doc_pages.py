"""The pages of docs/runbooks as a test sees them: headings, links, blocks of code, placeholders.

What stands after the language of a block says what becomes of it:

    ```bash get      gets the command line; executed by a test of its own
    ```bash setup    pasted once; goes before every later block of its page
    ```bash run      executed in tests/deployed/test_runbooks.py
    ```bash look     needs a real console or another provider: only its form is checked
    ```text seen     the block before it prints at least these lines, in this order

The commands of a fold stand under its summary, as others do under a heading.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
RUNBOOKS = DOCS / "runbooks"
EVENTS = DOCS / "events"

_FENCE = re.compile(r"^ *```(\S*) ?(.*)$")
_HEADING = re.compile(r"^(#+) (.+)$")
_SUMMARY = re.compile(r"^<summary>(.+)</summary>$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PLACEHOLDER = re.compile(r"<([A-Za-z][A-Za-z -]*)>")
_EVENT = re.compile(r"--function-name Lifeboat-([a-z-]+) .*?--payload '(\{.*?\})' ")


@dataclass(frozen=True)
class Block:
    """One block of code.

    Attributes:
        page: the name of the page, without its ending.
        line: of its first line of code, from 1.
        section: the heading that it stands under, or the summary of a fold.
        language: such as "bash".
        mode: what else stands after the fence.
        text: the code.
    """

    page: str
    line: int
    section: str
    language: str
    mode: str
    text: str

    @property
    def kind(self) -> tuple[str, str]:
        return self.language, self.mode

    def events(self) -> Iterator[tuple[str, object]]:
        """The function that each plain command invokes, without the stack's name; the event."""
        for name, payload in _EVENT.findall(self.text):
            yield name, json.loads(payload)

    def commands(self) -> Iterator[list[str]]:
        """The words of each simple command, as bash splits them."""
        text = self.text.replace("\\\n", " ")
        for line in text.splitlines():
            words = shlex.split(line, comments=True)
            while words and re.match(r"^[A-Z_]+=", words[0]):
                words.pop(0)
            if words:
                yield words


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        name: its file's, without the ending.
        text: all of it.
    """

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> "Page":
        return cls(path.stem, path.read_text())

    @property
    def headings(self) -> list[str]:
        return [match[2] for line in self._prose() if (match := _HEADING.match(line))]

    @property
    def anchors(self) -> set[str]:
        """As GitHub makes them of headings."""
        return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in self.headings}

    @property
    def links(self) -> list[str]:
        return [target for line in self._prose() for target in _LINK.findall(line)]

    @property
    def placeholders(self) -> set[str]:
        return {name for block in self.blocks for name in _PLACEHOLDER.findall(block.text)}

    @property
    def blocks(self) -> list[Block]:
        return list(self._blocks())

    def _blocks(self) -> Iterator[Block]:
        section, fence, body, start = "", None, list[str](), 0
        for number, line in enumerate(self.text.splitlines(), 1):
            match = _FENCE.match(line)
            if fence is None and match:
                fence, body, start = match, [], number + 1
                indent = len(line) - len(line.lstrip())
            elif fence is not None and match:
                text = "".join(f"{each[indent:]}\n" for each in body)
                yield Block(self.name, start, section, fence[1], fence[2], text)
                fence = None
            elif fence is not None:
                body.append(line)
            elif heading := _HEADING.match(line):
                section = heading[2]
            elif summary := _SUMMARY.match(line):
                section = summary[1]
        assert fence is None, f"{self.name}: the block at line {start} has no end"

    def _prose(self) -> Iterator[str]:
        inside = False
        for line in self.text.splitlines():
            if _FENCE.match(line):
                inside = not inside
            elif not inside:
                yield line


def runbooks() -> list[Page]:
    """Every page, the index too."""
    return [Page.read(path) for path in sorted(RUNBOOKS.glob("*.md"))]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what stands for its placeholders."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def require_printed(shown: str, printed: str) -> None:
    """That a program has printed what a page shows; "..." stands for anything within a line.

    Spaces between words count as one, as the widths of columns depend on what is in them.

    Raises:
        AssertionError: a line is missing, or comes too early; says which.
    """
    lines = iter(" ".join(line.split()) for line in printed.splitlines())
    for line in filter(None, (" ".join(each.split()) for each in shown.splitlines())):
        pattern = ".*".join(re.escape(part) for part in line.split("..."))
        assert any(re.fullmatch(pattern, each) for each in lines), f"no {line!r} in\n{printed}"
