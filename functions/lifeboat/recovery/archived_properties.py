"""Sets on a restored database what the archive says of the database itself."""

from lifeboat.errors import DecodeError
from lifeboat.postgres.connect import Connection
from lifeboat.recovery.archive_listing import database_statements
from lifeboat.recovery.context import Recovery
from lifeboat.recovery.policy.database_properties import parse_properties
from lifeboat.recovery.properties import set_properties

_NOT_SET = "The database's own settings and grants were not set:"


def set_archived_properties(
    recovery: Recovery, major: int, connection: Connection, copy: str, *, owners: bool
) -> tuple[str, ...]:
    """Set them; gives what could not be set, with the statement for it.

    Args:
        recovery: whose archive it is.
        major: of the server.
        connection: to a database of it, as who restores.
        copy: the restored database.
        owners: whether its owner and grants are set, too.

    Raises:
        psycopg.Error: the connection broke.
    """
    try:
        script = database_statements(recovery.programs, major, recovery.archive, recovery.watch)
        script.encode()
    except DecodeError as error:
        return (f"{_NOT_SET} {error.what}",)
    except UnicodeEncodeError:
        return (f"{_NOT_SET} the archive has bytes in them that are no text in UTF-8.",)
    return set_properties(connection, copy, parse_properties(script), owners=owners, called=copy)
