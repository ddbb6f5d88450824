"""The disaster in the demo: a DELETE without WHERE, noticed, and undone by the restore function."""

import psycopg

from lifeboat.model.manifest import Manifest
from local.demo.environment import SOURCE, DemoEnvironment, DemoError, console, step

FUNCTION = "Lifeboat-restore"
_DELETE = "DELETE FROM auth_sessions"


def delete_without_where(environment: DemoEnvironment) -> int:
    """What somebody does at the end of a long day; how many rows were lost."""
    with (
        step(f"[red]{_DELETE}[/], without a WHERE"),
        psycopg.connect(environment.server.url(database=SOURCE), autocommit=True) as connection,
    ):
        return connection.execute(_DELETE).rowcount


def undo(environment: DemoEnvironment, good: Manifest, rows: int) -> None:
    """Plan, restore beside what is there, swap: each answer holds the next event.

    Raises:
        DemoError: the rows are not back.
    """
    event = {
        "action": "restore",
        "database": "app",
        "backup": good.location.id,
        "target": environment.admin,
    }
    with step(f"A plan, which touches nothing: aws lambda invoke {FUNCTION}"):
        plan = environment.invoke(FUNCTION, event)
    for line in plan["steps"]:
        console.print(f"   - {line}", style="dim", markup=False)
    with step("The plan carried out: restored beside the live database, compared"):
        restored = environment.invoke(FUNCTION, plan["next_event"])
    console.print(
        f"   {restored['restored_database']}: {restored['verdict']}", style="dim", markup=False
    )
    with step(f'Swapped in, on a written word: "confirm": "{SOURCE}"'):
        swap = environment.invoke(FUNCTION, restored["next_event"])
        done = environment.invoke(FUNCTION, swap["next_event"])
    console.print(
        f"   {done['seconds']} s; the damaged one is {done['previous_database']}",
        style="dim",
        markup=False,
    )
    with psycopg.connect(environment.server.url(database=SOURCE)) as connection:
        row = connection.execute("SELECT count(*) FROM auth_sessions").fetchone()
    if row != (rows,):
        raise DemoError(f"auth_sessions has {row} rows, not {rows}.", todo="Report it.")
