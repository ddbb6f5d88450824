"""Sets on a restored database what the archive says of the database itself."""

from lifeboat.errors import DecodeError
from lifeboat.policy.database_properties import parse_properties
from lifeboat.postgres.archive_text import database_statements
from lifeboat.postgres.properties import set_properties
from lifeboat.services.bring_back import Bringing


def bring_properties(bringing: Bringing, copy: str) -> None:
    """Set them when the copy has been compared, as they change how every session sees it.

    What can't be set is a note with the statement for it.

    Raises:
        RestoreTargetError: the connection broke.
    """
    run, recovery, target = bringing.run, bringing.recovery, bringing.target
    with run.steps.timed("settings"):
        try:
            script = database_statements(
                recovery.programs, target.facts.major, recovery.archive, recovery.watch
            )
        except DecodeError as error:
            run.notes.append(f"The database's own settings and grants were not set: {error.what}")
            return
        with target.session(recovery.watch) as connection:
            run.notes += set_properties(
                connection,
                copy,
                parse_properties(script),
                owners=run.event.owners == "keep",
                called=copy,
            )
