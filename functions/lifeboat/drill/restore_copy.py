"""Restores an archive into an empty database and sorts out what pg_restore said about it."""

import hashlib

from lifeboat.drill.restore_by_rights import restore_by_rights
from lifeboat.drill.run import DrillRun
from lifeboat.drill.target import make_empty
from lifeboat.errors import DoesNotFitError
from lifeboat.recovery.archive_listing import definitions
from lifeboat.recovery.pg_restore import in_attempts, restore_archive
from lifeboat.recovery.policy.classify_errors import Classified, classify
from lifeboat.recovery.policy.out_of_resources import cure
from lifeboat.recovery.policy.pg_restore_output import parse
from lifeboat.recovery.policy.tolerated_errors import EMBEDDED, MANAGED
from lifeboat.recovery.policy.verdict import Untested
from lifeboat.recovery.prepare_database import (
    Role,
    collations_in,
    create_stand_ins,
    lacking_collations,
    roles_in,
)
from lifeboat.s3.read import read_object

_ROUNDS = 4
"""Without globals, it takes a restore to learn which roles are missing: a statement that names
several tells of the first."""


def restore_copy(run: DrillRun) -> Untested:
    """Restore the archive; gives what the server could not hold, whatever the backup is worth.

    Raises:
        TargetError: the server refused to make room for it.
        ScratchServerError: the drill's own server died.
        VaultReadError: the globals can't be read.
        DoesNotFitError: disk or memory ran out.
    """
    with run.phases.timed("roles"):
        _bring_roles(run)
    with run.phases.timed("restore"):
        said, notes = in_attempts(run.jobs, lambda jobs: _with_roles(run, jobs))
    run.require_alive()
    run.note("restore", said.fatal, notes=notes)
    if said.short_of:
        raise DoesNotFitError(
            f"The drill ran out of {said.short_of}, which says nothing about the backup:"
            f" {said.fatal[0]}",
            todo=cure(said.short_of, "drill", own_server=run.server is not None),
        )
    return said.untested


def _with_roles(run: DrillRun, jobs: int) -> Classified:
    """Restore, and again after having made the roles that were missing, where that may be done."""
    for _ in range(_ROUNDS - 1):
        said = _restored(run, jobs)
        if not (said.missing_roles and run.server and run.manifest.globals is None):
            return said
        with run.session() as connection:
            run.server.roles.adopt(connection, [Role(name) for name in said.missing_roles])
    return _restored(run, jobs)


def _restored(run: DrillRun, jobs: int) -> Classified:
    """Restore into an empty database, and sort out what pg_restore said."""
    make_empty(run)
    replaced = _replace_collations(run)
    done = (
        restore_by_rights(run, run.server.roles, jobs) if run.server else restore_archive(run, jobs)
    )
    return classify(
        parse(done.said),
        code=done.code,
        whole=done.whole,
        stand_ins=_stand_ins(run),
        replaced_collations=replaced,
        excuses=EMBEDDED if run.server else MANAGED,
    )


def _replace_collations(run: DrillRun) -> tuple[str, ...]:
    """Make plain collations where the drill's own bare server lacks the real ones; their names."""
    if not run.server:
        return ()
    wanted = collations_in(definitions(run))
    with run.session(run.copy_name) as connection:
        lacking = lacking_collations(connection, wanted)
        create_stand_ins(connection, lacking)
    return tuple(name for _, name in lacking)


def _stand_ins(run: DrillRun) -> tuple[str, ...]:
    """The backup's extensions that the drill's own server has only something in place of."""
    replaced = run.programs.stand_ins() if run.server else frozenset[str]()
    names = (extension.name for extension in run.manifest.inventory.extensions)
    return tuple(name for name in names if name in replaced)


def _bring_roles(run: DrillRun) -> None:
    """Make the backup's roles in the drill's own server, so that owners and grants can be set."""
    stored = run.manifest.globals
    if not run.server:
        return
    if stored is None:
        run.note("roles", (), ("The backup has no roles (see its notes): owners aren't tested.",))
        return
    script = run.watch.call(lambda: read_object(run.vault, stored.key, stored.version_id))
    if hashlib.sha256(script).hexdigest() != stored.sha256:
        run.note("roles", (f"{stored.key} is not what the manifest claims.",))
        return
    with run.session() as connection:
        run.server.roles.adopt(connection, roles_in(script.decode()))
    run.note("roles", ())
