"""Whether somebody wrote over a manifest or a drill report: both are written once, and never again.

A run writes its manifest on the condition that there is none, so a second version was never
written by one. Whoever may write backups can still write over an older one, with an archive that
fits: every reader takes the newest version, and nothing else would look wrong.
"""

from collections.abc import Iterator
from datetime import datetime

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.keys import MANIFEST, parse_drill_key, parse_key
from lifeboat.model.text import format_time, join_first
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.facts import StoredVersion


def replaced_findings(case: Case) -> Iterator[Finding]:
    """Which manifests and drill reports have been written more than once."""
    for key, versions in sorted(case.versions.items()):
        parsed = parse_key(key)
        written = sorted(
            (each for each in versions if not each.deleted), key=lambda each: each.modified
        )
        if parsed and parsed[1] == MANIFEST and _is_replaced(case, key, written):
            yield _manifest(case, key, written)
        elif parse_drill_key(key) and len(written) > 1:
            yield _report(case, key, written)


def is_original(case: Case, key: str, first_written: datetime) -> bool:
    """Whether a key has only the version that was written first."""
    versions = case.versions.get(key, [])
    return len(versions) == 1 and versions[0].there and versions[0].modified <= first_written


def _is_replaced(case: Case, key: str, written: list[StoredVersion]) -> bool:
    """Whether there are two versions, or there were, and the first one has gone since."""
    first = case.facts.replaced.get(key)
    return len(written) > 1 or bool(written and first and written[0].modified > first)


def _manifest(case: Case, key: str, written: list[StoredVersion]) -> Finding:
    backup = key.rpartition("/")[0]
    remembered = case.facts.replaced.get(key)
    kept = remembered is None or written[0].modified <= remembered
    first = written[0].modified if remembered is None else min(written[0].modified, remembered)
    return Finding(
        code=Code.MANIFEST_REPLACED,
        level=Level.CRITICAL,
        database=case.name,
        subject=key,
        headline=f"has a backup with an overwritten manifest, {backup}",
        fact=f"{key} was written more than once: {_versions(written)}."
        + (
            ""
            if kept
            else f" The first version, of {format_time(first)}, is no longer in the bucket."
        )
        + " Lifeboat writes a manifest once, so somebody else wrote the others.",
        limit="one version of each manifest",
        since=written[-1].modified,
        basis=first,
        safe="Backups whose manifest has one version. "
        + (
            "The archive that the first version names stays in the bucket as long as Object Lock"
            " or the rule for noncurrent versions keeps it."
            if kept
            else "Nothing of this backup can be trusted any more."
        ),
        advice=(
            "Do not restore the newest version of this backup. Use another backup.",
            f"List all its versions: {case.commands.versions(backup + '/')}",
            *(_first(case, key, written) if kept else ()),
            (
                "Find out who wrote it: CloudTrail's data events of the bucket, if they are on."
                " That person has at least the rights of a backup function."
            ),
        ),
    )


def _first(case: Case, key: str, written: list[StoredVersion]) -> Iterator[str]:
    version = written[0].version_id or "null"
    yield (
        "Read the first version. It names its versions of the archive and the roles: "
        + case.commands.fetch(key, version)
    )


def _report(case: Case, key: str, written: list[StoredVersion]) -> Finding:
    return Finding(
        code=Code.DRILL_REPORT_REPLACED,
        level=Level.WARNING,
        database=case.name,
        subject=key,
        headline="has an overwritten drill report",
        fact=f"{key} was written more than once: {_versions(written)}."
        " A drill writes its report once.",
        limit="one version of each report",
        since=written[-1].modified,
        basis=written[0].modified,
        safe="The backup that it is about is not affected. The report itself may be wrong.",
        advice=(
            f"List its versions: {case.commands.versions(key)}",
            f"Run another drill: {case.commands.drill(case.name)}",
        ),
        passing=True,
    )


def _versions(written: list[StoredVersion]) -> str:
    return join_first(
        f"version {each.version_id or 'null'} of {each.bytes} bytes at {format_time(each.modified)}"
        for each in written
    )
