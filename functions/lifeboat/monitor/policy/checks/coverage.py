"""Checks for gaps in the facts, unfinished uploads, and objects of no database."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.commands import Commands
from lifeboat.model.keys import DRILLS
from lifeboat.model.steps import Step, plain_steps
from lifeboat.model.text import format_age, join_first, plural
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.facts import Facts, UnfinishedUpload, Unknown, backups_to_read

STALE_UPLOAD_AGE = timedelta(days=2)
"""An older upload is stale: no job lasts two days."""

MAX_UPLOAD_AGE = timedelta(days=4)
"""By this age the bucket's lifecycle rule has aborted an upload; it takes up to two days."""

_SAFE = "Nothing was changed, and nothing is known to be wrong; it was only not checked."


def gap_findings(facts: Facts, now: datetime, commands: Commands) -> Iterator[Finding]:
    """Failed calls, stale uploads, unmanaged prefixes."""
    for problem in facts.problems:
        yield check_incomplete(
            problem.database, problem.subject, Level.WARNING, problem.why, problem.todo
        )
    if isinstance(facts.uploads, Unknown):
        yield check_incomplete(
            None, "uploads", Level.WARNING, facts.uploads.why, facts.uploads.todo
        )
    else:
        yield from _uploads(facts.uploads, now, commands)
    if isinstance(facts.builds, Unknown):
        yield check_incomplete(None, "builds", Level.WARNING, facts.builds.why, facts.builds.todo)
    if isinstance(facts.unmanaged_prefixes, Unknown):
        yield check_incomplete(
            None,
            "unmanaged_prefixes",
            Level.WARNING,
            facts.unmanaged_prefixes.why,
            facts.unmanaged_prefixes.todo,
        )
    else:
        yield from _unmanaged_prefixes(facts.unmanaged_prefixes, commands)


def check_incomplete(
    database: str | None, subject: str, level: Level, why: str, todo: str
) -> Finding:
    """The finding that the facts have a gap."""
    return Finding(
        code=Code.CHECK_INCOMPLETE,
        level=level,
        database=database,
        subject=subject,
        headline="could not be checked"
        if level is Level.CRITICAL
        else "was not checked completely",
        fact=why,
        safe=_SAFE,
        advice=plain_steps(todo),
    )


def unread_findings(view: DatabaseView) -> Iterator[Finding]:
    """Whether all manifests that checks need were read."""
    read = {manifest.key for manifest in view.facts.manifests}
    needed = backups_to_read(view.objects, view.settings.monitor.history)
    missing = [each.id for each in needed if each.manifest_key not in read]
    if missing:
        yield check_incomplete(
            view.name,
            "manifests",
            Level.WARNING,
            f"{plural(len(missing), 'manifest')} of {view.name} not read: {join_first(missing)}.",
            "Read the reason in the monitor's log and in the other findings.",
        )


def _uploads(
    uploads: tuple[UnfinishedUpload, ...], now: datetime, commands: Commands
) -> Iterator[Finding]:
    owners: defaultdict[str, list[UnfinishedUpload]] = defaultdict(list)
    for upload in uploads:
        if now - upload.initiated > STALE_UPLOAD_AGE:
            owners["/".join(upload.key.split("/")[:2])].append(upload)
    for owner, each in sorted(owners.items()):
        oldest = min(upload.initiated for upload in each)
        recent = now - oldest <= MAX_UPLOAD_AGE
        yield Finding(
            code=Code.STALE_UPLOAD,
            level=Level.INFO if recent else Level.WARNING,
            subject=owner,
            headline=f"has {plural(len(each), 'unfinished upload')} under {owner}",
            fact=f"These uploads were started but not completed or aborted, the oldest"
            f" {format_age(now - oldest)} ago:"
            f" {join_first(sorted({upload.key for upload in each}))}.",
            limit="two days; then a lifecycle rule of the bucket aborts them",
            since=oldest,
            safe="Backups are not affected. An unfinished upload only costs money.",
            advice=plain_steps("Do nothing.")
            if recent
            else (
                Step("List them", commands.bucket("list-multipart-uploads")),
                Step("The rule that aborts them does not work. Deploy it again", commands.revert()),
            ),
        )


def _unmanaged_prefixes(
    unmanaged_prefixes: tuple[str, ...], commands: Commands
) -> Iterator[Finding]:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for prefix in unmanaged_prefixes:
        first, _, rest = prefix.partition("/")
        database = rest.strip("/") if first in {*Tier, DRILLS} else ""
        owners[database or prefix].add(prefix)
    for owner, prefixes in sorted(owners.items()):
        yield Finding(
            code=Code.UNMANAGED_PREFIX,
            level=Level.WARNING,
            subject=owner,
            headline=f"has objects under {owner}, not in the settings",
            fact=f"No database in the settings has the prefix {join_first(sorted(prefixes))}.",
            limit="databases[].name",
            safe="Lifeboat neither deletes nor checks these objects. If the database was removed"
            " from the settings, its backups stay until they expire, and so does this finding.",
            advice=(
                Step("List what is there", commands.listing(min(prefixes))),
                Step("If it should be backed up, add it to lifeboat.toml, then make deploy."),
            ),
        )
