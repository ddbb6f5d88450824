"""Sets what an archive says of the database itself, as a test that it can be set."""

from lifeboat.recovery.archived_properties import set_archived_properties
from lifeboat.recovery.context import Recovery
from lifeboat.recovery.place import Place


def try_properties(recovery: Recovery, place: Place, copy: str) -> None:
    """Let a drill's own server set them as well, and note what it refuses.

    Raises:
        TargetError: the connection broke.
    """
    if place.own:
        with place.session(recovery.watch) as connection:
            notes = set_archived_properties(recovery, place.major, connection, copy, owners=True)
        recovery.findings.note("settings", (), notes=notes)
