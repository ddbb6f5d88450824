"""The database outgrows its function, and nobody has to do a thing about it."""

import psycopg

from local.demo.command_line import type_command
from local.demo.environment import SOURCE, DemoEnvironment, DemoError, step

_GROWTH = """
CREATE TABLE audit_log AS
SELECT id, md5(id::text) || md5((id + 1)::text) AS entry, now() - id * interval '1 second' AS at
FROM generate_series(1, 450000) AS id
"""
"""About 60 MB."""


def outgrow_the_function(environment: DemoEnvironment) -> None:
    """Let the database grow beyond what fits into its function: the backup runs as a job.

    Raises:
        DemoError: it did not.
    """
    with (
        step("The database grows by 60 MB, beyond what the demo's settings let a function take"),
        psycopg.connect(environment.server.url(database=SOURCE), autocommit=True) as connection,
    ):
        connection.execute(_GROWTH)
    printed = type_command(environment, "backup", "app", "--label", "after-the-growth")
    builds = environment.aws.client("codebuild").list_builds_for_project(
        projectName="Lifeboat-backup-app-job"
    )["ids"]
    if len(builds) != 1:
        raise DemoError(
            f"The backup should have run as one build of CodeBuild; there are {len(builds)}."
            f" The command said: {printed}",
            todo="Report it.",
        )
