"""Checks whether pg_dump is as new as the server, and a standby as new as it has to be."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.minor_releases import newer_server, unfixed_standby
from lifeboat.model.steps import plain_steps
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.database_view import DatabaseView


def minor_findings(view: DatabaseView) -> Iterator[Finding]:
    """What the minor releases of the newest backup's server and pg_dump mean for it."""
    if view.complete:
        newest = view.complete[0]
        yield from _older_pg_dump(view.name, newest)
        yield from _unfixed_standby(view.name, newest)


def _older_pg_dump(name: str, newest: BackupFacts) -> Iterator[Finding]:
    releases = newer_server(newest.server_version, newest.pg_dump)
    if releases is None:
        return
    server, program = releases
    yield Finding(
        code=Code.PG_DUMP_OUTDATED,
        level=Level.WARNING,
        database=name,
        headline="is backed up by an older pg_dump than its server",
        fact=f"{newest.location.id} was taken from PostgreSQL {server} by pg_dump {program}. Such"
        " an archive may contain options that only newer servers know.",
        limit="the server's minor release, or a later one",
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe="Backups are complete. Drills and restores by Lifeboat leave out what is too new.",
        advice=plain_steps(
            "Build the layers with the newer minor release (layers/README.md), then make deploy.",
            "To restore manually until then: docs/runbooks/lifeboat-is-gone.md (pg_attver).",
        ),
    )


def _unfixed_standby(name: str, newest: BackupFacts) -> Iterator[Finding]:
    releases = unfixed_standby(newest.server_version, standby=newest.standby)
    if releases is None:
        return
    server, fixed = releases
    yield Finding(
        code=Code.STANDBY_OUTDATED,
        level=Level.WARNING,
        database=name,
        headline="is backed up from a standby with a known fault",
        fact=f"{newest.location.id} was taken from a standby with PostgreSQL {server}. Before"
        f" {fixed}, pg_dump may see there what was committed after its snapshot was taken, so the"
        " data may be of more than one moment.",
        limit=f"PostgreSQL {fixed}, or a later minor release",
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe="Backups restore, and have as many rows as the snapshot had.",
        advice=plain_steps(
            f"Upgrade the standby to PostgreSQL {fixed} or later.",
            "Or put the primary's host into the secret until then.",
        ),
    )
