"""A database whose rows change, or don't come back, where anything is made before they are in.

`pg_restore --jobs` makes what depends on a partitioned table, or on a domain, as soon as that is
there, since such a table has no rows of its own to wait for. Many partitions give it the time.
"""

from tests.support.backup_harness import Database

PARTITIONS = 8
EACH = 500


def partitioned(table: str, columns: str = "id int, b int, note text", more: str = "") -> list[str]:
    """A partitioned table and its partitions, with rows that every trigger here would change."""
    return [
        f"CREATE TABLE {table} ({columns}) PARTITION BY RANGE (id)",
        *(
            f"CREATE TABLE {table}_{i} PARTITION OF {table}"
            f" FOR VALUES FROM ({i * EACH}) TO ({(i + 1) * EACH}){more}"
            for i in range(PARTITIONS)
        ),
        f"INSERT INTO {table} SELECT i, -1, 'as it was' FROM generate_series(0,"
        f" {PARTITIONS * EACH - 1}) i",
    ]


def sub_partitioned(table: str) -> list[str]:
    """Partitions of partitions, two in each."""
    half = EACH // 2
    return [
        f"CREATE TABLE {table} (id int, b int, note text) PARTITION BY RANGE (id)",
        *(
            statement
            for i in range(PARTITIONS)
            for statement in (
                f"CREATE TABLE {table}_{i} PARTITION OF {table} FOR VALUES FROM ({i * EACH})"
                f" TO ({(i + 1) * EACH}) PARTITION BY RANGE (id)",
                f"CREATE TABLE {table}_{i}_a PARTITION OF {table}_{i}"
                f" FOR VALUES FROM ({i * EACH}) TO ({i * EACH + half})",
                f"CREATE TABLE {table}_{i}_b PARTITION OF {table}_{i}"
                f" FOR VALUES FROM ({i * EACH + half}) TO ({(i + 1) * EACH})",
            )
        ),
        f"INSERT INTO {table} SELECT i, -1, 'as it was' FROM generate_series(0,"
        f" {PARTITIONS * EACH - 1}) i",
    ]


def trigger(table: str, when: str, function: str, kind: str = "") -> str:
    """A row trigger on it."""
    return (
        f"CREATE {kind} TRIGGER t {when} INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {function}"
    )


CHANGING = (
    "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS"
    " $$BEGIN NEW.note := clock_timestamp(); RETURN NEW; END$$",
    "CREATE SEQUENCE numbers START 1000000",
    "CREATE FUNCTION renumber() RETURNS trigger LANGUAGE plpgsql AS"
    " $$BEGIN NEW.b := nextval('public.numbers'); RETURN NEW; END$$",
    "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
    "CREATE TABLE a_trail (entry text)",
    "CREATE TABLE z_trail (entry text)",
    "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
    " EXECUTE format('INSERT INTO public.%I VALUES ($1)', TG_ARGV[0]) USING NEW.note;"
    " RETURN NULL; END$$",
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$BEGIN RAISE EXCEPTION 'closed'; END$$",
    *partitioned("stamped"),
    trigger("stamped", "BEFORE", "stamp()"),
    *partitioned("renumbered"),
    trigger("renumbered", "BEFORE", "renumber()"),
    *partitioned("swallowed"),
    trigger("swallowed", "BEFORE", "swallow()"),
    *partitioned("early_audit"),
    trigger("early_audit", "AFTER", "audit('a_trail')"),
    *partitioned("late_audit"),
    trigger("late_audit", "AFTER", "audit('z_trail')"),
    *partitioned("closed"),
    trigger("closed", "AFTER", "refuse()", "CONSTRAINT"),
    *sub_partitioned("sub_stamped"),
    trigger("sub_stamped", "BEFORE", "stamp()"),
    *sub_partitioned("middle_stamped"),
    *(trigger(f"middle_stamped_{i}", "BEFORE", "stamp()") for i in range(PARTITIONS)),
)
"""Row triggers of partitioned tables: each is one entry of the archive, for all partitions."""

REFUSING = (
    *partitioned("unchecked"),
    "ALTER TABLE unchecked ADD CONSTRAINT positive CHECK (b > 0) NOT VALID",
    "CREATE TABLE heirs (id int, b int)",
    *(f"CREATE TABLE heirs_{i} () INHERITS (heirs)" for i in range(PARTITIONS)),
    *(
        f"INSERT INTO heirs_{i} SELECT i, -1 FROM generate_series(1, {EACH}) i"
        for i in range(PARTITIONS)
    ),
    "ALTER TABLE heirs ADD CONSTRAINT positive CHECK (b > 0) NOT VALID",
    "CREATE DOMAIN amount AS int",
    *(f"CREATE TABLE amounts_{i} (id int, b amount)" for i in range(PARTITIONS)),
    *(
        f"INSERT INTO amounts_{i} SELECT i, -1 FROM generate_series(1, {EACH}) i"
        for i in range(PARTITIONS)
    ),
    "ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID",
    *partitioned("referred", "id int PRIMARY KEY, b int, note text"),
    *(f"CREATE TABLE referring_{i} (id int REFERENCES referred)" for i in range(PARTITIONS)),
    *(
        f"INSERT INTO referring_{i} SELECT generate_series(0, {PARTITIONS * EACH - 1})"
        for i in range(PARTITIONS)
    ),
    "CREATE TABLE targets (id int PRIMARY KEY)",
    f"INSERT INTO targets SELECT generate_series(0, {PARTITIONS * EACH - 1})",
    *partitioned("keyed", "id int REFERENCES targets, b int, note text"),
)
"""Constraints that say nothing of the rows that are there, and foreign keys of partitions."""

REFUSING_18 = (
    *partitioned("nullable"),
    "UPDATE nullable SET note = NULL",
    "ALTER TABLE nullable ADD CONSTRAINT noted NOT NULL note NOT VALID",
    *partitioned("dangling"),
    "ALTER TABLE dangling ADD CONSTRAINT known FOREIGN KEY (b) REFERENCES targets NOT VALID",
)
"""What PostgreSQL 18 has added to these."""


def contents(database: Database) -> dict[str, str]:
    """A checksum of the rows of each table, by a query of the tests' own."""
    found = database.value(
        "SELECT array_agg(oid::regclass::text ORDER BY 1) FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace"
    )
    return {table: database.value(checksum_of(table)) for table in found}


def checksum_of(table: str) -> str:
    """The query that gives it, in whatever order the rows lie."""
    return f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
