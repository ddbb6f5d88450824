"""The SQL that makes the two roles of a database: one home for what docs/backup-role.md explains.

Statements are texts to show and to send. A password is never part of them.
"""

from dataclasses import dataclass, replace

from lifeboat.model.identifiers import quoted
from lifeboat_setup.survey import Survey

_KINDS = ("TABLES", "SEQUENCES")

PLACEHOLDER = "choose-one"
"""What stands for the password where the SQL is shown."""


@dataclass(frozen=True, kw_only=True)
class RoleSql:
    """How a role is made.

    Attributes:
        name: of the role.
        create: the statement that makes it, up to its password.
        then: what follows; each statement has to succeed.
        wanted: what is tried as well; without it the role is of use, but not for everything.
        by_grants: whether it reads what was granted to it, and not simply everything.
    """

    name: str
    create: str
    then: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    by_grants: bool = False

    @property
    def shown(self) -> str:
        """The whole SQL for a person, with a placeholder for the password."""
        return "\n".join([f"{self.create} PASSWORD '{PLACEHOLDER}';", *self.then, *self.wanted])

    @property
    def undo(self) -> str:
        """How to take it back."""
        role = quoted(self.name)
        first = f"GRANT {role} TO CURRENT_USER; DROP OWNED BY {role}; " * self.by_grants
        return f"{first}DROP ROLE {role};"


def role_name(database: str) -> str:
    """The reading role's name: that of one database, so that each has a password of its own."""
    return f"lifeboat_{database.replace('-', '_')}"


def reading_sql(database: str, facts: Survey) -> RoleSql:
    """A role that reads everything and writes nothing (docs/backup-role.md).

    BYPASSRLS is asked for only where a table has row level security: few may grant it.
    """
    role = _named(role_name(database))
    return _reading(database, facts, (f"GRANT pg_read_all_data TO {role};",))


def reading_by_grants_sql(database: str, facts: Survey) -> RoleSql:
    """The same where the administrator may not grant pg_read_all_data.

    It reads what is there, and what this administrator makes later; not what others make.
    """
    role = _named(role_name(database))
    later = "ALTER DEFAULT PRIVILEGES GRANT"
    grants = [
        f"{later} USAGE ON SCHEMAS TO {role};",
        *(f"{later} SELECT ON {kind} TO {role};" for kind in _KINDS),
    ]
    for schema in map(_named, facts.schemas):
        grants.append(f"GRANT USAGE ON SCHEMA {schema} TO {role};")
        grants += [f"GRANT SELECT ON ALL {kind} IN SCHEMA {schema} TO {role};" for kind in _KINDS]
    return replace(_reading(database, facts, tuple(grants)), by_grants=True)


def restoring_sql(database: str, facts: Survey) -> RoleSql:
    """A role that may create databases and, as a member of the live one's owner, swap them.

    A member of a superuser could become one, so it becomes no member of a superuser.
    """
    name = f"{role_name(database)}_restore"
    role = _named(name)
    owner = () if facts.superuser_owns else (f"GRANT {_named(facts.owner)} TO {role};",)
    return RoleSql(
        name=name,
        create=f"CREATE ROLE {role} LOGIN NOSUPERUSER CREATEDB NOCREATEROLE CONNECTION LIMIT 20",
        wanted=(*owner, f"GRANT pg_signal_backend TO {role};"),
    )


def unseen_sql(database: str) -> str:
    """The SQL of both roles for a database that nobody has looked at: it may need all of that."""
    facts = Survey(
        major=0,
        version="",
        superuser=False,
        may_create_roles=False,
        standby=False,
        bytes=0,
        owner="<owner of the database>",
        superuser_owns=False,
        tables=1,
        secured_tables=1,
        large_objects=0,
        extensions=(),
        schemas=(),
    )
    return both_sql(database, facts)


def both_sql(database: str, facts: Survey) -> str:
    """The SQL of both roles, to show."""
    return f"{reading_sql(database, facts).shown}\n\n{restoring_sql(database, facts).shown}"


def _reading(database: str, facts: Survey, grants: tuple[str, ...]) -> RoleSql:
    name = role_name(database)
    role = _named(name)
    bypass = " BYPASSRLS" if facts.secured_tables else ""
    return RoleSql(
        name=name,
        create=f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE{bypass}"
        " CONNECTION LIMIT 10",
        then=(*grants, f"ALTER ROLE {role} SET default_transaction_read_only = on;"),
    )


def _named(name: str) -> str:
    """The name in quotes unless it is ours: others may be keywords."""
    text = quoted(name)
    return f'"{text}"' if text == name and not name.startswith("lifeboat_") else text
