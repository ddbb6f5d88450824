"""Whether the programs that take backups are as new as the server."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.minors import newer_server
from lifeboat.monitor.policy.database_view import Case


def minor_findings(case: Case) -> Iterator[Finding]:
    """That the newest backup was taken by a pg_dump of an older minor than the server's."""
    if not case.whole:
        return
    newest = case.whole[0]
    releases = newer_server(newest.server_version, newest.pg_dump)
    if releases is None:
        return
    server, program = releases
    yield Finding(
        code=Code.PG_DUMP_OLDER,
        level=Level.WARNING,
        database=case.name,
        headline="is backed up by an older minor than its server's",
        fact=f"{newest.location.id} was taken from PostgreSQL {server} by pg_dump {program}. Such"
        " an archive may name what only newer servers know.",
        limit="the server's own minor, or a later one",
        since=newest.shows,
        basis=newest.shows,
        safe="Backups are whole, and drills and restores by Lifeboat know what to leave out.",
        advice=(
            "Have the layers built with the newer minor (layers/README.md), then make deploy.",
            "Until then restore by hand as docs/runbooks/lifeboat-is-gone.md says (pg_attver).",
        ),
    )
