"""Reads the database's inventory and roles while it is being dumped."""

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
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.postgres.inventory_queries import invalid_indexes, take_inventory
from lifeboat.postgres.login import Login
from lifeboat.postgres.redact import redacted_message
from lifeboat.postgres.snapshot import Snapshot


@dataclass(frozen=True)
class SnapshotContents:
    """The contents of the snapshot, and the server's roles.

    Attributes:
        inventory: without the sequences' states.
        globals: roles and their settings as SQL, or None if they can't be read.
        notes: why not, and what else the archive leaves out.
    """

    inventory: Inventory
    globals: bytes | None
    notes: tuple[str, ...]


def read_snapshot(
    run: BackupRun, login: Login, snapshot: Snapshot, dump: Dump, excluded: frozenset[int]
) -> SnapshotContents:
    """Take the inventory in the dump's own snapshot, then the globals.

    Some providers don't show their roles. The data is complete without them, so missing globals
    are only a note.

    Raises:
        DefinitionsChangedError: a table has another name than in the snapshot.
        InventoryError: a query failed, most likely since the connection was lost.
    """
    checksums = run.settings.backup.checksums
    try:
        inventory = take_inventory(
            snapshot.connection, snapshot.relations, excluded=excluded, checksums=checksums
        )
        notes = _invalid_index_notes(invalid_indexes(snapshot.connection))
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        # The tables are locked, but not their schemas.
        raise DefinitionsChangedError(
            f"A schema was renamed while its tables were counted: {error.diag.message_primary}.",
            todo="Let the migration end, then invoke the function again.",
        ) from None
    except psycopg.Error as error:
        words = redacted_message(error, login.endpoint)
        raise InventoryError(
            f"Could not count the database in the dump's snapshot: {words}",
            todo="Invoke the function again; if it repeats, look for that moment in the server's"
            " log.",
        ) from None
    try:
        script = dump_globals(dump.programs, dump.major, dump.connection, run.scope)
    except DumpError as error:
        note = f"No globals: {error.what}"
        return SnapshotContents(inventory, None, (*notes, note))
    return SnapshotContents(inventory, script, notes)


def _invalid_index_notes(indexes: list[tuple[str, str]]) -> tuple[str, ...]:
    if not indexes:
        return ()
    names = join_first(qualified(*name) for name in indexes)
    note = (
        f"pg_dump leaves invalid indexes out: {names}. Run REINDEX INDEX CONCURRENTLY or DROP INDEX"
        " on each, unless it is being built just now."
    )
    return (note,)


@contextmanager
def run_alongside[T](scope: CancelScope, work: Callable[[], T]) -> Iterator[Future[T]]:
    """Run `work` in a thread while the block runs; a failure of either ends both.

    A DefinitionsChangedError doesn't end the run: the dump may be repeated.
    """

    def guarded() -> T:
        try:
            return work()
        except DefinitionsChangedError:
            raise
        except Exception as error:
            scope.fail(error)
            raise

    with ThreadPoolExecutor(1, thread_name_prefix="survey") as pool:
        future = pool.submit(guarded)
        try:
            yield future
        except DefinitionsChangedError:
            raise
        except Exception as error:
            scope.fail(error)
            raise
