"""The roles of a drill's own server: an admin, a restorer, a reader, and the backup's roles.

Only the admin is a superuser, and the backup can't know its name. A superuser of the source is none
here: instead, it is a member of all other roles and may read everything.
"""

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import LiteralString

from psycopg import sql

from lifeboat.postgres.connect import Connection
from lifeboat.postgres.endpoint import Endpoint
from lifeboat.postgres.login import Login
from lifeboat.recovery.prepare_database import Role

_SCHEMAS: LiteralString = """
SELECT nspname FROM pg_catalog.pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
"""

_OWN_RELATIONS: LiteralString = """
SELECT n.nspname, c.relname, c.relkind = 'S' FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND pg_catalog.pg_get_userbyid(c.relowner) = current_user
"""
"""Tables and sequences of extensions: the restorer owns all others."""


@dataclass(frozen=True)
class DrillRoles:
    """The server's own roles. Their passwords are made for one run.

    Attributes:
        admin: the only superuser.
        restorer: creates the backup's objects, as a member of all of its roles.
        reader: reads everything, and owns nothing.
        owners: a group of the backup's roles; during the restore it may create objects in schemas.
        superusers: a group of the source's superusers.
    """

    admin: str
    restorer: str
    reader: str
    owners: str
    superusers: str
    passwords: dict[str, str] = field(repr=False)

    @classmethod
    def new(cls) -> "DrillRoles":
        """Roles with random names and passwords."""
        prefix = f"lifeboat_{secrets.token_hex(6)}"
        names = {
            each: f"{prefix}_{each}"
            for each in ("admin", "restorer", "reader", "owners", "superusers")
        }
        who_log_in = (names["admin"], names["restorer"], names["reader"])
        return cls(**names, passwords={name: secrets.token_urlsafe(24) for name in who_log_in})

    def login(self, endpoint: Endpoint, name: str) -> Login:
        """The login of one of them at a server."""
        return Login(replace(endpoint, user=name, password=self.passwords[name]))

    def make(self, connection: Connection) -> None:
        """Create all of them except the admin, as the admin."""
        for group in (self.owners, self.superusers):
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(group)))
        for name in (self.restorer, self.reader):
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER BYPASSRLS PASSWORD {}").format(
                    sql.Identifier(name), sql.Literal(self.passwords[name])
                )
            )
        _grant(connection, ["pg_read_all_data"], [self.reader])
        _grant(connection, [self.owners], [self.restorer])

    def adopt(self, connection: Connection, roles: Collection[Role]) -> None:
        """Create the backup's missing roles, none of them as superuser."""
        there = {row[0] for row in connection.execute("SELECT rolname FROM pg_catalog.pg_roles")}
        new = [role for role in dict.fromkeys(roles) if role.name not in there]
        for role in new:
            attributes = sql.SQL("NOSUPERUSER BYPASSRLS" if role.superuser else "NOSUPERUSER")
            connection.execute(
                sql.SQL("CREATE ROLE {} NOLOGIN {}").format(sql.Identifier(role.name), attributes)
            )
        names = [role.name for role in new]
        above = [role.name for role in new if role.superuser]
        below = [role.name for role in new if not role.superuser]
        _grant(connection, [self.owners], names)
        _grant(connection, names, [self.restorer, self.reader])
        _grant(connection, [self.superusers, "pg_read_all_data", "pg_monitor", *below], above)
        for place, name in enumerate(above):  # without a cycle
            _grant(connection, above[:place], [name])

    def open(self, connection: Connection) -> None:
        """Let the restorer work in this database, and let owners own objects in its schemas."""
        connection.execute(
            sql.SQL("GRANT CREATE, TEMPORARY ON DATABASE {} TO {}").format(
                sql.Identifier(connection.info.dbname), sql.Identifier(self.restorer)
            )
        )
        for (schema,) in connection.execute(_SCHEMAS).fetchall():
            connection.execute(
                sql.SQL("GRANT CREATE, USAGE ON SCHEMA {} TO {}").format(
                    sql.Identifier(str(schema)), sql.Identifier(self.owners)
                )
            )
        self._on_own_relations(connection, sql.SQL("GRANT ALL ON {} {} TO {}"))

    def close(self, connection: Connection) -> None:
        """Revoke what `open` has granted, so that only the backup's grants remain."""
        connection.execute(
            sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(
                sql.Identifier(connection.info.dbname), sql.Identifier(self.restorer)
            )
        )
        for (schema,) in connection.execute(_SCHEMAS).fetchall():
            connection.execute(
                sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(
                    sql.Identifier(str(schema)), sql.Identifier(self.owners)
                )
            )
        self._on_own_relations(connection, sql.SQL("REVOKE ALL ON {} {} FROM {}"))

    def _on_own_relations(self, connection: Connection, statement: sql.SQL) -> None:
        for schema, name, is_sequence in connection.execute(_OWN_RELATIONS).fetchall():
            connection.execute(
                statement.format(
                    sql.SQL("SEQUENCE" if is_sequence else "TABLE"),
                    sql.Identifier(str(schema), str(name)),
                    sql.Identifier(self.restorer),
                )
            )

    @contextmanager
    def as_superusers(self, connection: Connection) -> Iterator[None]:
        """Make the source's superusers superusers in the block, to own what others may not own.

        Only the admin is connected then, and none of these roles can log in.
        """
        members = connection.execute(
            "SELECT pg_catalog.pg_get_userbyid(member) FROM pg_catalog.pg_auth_members"
            " WHERE roleid = %s::regrole",
            [sql.Identifier(self.superusers).as_string(connection)],
        ).fetchall()

        def alter_members(what: LiteralString) -> None:
            for (name,) in members:
                connection.execute(
                    sql.SQL("ALTER ROLE {} " + what).format(sql.Identifier(str(name)))
                )

        alter_members("SUPERUSER")
        try:
            yield
        finally:
            alter_members("NOSUPERUSER")


def _grant(connection: Connection, groups: Collection[str], members: Collection[str]) -> None:
    if groups and members:
        connection.execute(
            sql.SQL("GRANT {} TO {}").format(
                *(sql.SQL(", ").join(map(sql.Identifier, names)) for names in (groups, members))
            )
        )
