"""`lifeboat status`: is everything backed up and proven?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click
from rich.text import Text

from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.invoke import Answer, call
from lifeboat_cli.options import command as declared
from lifeboat_cli.tables import STYLES, table
from lifeboat_cli.text import NONE, age, minute, plural, safe_line, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lifeboat_cli.context import Context

SAFE = "healthy"
"""The one word of the answer that says that a database or all of them are safe."""
_MOST_ALIKE = 3
"""Findings of one kind that are shown in full."""
_HEADINGS = ("DATABASE", "HEALTH", "BACKUP", "SIZE", "DRILL", "RESTORE")


@declared()
@click.argument("database", required=False)
def status(context: Context, database: str | None) -> ExitCode:
    """Is everything backed up and proven? Exit code 4 if not.

    It shows the worst database first, then what was found and what to do. With a name it shows
    that database alone.
    """
    answer = call(context, "monitor", None, {})
    databases = _chosen(answer, database)
    findings = [
        each for each in answer["findings"] if database is None or each["database"] == database
    ]
    if context.options.json:
        context.show_json(answer)
    else:
        context.show(table(_HEADINGS, map(_cells, databases)))
        for each in databases:
            context.show_prose(*_jobs(each))
        for each in filter(_says, databases):
            context.show("")
            context.show_prose(f"{each['name']}: {safe_line(_says(each))}")
        for alike in _alike(findings):
            for finding in alike[:_MOST_ALIKE]:
                _show_finding(context, finding)
            if len(alike) > _MOST_ALIKE:
                more = plural(len(alike) - _MOST_ALIKE, "more finding")
                context.show("", f"{more} of {alike[0]['code']}; --json prints them all.")
        context.show("", *_summary(answer, databases))
    healths = [each["health"] for each in databases]
    if database is None:
        healths.append(answer["health"])
    return ExitCode.DONE if all(each == SAFE for each in healths) else ExitCode.NOT_SAFE


command = status


def _chosen(answer: Answer, database: str | None) -> Sequence[Answer]:
    """The databases to show, the worst first, as the answer's findings have them."""
    found = [each for each in answer["databases"] if database in (None, each["name"])]
    if not found:
        names = ", ".join(each["name"] for each in answer["databases"])
        raise CommandError(
            f"There is no database {database} in this stack.",
            safe="Nothing was changed.",
            next_step=f"Name one of: {names}.",
            code=ExitCode.USAGE,
        )
    return sorted(found, key=_badness)


def _badness(database: Answer) -> tuple[bool, int, int, bool]:
    return (
        database["health"] == SAFE,
        -database["critical_findings"],
        -database["warnings"],
        database["newest_backup"] is not None,
    )


def _cells(database: Answer) -> tuple[str, ...]:
    health = database["health"].replace("-", " ")
    if not database["checked"]:
        return (database["name"], health, *"????")
    backup, drill = database["newest_backup"], database["newest_drill"]
    return (
        database["name"],
        health,
        age(timedelta(hours=backup["age_hours"])) if backup else "none",
        size(backup["archive_bytes"]) if backup else NONE,
        f"{drill['verdict']}, {age(timedelta(days=drill['age_days']))}" if drill else "never",
        f"{drill['seconds'] / 60:.1f} of {drill['rto_seconds'] // 60} min" if drill else NONE,
    )


def _jobs(database: Answer) -> Iterator[str]:
    """What of the database runs as a job; a monitor from before there were jobs says nothing."""
    for job in database.get("jobs", ()):
        state = "waits for its job" if job["waits"] else "runs as a job"
        since = f"since {minute(job['since'])} UTC"
        why = f": {safe_line(job['reason'])}" if job["reason"] else ""
        yield f"{database['name']}: a {job['kind']} {state} {since}{why}"


def _says(database: Answer) -> str:
    """What its provider can give back by itself; "" if the provider is not asked."""
    provider = database.get("provider")  # a stack from before has no such key
    return provider["says"] if provider else ""


def _alike(findings: Sequence[Answer]) -> Iterable[list[Answer]]:
    """The findings by kind, in their order: one refusal of S3 may make dozens that say the same."""
    kinds: dict[tuple[str, ...], list[Answer]] = {}
    for each in findings:
        kinds.setdefault((each["level"], each["database"] or "", each["code"]), []).append(each)
    return kinds.values()


def _show_finding(context: Context, finding: Answer) -> None:
    whose = finding["database"] or "the bucket"
    head = f"{finding['level'].upper()}: {whose} {safe_line(finding['headline'])}"
    context.show("", Text(head, style=STYLES.get(finding["level"], "")))
    context.show_prose(f"  {safe_line(finding['fact'])}", f"  Safe: {safe_line(finding['safe'])}")
    for number, step in enumerate(finding["advice"], 1):
        command = safe_line(step["command"])
        context.show_prose(f"  {number}. {safe_line(step['text'])}{':' if command else ''}")
        if command:
            context.show(f"     {command}")
    context.show(f"  lifeboat explain {finding['code']}")


def verdict(answer: Answer, databases: Sequence[Answer]) -> str:
    """Whether all is safe, in a few words.

    Args:
        answer: the monitor's.
        databases: those of it that were asked about.
    """
    count, unsafe = len(databases), sum(each["health"] != SAFE for each in databases)
    if unsafe and count == 1:
        return "The database is not safe"
    if unsafe:
        return f"{unsafe} of {count} databases {'is' if unsafe == 1 else 'are'} not safe"
    everything = count == len(answer["databases"])
    if everything and answer["health"] != SAFE:
        return "The databases are safe, the bucket is not"
    return "The database is safe" if count == 1 else f"All {count} databases are safe"


def _summary(answer: Answer, databases: Sequence[Answer]) -> Iterator[str]:
    bill = answer["bill"]["total"]
    yield f"{verdict(answer, databases)}, checked {minute(answer['checked_at'])} UTC"
    yield f"About ${bill:,.2f} a month (lifeboat cost)"
