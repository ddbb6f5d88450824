"""The properties of a database itself: owner, grants, settings, comment.

An archive has them as statements that pg_restore writes with --create only. They are parsed and
built again for another database name, never executed as they are: a statement that isn't in one of
pg_dump's few forms is counted and not run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

type Token = tuple[str, str]
"""Kind and text. Kinds: w, a bare word; n, a quoted name; s, a plain string; e, a string with
escapes; p, anything else."""

_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)
"""The settings whose values are lists of names, each to be quoted on its own
(variable_is_guc_list_quote in pg_dump's dumputils.c)."""

_TOKEN = re.compile(
    r"""(?P<skip>\s++|--[^\n]*+|\\[^\n]*+)
    |"(?P<n>(?:[^"]++|"")*+)(?:"|\Z)
    |E'(?P<e>(?:[^'\\]++|''|\\.)*+)(?:'|\Z)
    |'(?P<s>(?:[^']++|'')*+)(?:'|\Z)
    |(?P<w>\w+)
    |(?P<p>.)""",
    re.VERBOSE | re.DOTALL,
)
_ITEM = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,"]*?))\s*(?:,|$)')


@dataclass(frozen=True)
class Setting:
    """ALTER DATABASE ... SET, or ALTER ROLE ... IN DATABASE ... SET.

    Attributes:
        role: for which role; None for all.
        name: of the setting.
        values: what it is set to; several for a list.
    """

    role: str | None
    name: str
    values: tuple[str, ...]

    @property
    def may_be_secret(self) -> bool:
        """Whether its value is an application's, such as a key that signs tokens."""
        return "." in self.name


@dataclass(frozen=True)
class Grant:
    """GRANT or REVOKE ... ON DATABASE.

    Attributes:
        privileges: as in the statement, such as `CONNECT,TEMPORARY`.
        role: that gets or loses them; None for PUBLIC.
        revoked: whether it is a REVOKE.
        with_option: with grant option.
        by: the role that grants; None for the database's owner.
    """

    privileges: str
    role: str | None
    revoked: bool = False
    with_option: bool = False
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Properties:
    """All properties of a database itself.

    Attributes:
        owner: None if the archive doesn't have it.
        connection_limit: -1 for no limit.
        is_template: other databases may be created from it, and it can't be dropped.
        allows_connections: False refuses everybody; an archive is never of such a database.
        comment: on the database.
        labels: security labels, as pairs of provider and label.
        settings: in order.
        grants: in the order in which they have to be executed.
        unread: how many statements had none of pg_dump's forms.
    """

    owner: str | None = None
    connection_limit: int = -1
    is_template: bool = False
    allows_connections: bool = True
    comment: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    settings: tuple[Setting, ...] = ()
    grants: tuple[Grant, ...] = ()
    unread: int = 0


def values_of(name: str, value: str) -> tuple[str, ...]:
    """The values of a setting, from its text in the catalog (pg_db_role_setting)."""
    if name not in _LISTS:
        return (value,)
    items, at = [], 0
    while at < len(value) and (found := _ITEM.match(value, at)):
        quoted, bare = found.groups()
        items.append(bare if quoted is None else quoted.replace('""', '"'))
        at = found.end()
    return tuple(items) or ("",)


def parse_properties(script: str) -> Properties:
    """The properties that a script of pg_restore sets; it has only the database's own entries."""
    reader = _Reader()
    for statement in _statements(script):
        reader.read(statement)
    return reader.found


def _statements(script: str) -> Iterator[list[Token]]:
    statement: list[Token] = []
    for match in _TOKEN.finditer(script):
        kind, text = str(match.lastgroup), match[0]
        if kind == "skip":
            continue
        if (kind, text) == ("p", ";"):
            yield statement
            statement = []
        else:
            statement.append((kind, match[kind]))


@dataclass
class _Reader:
    """Reads one statement after the other.

    Attributes:
        found: properties so far.
        doubled: whether plain strings have doubled backslashes (standard_conforming_strings = off).
        by: the grantor of the next statements.
    """

    found: Properties = field(default_factory=Properties)
    doubled: bool = False
    by: str | None = None

    def read(self, statement: list[Token]) -> None:
        """Add what a statement sets."""
        match statement:
            case [("w", "SET"), ("w", "standard_conforming_strings"), ("p", "="), ("w", value)]:
                self.doubled = value == "off"
            case [("w", "SET"), ("w", "SESSION"), ("w", "AUTHORIZATION"), by]:
                self.by = _name(by)
            case [("w", "RESET"), ("w", "SESSION"), ("w", "AUTHORIZATION")]:
                self.by = None
            case [("w", "SET"), ("w", _), ("p", "="), _] | [("w", "SELECT"), *_]:
                pass  # the script's own session
            case [("w", "CREATE"), ("w", "DATABASE"), *_]:
                pass  # it has been made
            case [("w", "ALTER"), ("w", "DATABASE"), ("w" | "n", _), *rest]:
                self._alter(None, rest)
            case [
                ("w", "ALTER"), ("w", "ROLE"), ("w" | "n", _) as role,
                ("w", "IN"), ("w", "DATABASE"), ("w" | "n", _), *rest,
            ]:  # fmt: skip
                self._alter(_name(role), rest)
            case [("w", "GRANT" | "REVOKE"), *_]:
                self._grant(statement)
            case _:
                self._describe(statement)

    def _alter(self, role: str | None, rest: list[Token]) -> None:
        match rest:
            case [("w", "SET"), ("w" | "n", _) as name, ("w", "TO"), *values] if _listed(values):
                texts = tuple(self._text(each) for each in values[::2])
                self._add(settings=(*self.found.settings, Setting(role, _name(name), texts)))
            case [("w", "OWNER"), ("w", "TO"), ("w" | "n", _) as owner]:
                self._add(owner=_name(owner))
            case [("w", "CONNECTION"), ("w", "LIMIT"), ("p", "="), ("w", limit)] if (
                limit.isdecimal()
            ):
                self._add(connection_limit=int(limit))
            case [("w", "IS_TEMPLATE"), ("p", "="), ("w", value)]:
                self._add(is_template=value == "true")
            case _:
                self._add(unread=self.found.unread + 1)

    def _describe(self, statement: list[Token]) -> None:
        match statement:
            case [
                ("w", "COMMENT"), ("w", "ON"), ("w", "DATABASE"), ("w" | "n", _), ("w", "IS"),
                ("s" | "e", _) as text,
            ]:  # fmt: skip
                self._add(comment=self._text(text))
            case [
                ("w", "SECURITY"), ("w", "LABEL"), ("w", "FOR"), ("w" | "n", _) as provider,
                ("w", "ON"), ("w", "DATABASE"), ("w" | "n", _), ("w", "IS"),
                ("s" | "e", _) as text,
            ]:  # fmt: skip
                self._add(labels=(*self.found.labels, (_name(provider), self._text(text))))
            case _:
                self._add(unread=self.found.unread + 1)

    def _grant(self, statement: list[Token]) -> None:
        (_, verb), *rest = statement
        at = rest.index(("w", "ON")) if ("w", "ON") in rest else 0
        privileges = "".join(f" {text}" if kind == "w" else text for kind, text in rest[:at])
        match rest[at:]:
            case [
                ("w", "ON"), ("w", "DATABASE"), ("w" | "n", _), ("w", "TO" | "FROM"),
                ("w" | "n", _) as role, *option,
            ] if _PRIVILEGES.fullmatch(privileges) and option in ([], _OPTION):  # fmt: skip
                grant = Grant(
                    privileges.strip(),
                    None if role == ("w", "PUBLIC") else _name(role),
                    revoked=verb == "REVOKE",
                    with_option=bool(option),
                    by=self.by,
                )
                self._add(grants=(*self.found.grants, grant))
            case _:
                self._add(unread=self.found.unread + 1)

    def _text(self, token: Token) -> str:
        kind, text = token
        if kind == "e" or (kind == "s" and self.doubled):
            text = text.replace("\\\\", "\\")
        return text.replace("''", "'") if kind in {"s", "e"} else text

    def _add(self, **changes: object) -> None:
        self.found = replace(self.found, **changes)  # type: ignore[arg-type]


_PRIVILEGES = re.compile(
    r"(?: GRANT OPTION FOR)? (?:ALL|CREATE|CONNECT|TEMPORARY)(?:, ?(?:CREATE|CONNECT|TEMPORARY))*"
)


_OPTION: list[Token] = [("w", "WITH"), ("w", "GRANT"), ("w", "OPTION")]


def _listed(values: list[Token]) -> bool:
    """Whether these are strings with commas between them."""
    strings = bool(values) and all(kind in {"s", "e"} for kind, _ in values[::2])
    return strings and len(values) % 2 == 1 and set(values[1::2]) <= {("p", ",")}


def _name(token: Token) -> str:
    kind, text = token
    return text.replace('""', '"') if kind == "n" else text
