"""The runbooks. They are packed with the program, so that they can be read at night."""

from __future__ import annotations

from importlib.resources import files

from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode

ALARMS = "alarms"
"""The page with a section for each alarm and each finding."""

_FOLDER = files("lifeboat_cli") / "runbooks"
_SUFFIX = ".md"


def names() -> list[str]:
    """All runbooks, in the order of the alphabet."""
    return sorted(
        each.name[: -len(_SUFFIX)]
        for each in _FOLDER.iterdir()
        if each.name.endswith(_SUFFIX) and each.name != "README.md"
    )


def page(name: str) -> str:
    """The text of a runbook.

    Raises:
        CommandError: there is none of that name.
    """
    if name in names():
        return (_FOLDER / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    raise CommandError(
        f"There is no runbook {name}.",
        safe="Nothing was done.",
        next_step=f"Name one of: {', '.join(names())}.",
        code=ExitCode.USAGE,
    )


def title(name: str) -> str:
    """The title of a runbook."""
    return page(name).partition("\n")[0].lstrip("# ")


def section(code: str) -> str:
    """What the runbook says of a finding or an alarm.

    Raises:
        CommandError: there is no such code.
    """
    found = sections(page(ALARMS))
    if code in found:
        return found[code]
    raise CommandError(
        f"There is no finding or alarm {code}.",
        safe="Nothing was done.",
        next_step=f"Name one of: {', '.join(sorted(found))}.",
        code=ExitCode.USAGE,
    )


def sections(text: str) -> dict[str, str]:
    """The sections of the page that are named by a code, by that code."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(("# ", "## ")):
            lines = []
        elif line.startswith("### "):
            name = line[len("### ") :]
            lines = found.setdefault(name, []) if name == name.lower() and " " not in name else []
        lines.append(line)
    return {name: "\n".join(each).strip() for name, each in found.items()}
