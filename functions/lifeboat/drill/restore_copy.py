"""Restores an archive into an empty database, and classifies pg_restore's errors."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from lifeboat.drill.restore_unprivileged import restore_unprivileged
from lifeboat.drill.run import DrillRun
from lifeboat.drill.target import dropping, make_empty
from lifeboat.errors import CapacityError
from lifeboat.recovery.archive_listing import definitions
from lifeboat.recovery.archive_toc import read_entries
from lifeboat.recovery.locale_dependents import locale_dependents
from lifeboat.recovery.pg_restore import (
    PgRestoreResult,
    list_entries,
    restore_archive,
    run_attempts,
)
from lifeboat.recovery.policy.classify_errors import Classified, Server, classify
from lifeboat.recovery.policy.entry import definition_lines
from lifeboat.recovery.policy.left_out import left_out_of_copies
from lifeboat.recovery.policy.managed_errors import MANAGED
from lifeboat.recovery.policy.out_of_resources import resource_advice
from lifeboat.recovery.policy.pg_restore_output import parse
from lifeboat.recovery.policy.tolerated_errors import EMBEDDED
from lifeboat.recovery.policy.untested import Untested
from lifeboat.recovery.prepare_database import (
    Role,
    collations_in,
    create_stand_ins,
    missing_collations,
    roles_in,
)
from lifeboat.s3.read import read_object

_MAX_ROUNDS = 4
"""Restores at most. Without globals, a restore shows which roles are missing: of a statement with
several, only the first."""


def restore_copy(run: DrillRun) -> Untested:
    """Restore the archive. Returns what the server could not hold.

    Raises:
        ServerError: the server refused to make room for it.
        ScratchServerError: the drill's own server died.
        StorageError: the globals can't be read.
        CapacityError: disk or memory ran out.
    """
    with run.phases.timed("roles"):
        _create_roles(run)
    with run.phases.timed("restore"):
        said, notes = run_attempts(run.jobs, lambda jobs: _restore_with_roles(run, jobs))
    run.require_alive()
    run.cures = said.cures
    left_out = left_out_of_copies(run.manifest.inventory)
    run.add_check("restore", said.fatal, notes=(*notes, *said.noted, *left_out))
    if said.short_of:
        raise CapacityError(
            f"The drill ran out of {said.short_of}, which says nothing about the backup:"
            f" {said.fatal[0]}",
            todo=resource_advice(
                said.short_of, run.WORK, run.engine, own_server=run.server is not None
            ),
        )
    return said.untested


def _restore_with_roles(run: DrillRun, jobs: int) -> Classified:
    """Restore, and repeat it after creating missing roles, where that is allowed."""
    for _ in range(_MAX_ROUNDS - 1):
        said = _restore_once(run, jobs)
        if not (said.missing_roles and run.server and run.manifest.globals is None):
            return said
        with run.session() as connection:
            run.server.roles.adopt(connection, [Role(name) for name in said.missing_roles])
    return _restore_once(run, jobs)


def _restore_once(run: DrillRun, jobs: int) -> Classified:
    """Restore into an empty database, and classify pg_restore's errors."""
    done, replaced = _restore_into(run, run.copy_name, list_entries(run), jobs)
    return classify(
        parse(done.said),
        code=done.code,
        whole=done.whole,
        server=Server(
            rules=EMBEDDED if run.server else MANAGED,
            stand_ins=_stand_ins(run),
            replaced_collations=replaced,
            members=run.manifest.inventory.members,
            dependents=locale_dependents(run, replaced),
        ),
    )


@contextmanager
def definitions_again(run: DrillRun) -> Iterator[str]:
    """Restore the archive's definitions into a second database, as the copy was restored.

    One worker does it, in the archive's order. Errors have been met before, by the copy.

    Raises:
        ServerError: the server refused.
    """
    database = f"{run.copy_name}_again"
    with dropping(run, database):
        lines = definition_lines(list_entries(run), read_entries(run.archive))
        _restore_into(run, database, lines, jobs=1)
        yield database


def _restore_into(
    run: DrillRun, database: str, lines: Iterable[str], jobs: int
) -> tuple[PgRestoreResult, tuple[str, ...]]:
    """Restore entries into a new database. Returns also the collations that were replaced."""
    make_empty(run, database)
    replaced = _replace_collations(run, database)
    if run.server:
        return restore_unprivileged(run, run.server.roles, database, lines, jobs), replaced
    return restore_archive(run, database, lines, jobs), replaced


def _replace_collations(run: DrillRun, database: str) -> tuple[str, ...]:
    """Create plain collations for those that the drill's own server lacks. Returns their names."""
    if not run.server:
        return ()
    wanted = collations_in(definitions(run))
    with run.session(database) as connection:
        missing = missing_collations(connection, wanted)
        create_stand_ins(connection, missing)
    return tuple(name for _, name in missing)


def _stand_ins(run: DrillRun) -> tuple[str, ...]:
    """The backup's extensions for which the drill's own server has only a stand-in."""
    replaced = run.programs.stand_ins() if run.server else frozenset[str]()
    names = (extension.name for extension in run.manifest.inventory.extensions)
    return tuple(name for name in names if name in replaced)


def _create_roles(run: DrillRun) -> None:
    """Create the backup's roles in the drill's own server, for owners and grants."""
    stored = run.manifest.globals
    if not run.server:
        return
    if stored is None:
        run.add_check(
            "roles", (), ("The backup has no roles (see its notes): owners aren't tested.",)
        )
        return
    script = run.scope.call(lambda: read_object(run.bucket, stored.key, stored.version_id))
    if hashlib.sha256(script).hexdigest() != stored.sha256:
        run.add_check("roles", (f"{stored.key} is not what the manifest claims.",))
        return
    with run.session() as connection:
        run.server.roles.adopt(connection, roles_in(script.decode()))
    run.add_check("roles", ())
