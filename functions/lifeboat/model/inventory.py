"""What is in a database: one inventory of the source, one of each restored copy, to be compared.

Everything is stored inside the manifest, so within one schema version fields may be added (with a
default) but never change their meaning.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from lifeboat.model.utc import UtcTime

Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""How many there are of something that PostgreSQL or S3 counts; what is larger was not counted."""


class Frozen(BaseModel):
    """A record that is stored: never changed once made.

    Unknown keys are ignored when it is read. Fields may be added within a schema version, and the
    vault keeps manifests for years, so a Lifeboat that was rolled back must still read what its
    successor wrote. No typing error hides that way, as only programs write these records; a change
    of meaning raises the schema version, and that is refused.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


# Table and Sequence are dataclasses since a pydantic model cannot have a field named `schema`.


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table that rows are loaded into: an ordinary one or a leaf of a partitioned one.

    Where rows may find another leaf after a restore (hashed by an enum), it is the tree's root.

    Attributes:
        schema: its schema's name, unquoted.
        name: its own name, unquoted.
        rows: rows in the snapshot; 0 where the settings exclude its data.
        checksum: an order-free checksum of its content, where one was asked for.
        data_excluded: the settings leave its rows out of the archive.
    """

    schema: str
    name: str
    rows: Count
    checksum: str | None = None
    data_excluded: bool = False


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """One sequence, as `setval(name, last_value, is_called)` would restore it.

    Attributes:
        schema: its schema's name, unquoted.
        name: its own name, unquoted.
        last_value: as the sequence has it.
        is_called: whether `last_value` has been used.
    """

    schema: str
    name: str
    last_value: int
    is_called: bool


class Extension(Frozen):
    """An installed extension.

    Attributes:
        name: such as "pgcrypto".
        version: that is installed, such as "1.3".
    """

    name: str
    version: str


class CollationProvider(Frozen):
    """A collation that some column uses besides the database's own, and who implements it.

    Attributes:
        name: the collation's name.
        provider: libc, icu, builtin or default.
    """

    name: str
    provider: str


class ObjectCounts(Frozen):
    """How many objects of each kind the user's schemas hold, those of extensions left out.

    Attributes:
        indexes: on tables and materialized views.
        constraints: on tables and domains.
        unvalidated_constraints: of those, the ones that are NOT VALID.
        views: ordinary ones.
        materialized_views: with or without rows.
        functions: and procedures, aggregates and window functions.
        triggers: on tables and views, but none that PostgreSQL makes itself.
        policies: for row-level security.
        large_objects: of the database, whoever owns them.
    """

    indexes: Count = 0
    constraints: Count = 0
    unvalidated_constraints: Count = 0
    views: Count = 0
    materialized_views: Count = 0
    functions: Count = 0
    triggers: Count = 0
    policies: Count = 0
    large_objects: Count = 0


class Inventory(Frozen):
    """What is in a database, as one snapshot sees it.

    Attributes:
        tables: every table that rows are loaded into.
        sequences: with their states.
        extensions: that are installed.
        collations: besides the database's own.
        counts: of everything else.
        counted_as_dumped: whether the counts are of what pg_dump writes down. Before there was
            this field, they were of all that the catalogs hold, clones and invalid indexes too.
    """

    tables: tuple[Table, ...]
    sequences: tuple[Sequence, ...]
    extensions: tuple[Extension, ...]
    collations: tuple[CollationProvider, ...]
    counts: ObjectCounts
    counted_as_dumped: bool = False

    @property
    def rows(self) -> int:
        """The rows of all tables whose data is in the archive."""
        return sum(table.rows for table in self.tables if not table.data_excluded)


class Source(Frozen):
    """Which server and database a backup was taken from, and of which moment.

    Attributes:
        server_version: as the server calls itself, such as "17.6 (Debian 17.6-1)".
        major: its major version, such as 17.
        database: the database's name on the server (the settings may call it otherwise).
        encoding: such as UTF8.
        collate: LC_COLLATE of the database.
        ctype: LC_CTYPE of the database.
        locale_provider: libc, icu or builtin.
        bytes: pg_database_size, indexes and dead rows included.
        lsn: where the write-ahead log stood at the snapshot, where the server tells.
        snapshot_time: the moment that the backup shows.
        endpoint: a digest of the server's host and port, to know the same one again; None in
            manifests that were written before there was one.
        provider: who runs the server, as far as its host tells and it matters for what transfer
            costs (`lifeboat.settings.providers`); None where it doesn't.
    """

    server_version: str
    major: Annotated[int, Field(ge=1)]
    database: str
    encoding: str
    collate: str
    ctype: str
    locale_provider: str
    bytes: Count
    lsn: str | None
    snapshot_time: UtcTime
    endpoint: str | None = None
    provider: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
