"""Reads and sets the properties of a database itself: owner, grants, settings, comment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from lifeboat.errors import DecodeError
from lifeboat.model.identifiers import quoted
from lifeboat.postgres.connect import Connection
from lifeboat.recovery.archive_listing import database_statements
from lifeboat.recovery.policy.database_properties import (
    Grant,
    Properties,
    Setting,
    parse_properties,
    values_of,
)
from lifeboat.recovery.run import RecoveryRun

_MAX_STATEMENT_LENGTH = 300
_MAX_STATEMENTS = 20

_DATABASE: LiteralString = """
SELECT pg_catalog.pg_get_userbyid(datdba), datconnlimit, datistemplate, datallowconn,
       pg_catalog.shobj_description(oid, 'pg_database'), datacl IS NOT NULL
FROM pg_catalog.pg_database WHERE datname = %s
"""

_SETTINGS: LiteralString = """
SELECT r.rolname, option_name, option_value
FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
CROSS JOIN LATERAL pg_catalog.pg_options_to_table(s.setconfig)
WHERE d.datname = %s ORDER BY 1 NULLS FIRST, 2
"""

_GRANTS: LiteralString = """
SELECT r.rolname, a.privilege_type, a.is_grantable, nullif(g.rolname, o.rolname)
FROM pg_catalog.pg_database d
JOIN pg_catalog.pg_roles o ON o.oid = d.datdba
CROSS JOIN LATERAL pg_catalog.aclexplode(
    coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantor
WHERE d.datname = %s AND (a.grantee = 0 OR r.rolname IS NOT NULL)
ORDER BY 4 NULLS FIRST, 1, 2
"""
"""The owner's grants come first, because other grants may depend on them."""

_LABELS: LiteralString = """
SELECT provider, label FROM pg_catalog.pg_shseclabel l
JOIN pg_catalog.pg_database d ON d.oid = l.objoid
WHERE l.classoid = 'pg_catalog.pg_database'::regclass AND d.datname = %s ORDER BY 1
"""


def read_properties(connection: Connection, database: str) -> Properties | None:
    """The properties of a database of the server; None if there is no such database."""
    row = connection.execute(_DATABASE, [database]).fetchone()
    if row is None:
        return None
    owner, limit, template, open_to_all, comment, has_rights = row
    settings = connection.execute(_SETTINGS, [database]).fetchall()
    labels = connection.execute(_LABELS, [database]).fetchall()
    return Properties(
        owner=str(owner),
        connection_limit=int(str(limit)),
        is_template=bool(template),
        allows_connections=bool(open_to_all),
        comment=None if comment is None else str(comment),
        labels=tuple((str(provider), str(label)) for provider, label in labels),
        settings=tuple(
            Setting(_text(role), str(name), values_of(str(name), str(value)))
            for role, name, value in settings
        ),
        grants=tuple(_grants(connection, database, str(owner))) if has_rights else (),
    )


def _grants(connection: Connection, database: str, owner: str) -> Iterator[Grant]:
    yield Grant("ALL", None, revoked=True)
    yield Grant("ALL", owner, revoked=True)
    for role, right, option, by in connection.execute(_GRANTS, [database]).fetchall():
        yield Grant(str(right), _text(role), with_option=bool(option), by=_text(by))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def strip_properties(connection: Connection, database: str) -> None:
    """Remove settings and grants from a copy, before it gets those of another database.

    Raises:
        psycopg.Error: the server refuses.
    """
    found = read_properties(connection, database)
    if found is None:
        return
    name = sql.Identifier(database)
    for role in {setting.role for setting in found.settings}:
        connection.execute(_alter(role, name) + sql.SQL(" RESET ALL"))
    if found.grants:
        grantees = {grant.role for grant in found.grants if grant.role != found.owner}
        for role in grantees:
            revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM {} CASCADE")
            connection.execute(revoke.format(name, _grantee(role)))
        connection.execute(_grant_statement(Grant("CONNECT, TEMPORARY", None), name))


def set_archived_properties(run: RecoveryRun) -> tuple[str, ...]:
    """Set the properties of the database that the archive has on the copy.

    Returns:
        A note for each property that could not be set, with its statement.

    Raises:
        LifeboatError: the connection broke.
    """
    not_set = "The database's own settings and grants were not set:"
    with run.session() as connection:
        try:
            script = database_statements(run)
            script.encode()
        except DecodeError as error:
            return (f"{not_set} {error.what}",)
        except UnicodeEncodeError:
            return (f"{not_set} the archive has bytes in them that are no text in UTF-8.",)
        wanted = parse_properties(script)
        return set_properties(
            connection, run.copy_name, wanted, owners=run.owners, called=run.copy_name
        )


def set_properties(
    connection: Connection, database: str, wanted: Properties, *, owners: bool, called: str
) -> tuple[str, ...]:
    """Set a database's properties, as far as the server allows it.

    Args:
        connection: to another database of the server, in autocommit.
        database: that gets them.
        wanted: the properties.
        owners: set the owner and the grants too.
        called: the database's name in statements for people to run.

    Returns:
        A note for each property that could not be set, with its statement. A note never quotes a
        value that may be a secret.
    """
    # Without superuser rights, nothing more can be set once the database has another owner.
    first = connection.info.parameter_status("is_superuser") == "on"
    statements = _statements(wanted, database, owner_first=first)
    shown = _statements(wanted, called, owner_first=first)
    notes, left_out = [], []
    for each, manual in zip(statements, shown, strict=True):
        text = manual.shown(connection)
        if each.of_owner and not owners:
            left_out.append(text)
        elif problem := _problem_of(connection, each):
            notes.append(f"Not set on the database: {text} ({problem})")
    if left_out:
        more = (
            f" And {len(left_out) - _MAX_STATEMENTS} more."
            if len(left_out) > _MAX_STATEMENTS
            else ""
        )
        notes.append(
            f'Left out, as `owners` is "none": {" ".join(left_out[:_MAX_STATEMENTS])}{more}'
        )
    return (*notes, *_further_notes(wanted, quoted(called)))


def _further_notes(wanted: Properties, name: str) -> Iterator[str]:
    """Notes on what is deliberately not set, and on what was not understood."""
    if wanted.is_template:
        yield (f"Not set, as a template can't be dropped: ALTER DATABASE {name} IS_TEMPLATE true;")
    if not wanted.allows_connections:
        yield (
            "The live database lets nobody in, and the restored one does. To close it, too:"
            f" ALTER DATABASE {name} ALLOW_CONNECTIONS false;"
        )
    if wanted.unread:
        yield f"{wanted.unread} statements about the database in the archive were not understood."


@dataclass(frozen=True)
class _Statement:
    """One statement about a database.

    Attributes:
        text: as SQL.
        head: the same without its value, if that may be a secret.
        of_owner: whether it is about the owner or a grant.
        by: the role that has to run it; None for the current role.
    """

    text: sql.Composed
    head: sql.Composed | None = None
    of_owner: bool = False
    by: str | None = None

    def shown(self, connection: Connection) -> str:
        """The statement as people may see it."""
        if self.head is None:
            text = self.text.as_string(connection)
            if len(text) <= _MAX_STATEMENT_LENGTH:
                return f"{text};"
        return f"{(self.head or self.text).as_string(connection)[:_MAX_STATEMENT_LENGTH]} ...;"


def _statements(wanted: Properties, database: str, *, owner_first: bool) -> list[_Statement]:
    name = sql.Identifier(database)
    statements = [
        *_description_statements(wanted, name),
        *(_setting_statement(each, name) for each in wanted.settings),
    ]
    statements += [
        _Statement(_grant_statement(each, name), of_owner=True, by=each.by)
        for each in wanted.grants
    ]
    limit = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}")
    statements.append(_Statement(limit.format(name, wanted.connection_limit)))
    if wanted.owner is None:
        return statements
    owner = sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(wanted.owner))
    last = [_Statement(owner, of_owner=True)]
    return last + statements if owner_first else statements + last


def _description_statements(wanted: Properties, name: sql.Identifier) -> Iterator[_Statement]:
    if wanted.comment is not None:
        comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
        yield _Statement(comment.format(name, wanted.comment))
    for provider, label in wanted.labels:
        text = sql.SQL("SECURITY LABEL FOR {} ON DATABASE {} IS {}")
        yield _Statement(text.format(sql.Identifier(provider), name, label))


def _setting_statement(setting: Setting, name: sql.Identifier) -> _Statement:
    head = _alter(setting.role, name) + sql.SQL(" SET {} TO").format(sql.Identifier(setting.name))
    values = sql.SQL(", ").join(map(sql.Literal, setting.values))
    text = sql.SQL("{} {}").format(head, values)
    return _Statement(text, head=head if setting.may_be_secret else None)


def _alter(role: str | None, name: sql.Identifier) -> sql.Composed:
    if role is None:
        return sql.SQL("ALTER DATABASE {}").format(name)
    return sql.SQL("ALTER ROLE {} IN DATABASE {}").format(sql.Identifier(role), name)


def _grant_statement(grant: Grant, name: sql.Identifier) -> sql.Composed:
    # These privileges are PostgreSQL's own words: the parser accepts no others from an archive.
    return sql.SQL("{} {} ON DATABASE {} {} {}{}").format(
        sql.SQL("REVOKE" if grant.revoked else "GRANT"),
        sql.SQL(grant.privileges),
        name,
        sql.SQL("FROM" if grant.revoked else "TO"),
        _grantee(grant.role),
        sql.SQL(" WITH GRANT OPTION" if grant.with_option else ""),
    )


def _grantee(role: str | None) -> sql.Composable:
    return sql.SQL("PUBLIC") if role is None else sql.Identifier(role)


def _problem_of(connection: Connection, statement: _Statement) -> str | None:
    """Run the statement in its own transaction. Returns the server's error, if there was one.

    Raises:
        psycopg.Error: the connection broke.
    """
    try:
        with connection.transaction():
            if statement.by is not None:
                role = sql.Identifier(statement.by)
                connection.execute(sql.SQL("SET LOCAL ROLE {}").format(role))
            connection.execute(statement.text)
    except psycopg.Error as error:
        if connection.broken or connection.closed:
            raise
        # The server's message may quote the value.
        return type(error).__name__ if statement.head else str(error.diag.message_primary)
    return None
