"""What a server could not hold of a backup, which is not the backup's fault."""

from dataclasses import dataclass

from lifeboat.model.identifiers import TableName


@dataclass(frozen=True)
class Excuse:
    """A statement that a restore could not execute, for a reason that isn't the backup's fault.

    Attributes:
        statement: the whole text, as pg_restore quotes it.
        means_lack: what the statement creates is missing for this reason; if it is there after
            all, the reason was another one.
    """

    statement: str
    means_lack: bool


@dataclass(frozen=True, kw_only=True)
class Untested:
    """What the target server could not hold; this is not the backup's fault.

    Attributes:
        extensions: names of missing extensions.
        objects: a sentence for each object that could not be created without them.
        tables: tables that could not be created without them.
        sequences: sequences that could not be created without them.
        excuses: the statements that failed. An entry of the archive may only be missing if its own
            statement is one of them.
        absent: `schema.name`, unquoted, of relations that tolerated errors called missing. If such
            a relation exists after all, the error had another cause.
        collations: names of collations that were replaced by byte order.
        dependents: a sentence for each thing that works by rules of text which the server lacks.
        unloaded: names of tables whose rows were refused by such a thing.
        stand_ins: names of extensions that a stand-in replaced, which holds the same rows. They are
            only noted.
    """

    extensions: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    tables: frozenset[TableName] = frozenset()
    sequences: frozenset[TableName] = frozenset()
    excuses: tuple[Excuse, ...] = ()
    absent: frozenset[str] = frozenset()
    collations: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    unloaded: frozenset[str] = frozenset()
    stand_ins: tuple[str, ...] = ()
