"""The inventory of a database: that of the source is compared with that of a restored copy.

A manifest contains all of this. So within one schema version a field may be added (with a default),
but no field may change its meaning.
"""

from typing import Annotated

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from lifeboat.model.utc import UtcTime

Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A count by PostgreSQL or S3; a larger number cannot be one."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""128 bits in hexadecimal digits, made as docs/decisions/0025-what-a-digest-of-rows-is.md says.
Digests that are made in another way get a field of their own, as the two can't be compared."""


class StoredRecord(BaseModel):
    """An immutable record that is stored in the bucket.

    A reader ignores unknown keys. Fields may be added within a schema version, and the bucket keeps
    manifests for years, so a Lifeboat that was rolled back must still read what its successor
    wrote. Only programs write these records, so an unknown key is not a typing error. A change of
    meaning raises the schema version, which older readers refuse.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


# Table and Sequence are dataclasses, as a pydantic model cannot have a field named `schema`.


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table that holds rows: an ordinary table, or a leaf of a partitioned one.

    If rows may go to another leaf after a restore (partitions hashed by an enum), it is the root.

    Attributes:
        schema: its schema's name, unquoted.
        name: its own name, unquoted.
        rows: rows in the snapshot; 0 if the settings exclude its data.
        digest: of its rows, whatever their order and that of the columns is; None if the settings
            exclude its data, and in manifests from before this field existed.
        data_excluded: the settings exclude its rows from the archive.
    """

    schema: str
    name: str
    rows: Count
    digest: Digest | None = None
    data_excluded: bool = False


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """One sequence, with the arguments of `setval(name, last_value, is_called)`.

    Attributes:
        schema: its schema's name, unquoted.
        name: its own name, unquoted.
        last_value: the sequence's value.
        is_called: whether `last_value` has been used.
    """

    schema: str
    name: str
    last_value: int
    is_called: bool


class Extension(StoredRecord):
    """An installed extension.

    Attributes:
        name: such as "pgcrypto".
        version: that is installed, such as "1.3".
        members: names of its types, functions, tables and whatever else it has, as `schema.name`,
            unquoted: only for want of these may a restore fail without it. None in manifests from
            before this field existed.
    """

    name: str
    version: str
    members: tuple[str, ...] | None = None


class CollationProvider(StoredRecord):
    """A collation of some column, other than the database's own, and its provider.

    Attributes:
        name: the collation's name.
        provider: libc, icu, builtin or default.
    """

    name: str
    provider: str


class Inventory(StoredRecord):
    """The contents of a database, as one snapshot sees them.

    Attributes:
        tables: every table that holds rows.
        sequences: with their states.
        extensions: that are installed.
        collations: besides the database's own.
        large_objects: their number, whoever owns them.
        subscriptions: names of the database's own. They stay out of every copy.
        large_objects_digest: of the numbers and bytes of all large objects; None in manifests from
            before this field existed.
    """

    tables: tuple[Table, ...]
    sequences: tuple[Sequence, ...]
    extensions: tuple[Extension, ...]
    collations: tuple[CollationProvider, ...]
    large_objects: Annotated[
        Count,
        # Once, it was among the counts of all objects.
        Field(validation_alias=AliasChoices("large_objects", AliasPath("counts", "large_objects"))),
    ] = 0
    subscriptions: tuple[str, ...] = ()
    large_objects_digest: Digest | None = None

    @property
    def rows(self) -> int:
        """The rows of all tables whose data is in the archive."""
        return sum(table.rows for table in self.tables if not table.data_excluded)

    @property
    def members(self) -> dict[str, tuple[str, ...] | None]:
        """What each extension consists of, by its name; None if that isn't known."""
        return {each.name: each.members for each in self.extensions}


class Source(StoredRecord):
    """The server and database of a backup, and the time of its data.

    Attributes:
        server_version: as the server calls itself, such as "17.6 (Debian 17.6-1)".
        major: its major version, such as 17.
        database: the database's name on the server (the settings may use another name).
        encoding: such as UTF8.
        collate: LC_COLLATE of the database.
        ctype: LC_CTYPE of the database.
        locale_provider: libc, icu or builtin.
        locale: of the provider icu or builtin, such as "en-US"; None for libc, and in manifests
            from before this field existed.
        bytes: pg_database_size, indexes and dead rows included.
        lsn: the position of the write-ahead log at the snapshot, if the server tells it.
        snapshot_time: the time of the backup's data.
        endpoint: a digest of the server's host and port, to recognise the same server; None in
            manifests from before this field existed.
        provider: who runs the server, if its host name tells and the provider limits or bills
            transfer (`lifeboat.settings.providers`); else None.
        standby: whether the server was a hot standby; False in manifests from before this field
            existed.
        bytea_output: hex or escape: how the archive has values of that type; None in manifests from
            before this field existed.
        lc_monetary: the locale of values of the type money in the archive; None likewise.
        quote_all_identifiers: whether the source quoted every name in the definitions it printed;
            False also in manifests from before this field existed.
    """

    server_version: str
    major: Annotated[int, Field(ge=1)]
    database: str
    encoding: str
    collate: str
    ctype: str
    locale_provider: str
    locale: str | None = None
    bytes: Count
    lsn: str | None
    snapshot_time: UtcTime
    endpoint: str | None = None
    provider: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    standby: bool = False
    bytea_output: str | None = None
    lc_monetary: str | None = None
    quote_all_identifiers: bool = False
