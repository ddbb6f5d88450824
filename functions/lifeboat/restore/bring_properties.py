"""Sets on a restored database what the archive says of the database itself."""

from lifeboat.recovery.archived_properties import set_archived_properties
from lifeboat.restore.steps import Bringing


def bring_properties(bringing: Bringing, copy: str) -> None:
    """Set them when the copy has been compared, as they change how every session sees it.

    What can't be set is a note with the statement for it.

    Raises:
        RestoreTargetError: the connection broke.
    """
    run, target, owners = bringing.run, bringing.target, bringing.run.event.owners == "keep"
    with run.steps.timed("settings"), target.session(bringing.watch) as connection:
        run.notes += set_archived_properties(
            bringing.recovery, target.facts.major, connection, copy, owners=owners
        )
