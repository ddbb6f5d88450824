"""Restores an archive into an empty database and sorts out what pg_restore said about it."""

import hashlib

from lifeboat.drill.restore_by_rights import RestoreByRights
from lifeboat.drill.target import DrillPlace, make_empty
from lifeboat.errors import DoesNotFitError
from lifeboat.recovery.archive_listing import definitions
from lifeboat.recovery.attempts import in_attempts
from lifeboat.recovery.context import Recovery
from lifeboat.recovery.pg_restore import Restore, Restored
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


def restore_copy(recovery: Recovery, place: DrillPlace, copy: str) -> Untested:
    """Restore the archive; gives what the server could not hold, whatever the backup is worth.

    Raises:
        TargetError: the server refused to make room for it.
        ScratchServerError: the drill's own server died.
        VaultReadError: the globals can't be read.
        DoesNotFitError: disk or memory ran out.
    """
    steps = recovery.steps
    with steps.timed("roles"):
        _bring_roles(recovery, place)
    with steps.timed("restore"):
        said, notes = in_attempts(
            recovery.jobs, lambda jobs: _with_roles(recovery, place, copy, jobs)
        )
    place.require_alive()
    recovery.findings.note("restore", said.fatal, notes=notes)
    if said.short_of:
        raise DoesNotFitError(
            f"The drill ran out of {said.short_of}, which says nothing about the backup:"
            f" {said.fatal[0]}",
            todo=cure(said.short_of, "drill", own_server=place.own),
        )
    return said.untested


def _with_roles(recovery: Recovery, place: DrillPlace, copy: str, jobs: int) -> Classified:
    """Restore, and again after having made the roles that were missing, where that may be done."""
    for _ in range(_ROUNDS - 1):
        said = _restored(recovery, place, copy, jobs)
        if not (said.missing_roles and place.roles and recovery.manifest.globals is None):
            return said
        with place.session(recovery.watch) as connection:
            place.roles.adopt(connection, [Role(name) for name in said.missing_roles])
    return _restored(recovery, place, copy, jobs)


def _restored(recovery: Recovery, place: DrillPlace, copy: str, jobs: int) -> Classified:
    """Restore into an empty database, and sort out what pg_restore said."""
    make_empty(recovery, place, copy)
    replaced = _replace_collations(recovery, place, copy)
    done = _run(recovery, place, copy, jobs)
    return classify(
        parse(done.said),
        code=done.code,
        whole=done.whole,
        stand_ins=_stand_ins(recovery, place),
        replaced_collations=replaced,
        excuses=EMBEDDED if place.own else MANAGED,
    )


def _run(recovery: Recovery, place: DrillPlace, copy: str, jobs: int) -> Restored:
    archive, watch = recovery.archive, recovery.watch
    restore = Restore(
        programs=place.programs,
        major=place.major,
        login=place.restorer.to(copy),
        jobs=jobs,
        owners=place.own,
        account=place.account,
    )
    if place.roles is None:
        return restore.run(archive, watch)
    with place.session(watch, copy) as session:
        return RestoreByRights(restore, place.login.to(copy), place.roles, session).run(
            archive, watch
        )


def _replace_collations(recovery: Recovery, place: DrillPlace, copy: str) -> tuple[str, ...]:
    """Make plain collations where the drill's own bare server lacks the real ones; their names."""
    if not place.own:
        return ()
    watch = recovery.watch
    wanted = collations_in(definitions(place.programs, place.major, recovery.archive, watch))
    with place.session(watch, copy) as connection:
        lacking = lacking_collations(connection, wanted)
        create_stand_ins(connection, lacking)
    return tuple(name for _, name in lacking)


def _stand_ins(recovery: Recovery, place: DrillPlace) -> tuple[str, ...]:
    """The backup's extensions that the drill's own server has only something in place of."""
    replaced = place.programs.stand_ins() if place.own else frozenset[str]()
    names = (extension.name for extension in recovery.manifest.inventory.extensions)
    return tuple(name for name in names if name in replaced)


def _bring_roles(recovery: Recovery, place: DrillPlace) -> None:
    """Make the backup's roles in the drill's own server, so that owners and grants can be set."""
    note, stored = recovery.findings.note, recovery.manifest.globals
    if not place.roles:
        return
    if stored is None:
        note("roles", (), ("The backup has no roles (see its notes): owners aren't tested.",))
        return
    vault = recovery.vault
    script = recovery.watch.call(lambda: read_object(vault, stored.key, stored.version_id))
    if hashlib.sha256(script).hexdigest() != stored.sha256:
        note("roles", (f"{stored.key} is not what the manifest claims.",))
        return
    with place.session(recovery.watch) as connection:
        place.roles.adopt(connection, roles_in(script.decode()))
    note("roles", ())
