"""Sets on a restored database what the archive says of the database itself."""

from lifeboat.errors import DecodeError
from lifeboat.policy.database_properties import parse_properties
from lifeboat.postgres.archive_text import database_statements
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.properties import set_properties
from lifeboat.services.bring_back import Bringing
from lifeboat.services.place import Place
from lifeboat.services.recovery import Recovery

_NOT_SET = "The database's own settings and grants were not set:"


def bring_properties(bringing: Bringing, copy: str) -> None:
    """Set them when the copy has been compared, as they change how every session sees it.

    What can't be set is a note with the statement for it.

    Raises:
        RestoreTargetError: the connection broke.
    """
    run, target, owners = bringing.run, bringing.target, bringing.run.event.owners == "keep"
    with run.steps.timed("settings"), target.session(bringing.watch) as connection:
        run.notes += _set(bringing.recovery, target.facts.major, connection, copy, owners=owners)


def try_properties(recovery: Recovery, place: Place, copy: str) -> None:
    """Let a drill's own server set them as well, and note what it refuses.

    Raises:
        TargetError: the connection broke.
    """
    if place.own:
        with place.session(recovery.watch) as connection:
            notes = _set(recovery, place.major, connection, copy, owners=True)
        recovery.findings.note("settings", (), notes=notes)


def _set(
    recovery: Recovery, major: int, connection: Connection, copy: str, *, owners: bool
) -> tuple[str, ...]:
    try:
        script = database_statements(recovery.programs, major, recovery.archive, recovery.watch)
        script.encode()
    except DecodeError as error:
        return (f"{_NOT_SET} {error.what}",)
    except UnicodeEncodeError:
        return (f"{_NOT_SET} the archive has bytes in them that are no text in UTF-8.",)
    return set_properties(connection, copy, parse_properties(script), owners=owners, called=copy)
