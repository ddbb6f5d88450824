"""Checks whether pg_dump is as new as the server."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.minor_releases import newer_server
from lifeboat.monitor.policy.database_view import DatabaseView


def minor_findings(view: DatabaseView) -> Iterator[Finding]:
    """A finding if pg_dump had an older minor release than the server at the newest backup."""
    if not view.complete:
        return
    newest = view.complete[0]
    releases = newer_server(newest.server_version, newest.pg_dump)
    if releases is None:
        return
    server, program = releases
    yield Finding(
        code=Code.PG_DUMP_OUTDATED,
        level=Level.WARNING,
        database=view.name,
        headline="is backed up by an older pg_dump than its server",
        fact=f"{newest.location.id} was taken from PostgreSQL {server} by pg_dump {program}. Such"
        " an archive may contain options that only newer servers know.",
        limit="the server's minor release, or a later one",
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe="Backups are complete. Drills and restores by Lifeboat leave out what is too new.",
        advice=(
            "Build the layers with the newer minor release (layers/README.md), then make deploy.",
            "To restore manually until then: docs/runbooks/lifeboat-is-gone.md (pg_attver).",
        ),
    )
