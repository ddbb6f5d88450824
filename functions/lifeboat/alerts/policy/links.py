"""The end of each message: where to read more, how to silence it, and who sends it."""

from collections.abc import Iterator
from shlex import quote

from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.silences import UNMUTABLE
from lifeboat.model.console import cloudshell_url, status_page_url
from lifeboat.model.text import line

_RUNBOOK = "docs/runbooks"
_PAGE = "alarms.md"


def alert_links(finding: Finding, installation: Installation) -> tuple[str, ...]:
    """The links below a message that something is wrong.

    Args:
        finding: the first one of the message.
        installation: the stack that sends it.
    """
    return tuple(map(line, _alert(finding, installation)))


def closing_links(installation: Installation) -> tuple[str, ...]:
    """The links below any other message."""
    return tuple(map(line, [_status(installation), installation.sentence]))


def runbook(code: str, installation: Installation) -> str:
    """Where the section about a code is: a URL, or else a page of the checkout."""
    url = installation.alerts.runbook_url
    if url is None:
        return f"{_RUNBOOK}/{_PAGE}, section {code}"
    return f"{url.rstrip('/')}/{_PAGE}#{code}"


def _alert(finding: Finding, installation: Installation) -> Iterator[str]:
    commands, region = installation.commands, installation.region
    yield f"What it means: {runbook(finding.code, installation)}"
    yield _status(installation)
    yield f"A shell in {region} (AWS CloudShell): {cloudshell_url(region)}"
    yield "The program, once in that shell:"
    yield f"   {commands.get_program()}"
    if finding.code not in UNMUTABLE:
        muting = commands.program("mute", finding.database or "-", finding.code.value)
        yield "Mute it for 24 hours, if it is known:"
        yield f"   {muting}"
    again = f" Repeated every {installation.alerts.remind_hours} h while it lasts."
    yield installation.sentence + (again if finding.level is Level.CRITICAL else "")


def _status(installation: Installation) -> str:
    return f"Status page: {status_page_url(installation.region, quote(installation.bucket))}"
