"""Checks whether a manifest or a drill report was overwritten: Lifeboat writes both once.

A run writes its manifest only if there is none, so a second version is not from a run. Whoever may
write backups could overwrite an older one, with a fitting archive: every reader takes the newest
version, and nothing else would look wrong.
"""

from collections.abc import Iterator
from datetime import datetime

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.keys import MANIFEST, parse_drill_key, parse_key
from lifeboat.model.steps import Step
from lifeboat.model.text import format_time, join_first
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.facts import StoredVersion


def replaced_findings(view: DatabaseView) -> Iterator[Finding]:
    """Manifests and drill reports that were written more than once."""
    for key, versions in sorted(view.versions.items()):
        parsed = parse_key(key)
        written = sorted(
            (each for each in versions if not each.deleted), key=lambda each: each.modified
        )
        if parsed and parsed[1] == MANIFEST and _is_replaced(view, key, written):
            yield _manifest(view, key, written)
        elif parse_drill_key(key) and len(written) > 1:
            yield _report(view, key, written)


def is_original(view: DatabaseView, key: str, first_written: datetime) -> bool:
    """Whether a key has only the version that was written first."""
    versions = view.versions.get(key, [])
    return len(versions) == 1 and versions[0].is_current and versions[0].modified <= first_written


def _is_replaced(view: DatabaseView, key: str, written: list[StoredVersion]) -> bool:
    """Whether there are two versions, or there were and the first one is deleted."""
    first = view.facts.replaced.get(key)
    return len(written) > 1 or bool(written and first and written[0].modified > first)


def _manifest(view: DatabaseView, key: str, written: list[StoredVersion]) -> Finding:
    backup = key.rpartition("/")[0]
    known_first = view.facts.replaced.get(key)
    kept = known_first is None or written[0].modified <= known_first
    first = written[0].modified if known_first is None else min(written[0].modified, known_first)
    return Finding(
        code=Code.MANIFEST_REPLACED,
        level=Level.CRITICAL,
        database=view.name,
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
            Step("Do not restore the newest version of this backup. Use another backup."),
            Step("List all its versions", view.commands.versions(backup + "/")),
            *(_first(view, key, written) if kept else ()),
            Step(
                "Find out who wrote it: CloudTrail's data events of the bucket, if they are on."
                " That person has at least the rights of a backup function."
            ),
        ),
    )


def _first(view: DatabaseView, key: str, written: list[StoredVersion]) -> Iterator[Step]:
    version = written[0].version_id or "null"
    yield Step(
        "Read the first version. It names its versions of the archive and the roles",
        view.commands.fetch(key, version),
    )


def _report(view: DatabaseView, key: str, written: list[StoredVersion]) -> Finding:
    return Finding(
        code=Code.DRILL_REPORT_REPLACED,
        level=Level.WARNING,
        database=view.name,
        subject=key,
        headline="has an overwritten drill report",
        fact=f"{key} was written more than once: {_versions(written)}."
        " A drill writes its report once.",
        limit="one version of each report",
        since=written[-1].modified,
        basis=written[0].modified,
        safe="The backup that it is about is not affected. The report itself may be wrong.",
        advice=(
            Step("List its versions", view.commands.versions(key)),
            view.commands.to_drill("Run another drill", view.name),
        ),
        passing=True,
    )


def _versions(written: list[StoredVersion]) -> str:
    return join_first(
        f"version {each.version_id or 'null'} of {each.bytes} bytes at {format_time(each.modified)}"
        for each in written
    )
