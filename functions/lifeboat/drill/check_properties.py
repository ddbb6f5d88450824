"""Sets the database's own properties on a drill's copy, and compares them with the archive's."""

from lifeboat.drill.policy.database_entries import differing_properties
from lifeboat.drill.run import DrillRun
from lifeboat.errors import DumpError
from lifeboat.recovery.archive_toc import read_entries
from lifeboat.recovery.pg_dump_copy import entries_of
from lifeboat.recovery.properties import set_archived_properties


def check_properties(run: DrillRun) -> None:
    """Set settings, grants, limit, owner and comment on the drill's own server; add the check.

    What the server refuses is noted. If it refuses nothing, pg_dump has to say of the copy what it
    said of the source.

    Raises:
        LifeboatError: the connection broke, or the run was ended.
    """
    if run.server is None:
        return
    notes = set_archived_properties(run)
    failures: tuple[str, ...] = ()
    if not notes:
        try:
            failures = _differences(run)
        except DumpError as error:  # such as for a library that each session has to load
            notes = (f"The database's own properties were set, and not read back: {error.what}",)
    run.add_check("settings", failures, notes=notes)


def _differences(run: DrillRun) -> tuple[str, ...]:
    return differing_properties(read_entries(run.archive), entries_of(run, run.copy_name))
