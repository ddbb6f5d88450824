"""Surveys the database while it is being dumped: its inventory and its roles."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from lifeboat.backup.pg_dump import Dump, dump_globals
from lifeboat.backup.run import BackupRun
from lifeboat.errors import DefinitionsChangedError, DumpError, InventoryError
from lifeboat.model.identifiers import qualified
from lifeboat.model.inventory import Inventory
from lifeboat.model.text import join_first
from lifeboat.postgres.inventory_queries import invalid_indexes, take_inventory
from lifeboat.postgres.login import Login
from lifeboat.postgres.redact import said
from lifeboat.postgres.snapshot import Snapshot
from lifeboat.postgres.watch import Watch


@dataclass(frozen=True)
class Survey:
    """What the snapshot holds, and the roles around it.

    Attributes:
        inventory: everything but the sequences' states.
        globals: roles and their settings as SQL, or None where they can't be had.
        notes: why not, and what else the archive leaves out.
    """

    inventory: Inventory
    globals: bytes | None
    notes: tuple[str, ...]


def survey(
    run: BackupRun, login: Login, snapshot: Snapshot, dump: Dump, excluded: frozenset[int]
) -> Survey:
    """Take the inventory in the dump's own snapshot, then the globals.

    A provider that keeps its roles to itself doesn't make the data any worse, so missing globals
    are a note.

    Raises:
        DefinitionsChangedError: a table is no longer called what the snapshot calls it.
        InventoryError: a query failed, most likely since the connection was lost.
    """
    checksums = run.settings.backup.checksums
    try:
        inventory = take_inventory(
            snapshot.connection, snapshot.relations, excluded=excluded, checksums=checksums
        )
        notes = _on_invalid(invalid_indexes(snapshot.connection))
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        # The tables are locked, but not the schemas that they lie in.
        raise DefinitionsChangedError(
            f"A schema was renamed while its tables were counted: {error.diag.message_primary}.",
            todo="Let the migration end, then invoke the function again.",
        ) from None
    except psycopg.Error as error:
        words = said(error, login.endpoint)
        raise InventoryError(
            f"Could not count the database in the dump's snapshot: {words}",
            todo="Invoke the function again; if it repeats, look for that moment in the server's"
            " log.",
        ) from None
    try:
        script = dump_globals(dump.programs, dump.major, dump.connection, run.watch)
    except DumpError as error:
        note = f"No globals: {error.what}"
        return Survey(inventory, None, (*notes, note))
    return Survey(inventory, script, notes)


def _on_invalid(indexes: list[tuple[str, str]]) -> tuple[str, ...]:
    if not indexes:
        return ()
    names = join_first(qualified(*name) for name in indexes)
    note = (
        f"pg_dump leaves invalid indexes out: {names}. Run REINDEX INDEX CONCURRENTLY or DROP INDEX"
        " on each, unless it is being built just now."
    )
    return (note,)


@contextmanager
def beside[T](watch: Watch, work: Callable[[], T]) -> Iterator[Future[T]]:
    """Do `work` in a thread while the block runs; a failure of either ends both.

    Definitions that changed are no failure of the run: it may begin anew.
    """

    def watched() -> T:
        try:
            return work()
        except DefinitionsChangedError:
            raise
        except Exception as error:
            watch.fail(error)
            raise

    with ThreadPoolExecutor(1, thread_name_prefix="survey") as pool:
        future = pool.submit(watched)
        try:
            yield future
        except DefinitionsChangedError:
            raise
        except Exception as error:
            watch.fail(error)
            raise
