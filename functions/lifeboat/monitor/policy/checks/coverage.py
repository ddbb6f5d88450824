"""What could not be seen, and what lies in the vault without belonging to anything."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.commands import Commands
from lifeboat.model.keys import DRILLS
from lifeboat.model.text import listed, several, span
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.facts import Facts, UnfinishedUpload, Unknown, backups_to_read

ABANDONED = timedelta(days=1)
"""No run lasts a day."""

SWEPT = timedelta(days=3)
"""The bucket's rule aborts uploads after a day, counted from midnight, within about another."""

_BLIND = "Nothing was changed, and nothing is known to be wrong; it just was not seen."


def gap_findings(facts: Facts, now: datetime, commands: Commands) -> Iterator[Finding]:
    """Calls that failed, abandoned uploads, strangers."""
    for problem in facts.problems:
        yield not_seen(problem.database, problem.subject, Level.WARNING, problem.why, problem.todo)
    if isinstance(facts.uploads, Unknown):
        yield not_seen(None, "uploads", Level.WARNING, facts.uploads.why, facts.uploads.todo)
    else:
        yield from _uploads(facts.uploads, now, commands)
    if isinstance(facts.strangers, Unknown):
        yield not_seen(None, "strangers", Level.WARNING, facts.strangers.why, facts.strangers.todo)
    else:
        yield from _strangers(facts.strangers, commands)


def not_seen(database: str | None, subject: str, level: Level, why: str, todo: str) -> Finding:
    """The finding that there is a gap in the facts."""
    return Finding(
        code=Code.NOT_SEEN,
        level=level,
        database=database,
        subject=subject,
        headline="could not be looked at" if level is Level.CRITICAL else "was not seen whole",
        fact=why,
        safe=_BLIND,
        advice=(todo,),
    )


def unread_findings(case: Case) -> Iterator[Finding]:
    """Whether the manifests that judging needs were all read."""
    read = {manifest.key for manifest in case.facts.manifests}
    needed = backups_to_read(case.objects, case.settings.monitor.history)
    missing = [each.id for each in needed if each.manifest_key not in read]
    if missing:
        yield not_seen(
            case.name,
            "manifests",
            Level.WARNING,
            f"{several(len(missing), 'manifest')} of {case.name} not read: {listed(missing)}.",
            "See the monitor's log and the other findings for why.",
        )


def _uploads(
    uploads: tuple[UnfinishedUpload, ...], now: datetime, commands: Commands
) -> Iterator[Finding]:
    owners: defaultdict[str, list[UnfinishedUpload]] = defaultdict(list)
    for upload in uploads:
        if now - upload.initiated > ABANDONED:
            owners["/".join(upload.key.split("/")[:2])].append(upload)
    for owner, each in sorted(owners.items()):
        oldest = min(upload.initiated for upload in each)
        swept = now - oldest <= SWEPT
        yield Finding(
            code=Code.UPLOAD_UNFINISHED,
            level=Level.INFO if swept else Level.WARNING,
            subject=owner,
            headline=f"holds {several(len(each), 'unfinished upload')} under {owner}",
            fact=f"Begun and neither completed nor aborted, the oldest {span(now - oldest)} ago:"
            f" {listed(sorted({upload.key for upload in each}))}.",
            limit="a day; the bucket's rule aborts them then",
            since=oldest,
            safe="An unfinished upload is no backup and hides none; it only costs money.",
            advice=("Nothing has to be done.",)
            if swept
            else (
                f"See them: {commands.bucket('list-multipart-uploads')}",
                f"The rule that aborts them does not work; bring it back: {commands.revert()}",
            ),
        )


def _strangers(strangers: tuple[str, ...], commands: Commands) -> Iterator[Finding]:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for prefix in strangers:
        first, _, rest = prefix.partition("/")
        database = rest.strip("/") if first in {*Tier, DRILLS} else ""
        owners[database or prefix].add(prefix)
    for owner, prefixes in sorted(owners.items()):
        yield Finding(
            code=Code.STRANGER,
            level=Level.WARNING,
            subject=owner,
            headline=f"holds {owner}, which the settings do not know",
            fact=f"No database of the settings owns {listed(sorted(prefixes))}.",
            limit="databases[].name",
            safe="Nothing is deleted or judged there. If the database was removed from the"
            " settings, its backups stay until their tiers expire, and this goes with them.",
            advice=(
                f"See what is there: {commands.listing(min(prefixes))}",
                "If it should be backed up, add it to lifeboat.toml, then make deploy.",
            ),
        )
