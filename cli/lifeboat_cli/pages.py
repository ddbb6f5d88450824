"""The runbooks. They are packed with the program, so that they can be read at night."""

from __future__ import annotations

import re
from importlib.resources import files

from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode

ALARMS = "alarms"
"""The page with a section for each alarm and each finding."""

_FOLDER = files("lifeboat_cli") / "runbooks"
_SUFFIX = ".md"
_LINK = re.compile(r"\]\(#([a-z-]+)\)")
_FOLD = "<details>\n<summary>Without the command line</summary>\n"
_END = "</details>\n"


def names() -> list[str]:
    """All runbooks, in the order of the alphabet."""
    return sorted(
        each.name[: -len(_SUFFIX)]
        for each in _FOLDER.iterdir()
        if each.name.endswith(_SUFFIX) and each.name != "README.md"
    )


def page(name: str) -> str:
    """The text of a runbook, as a terminal shows it.

    Raises:
        CommandError: there is none of that name.
    """
    if name in names():
        return for_terminal((_FOLDER / f"{name}{_SUFFIX}").read_text(encoding="utf-8"))
    raise CommandError(
        f"There is no runbook {name}.",
        safe="Nothing was done.",
        next_step=f"Name one of: {', '.join(names())}.",
        code=ExitCode.USAGE,
    )


def for_terminal(text: str) -> str:
    """A page without the fold for those who lack this program, and without the fences' marks.

    Args:
        text: of the file.
    """
    before, _, fold = text.partition(_FOLD)
    lines = (before + fold.partition(_END)[2]).strip().splitlines()
    return "".join(f"{_without_mark(line)}\n" for line in lines)


def _without_mark(line: str) -> str:
    """The line; of a fence, only the language is left: what follows is for the project's tests."""
    fence = line.lstrip()
    if not fence.startswith("```"):
        return line
    return line[: len(line) - len(fence)] + fence.partition(" ")[0]


def title(name: str) -> str:
    """The title of a runbook."""
    return page(name).partition("\n")[0].lstrip("# ")


def chapter(name: str, heading: str) -> str:
    """A part of a runbook below a heading of the second level, with that heading.

    Raises:
        ValueError: the page has no such heading.
    """
    text = page(name)
    _, mark, rest = text[text.index(f"## {heading}\n") :].partition("## ")
    return (mark + rest.partition("\n## ")[0]).strip()


def section(code: str) -> str:
    """What the runbook says of a finding or an alarm, with the steps that it refers to.

    Raises:
        CommandError: there is no such code.
    """
    text = page(ALARMS)
    found = sections(text)
    if code in found:
        return with_steps(code, text)
    raise CommandError(
        f"There is no finding or alarm {code}.",
        safe="Nothing was done.",
        next_step=f"Name one of: {', '.join(sorted(found))}.",
        code=ExitCode.USAGE,
    )


def sections(text: str) -> dict[str, str]:
    """The sections of the page that are named by a code, by that code."""
    return {heading: body for heading, body in _parts(text) if heading == _anchor(heading)}


def with_steps(code: str, text: str) -> str:
    """The section of a code, then the parts without a code to which it links."""
    explained = sections(text)[code]
    linked = {match[1] for match in _LINK.finditer(explained)}
    steps = [
        body
        for heading, body in _parts(text)
        if heading != _anchor(heading) and _anchor(heading) in linked
    ]
    return "\n\n".join([explained, *steps])


def _parts(text: str) -> list[tuple[str, str]]:
    """The parts of a page below headings of the third level, with their headings."""
    found: list[tuple[str, list[str]]] = []
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(("# ", "## ")):
            lines = []
        elif line.startswith("### "):
            lines = []
            found.append((line[len("### ") :], lines))
        lines.append(line)
    return [(heading, "\n".join(each).strip()) for heading, each in found]


def _anchor(heading: str) -> str:
    """What links to a heading, as GitHub makes it."""
    return heading.lower().replace(" ", "-")
