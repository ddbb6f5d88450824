"""The disaster in the demo: a DELETE without WHERE, noticed, and undone by the command line."""

import psycopg

from lifeboat.model.manifest import Manifest
from local.demo.command_line import type_command
from local.demo.environment import SOURCE, DemoEnvironment, DemoError, step

_DELETE = "DELETE FROM auth_sessions"


def delete_without_where(environment: DemoEnvironment) -> int:
    """What somebody does at the end of a long day; how many rows were lost."""
    with (
        step(f"[red]{_DELETE}[/], without a WHERE"),
        psycopg.connect(environment.server.url(database=SOURCE), autocommit=True) as connection,
    ):
        return connection.execute(_DELETE).rowcount


def undo(environment: DemoEnvironment, good: Manifest, rows: int) -> None:
    """Restore the good backup beside the live database, then swap it in.

    Raises:
        DemoError: the rows are not back.
    """
    backup = good.location.id
    type_command(environment, "restore", "app", backup, typed=[("[y/N]", "y")])
    type_command(environment, "swap", "app", typed=[("Type the live database's name", SOURCE)])
    with psycopg.connect(environment.server.url(database=SOURCE)) as connection:
        row = connection.execute("SELECT count(*) FROM auth_sessions").fetchone()
    if row != (rows,):
        raise DemoError(f"auth_sessions has {row} rows, not {rows}.", todo="Report it.")
