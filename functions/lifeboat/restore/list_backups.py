"""Lists the backups of a database: what they show, whether they are proven, how they lie."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice

from lifeboat.model.drill_report import DrillReport
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import at
from lifeboat.model.thaw import Lying
from lifeboat.restore.choose_backup import of_moment
from lifeboat.restore.policy.event import Action
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.thawing import lying_of
from lifeboat.s3.read import Found, find_backups, newest_reports

_MOST = 100
"""Backups in one answer: each takes a request for its manifest and, lying cold, one more."""

_REPORTS = 100
_UNDRILLED = "not drilled"


def list_backups(run: RestoreRun) -> dict[str, object]:
    """The newest backups, the newest first; with `before` those that show an earlier moment.

    Where there are more than one answer has room for, `older` is the event that goes on.

    Raises:
        VaultReadError: S3 doesn't let us look.
    """
    vault, event = run.means.vault, run.event
    found = find_backups(vault, event.database)
    verdicts = _verdicts(newest_reports(vault, event.database, _REPORTS))
    chosen = list(islice(of_moment(run, found), _MOST + 1))
    told = [_told(run, each, manifest, verdicts) for each, manifest in chosen[:_MOST]]
    hot = next((each for each in told if each["readable"]), None)
    answer: dict[str, object] = {"database": event.database, "backups": told}
    if hot:
        answer["next"] = {
            "action": Action.RESTORE.value,
            "database": event.database,
            "backup": hot["backup"],
        }
    for _, manifest in chosen[_MOST:]:
        answer["older"] = event.again(before=_just_after(manifest.source.snapshot_time))
    return answer


def _just_after(moment: datetime) -> str:
    """The next whole second, as an event has it."""
    return f"{moment + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"


def _verdicts(reports: list[DrillReport]) -> Mapping[str, str]:
    """What the newest drill of each backup said."""
    return {
        report.backup: f"{report.verdict.value} on {at(report.started)}"
        for report in reversed(reports)
        if report.backup
    }


def _told(
    run: RestoreRun, found: Found, manifest: Manifest, verdicts: Mapping[str, str]
) -> dict[str, object]:
    lying = Lying(found.storage_class or "gone")
    if not found.is_hot and found.storage_class:
        lying = lying_of(run.means.vault, manifest.archive.objects)
    return {
        "backup": manifest.location.id,
        "shows": at(manifest.source.snapshot_time),
        "tier": manifest.tier.value,
        "label": manifest.label,
        "rows": manifest.inventory.rows,
        "tables": len(manifest.inventory.tables),
        "archive_bytes": manifest.archive.bytes,
        "postgres": manifest.source.major,
        "drill": verdicts.get(manifest.location.id, _UNDRILLED),
        "readable": lying.is_readable and found.storage_class is not None,
        "lies": lying.told if found.storage_class else "its archive is gone",
        "expires": manifest.retention.expires and at(manifest.retention.expires),
    }
