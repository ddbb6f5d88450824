"""One plain manifest and the strategies that make any other."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from lifeboat.model.inventory import (
    CollationProvider,
    Extension,
    Inventory,
    Sequence,
    Source,
    Table,
)
from lifeboat.model.manifest import (
    Archive,
    BackupRetention,
    LargeObjectReads,
    Manifest,
    StoredObject,
)
from lifeboat.model.tiers import Tier

SLOT = datetime(2026, 11, 22, 2, tzinfo=UTC)
PREFIX = "weekly/app/2026-11-22T020000Z/"

MANIFEST = Manifest(
    database="app",
    tier=Tier.WEEKLY,
    scheduled_at=SLOT,
    run_id="8e5f-1",
    lifeboat_version="0.1.0",
    started=datetime(2026, 11, 22, 2, 0, 4, 250_000, tzinfo=UTC),
    finished=datetime(2026, 11, 22, 2, 1, 14, 500_000, tzinfo=UTC),
    archive=Archive(
        compression="zstd:1",
        pg_dump="17.6",
        objects=(
            StoredObject(
                key=PREFIX + "archive.dump", version_id="v1", bytes=123_456, sha256="ab" * 32
            ),
        ),
    ),
    globals=StoredObject(key=PREFIX + "globals.sql", bytes=321, sha256="cd" * 32),
    notes=("Sunday's run stands for its week",),
    source=Source(
        server_version="17.6",
        major=17,
        database="neondb",
        encoding="UTF8",
        collate="C.UTF-8",
        ctype="C.UTF-8",
        locale_provider="builtin",
        bytes=987_654,
        lsn="0/1A2B3C",
        snapshot_time=datetime(2026, 11, 22, 2, 0, 5, tzinfo=UTC),
        bytea_output="hex",
        lc_monetary="C",
    ),
    inventory=Inventory(
        tables=(
            Table(schema="public", name="users", rows=7, digest=f"{42:032x}"),
            Table(schema="public", name='odd "näme"', rows=0, digest="0" * 32),
            Table(schema="public", name="events", rows=0, data_excluded=True),
        ),
        sequences=(Sequence(schema="public", name="ids", last_value=2**63 - 1, is_called=True),),
        extensions=(Extension(name="plpgsql", version="1.0"),),
        collations=(CollationProvider(name="de", provider="icu"),),
        large_objects_digest="0" * 32,
    ),
    retention=BackupRetention(
        expires=datetime(2027, 2, 20, 2, tzinfo=UTC), locked_until=None, lock_mode="off"
    ),
    seconds={"dump": 61.5, "globals": 0.4},
)

TEXT = st.text(max_size=20)
COUNT = st.integers(0, 2**63 - 1)
SECONDS = st.floats(0, allow_infinity=False, allow_nan=False)
MOMENTS = st.datetimes(timezones=st.just(UTC))
SLOTS = MOMENTS.map(lambda moment: moment.replace(microsecond=0))
DATABASES = st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True)
LABELS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
TABLES = st.builds(
    Table,
    schema=TEXT,
    name=TEXT,
    rows=COUNT,
    digest=st.none() | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    data_excluded=st.booleans(),
)
STORED = st.builds(
    StoredObject,
    key=TEXT,
    version_id=st.none() | TEXT,
    bytes=COUNT,
    sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
)


def at_home(manifest: Manifest) -> Manifest:
    """The same, with its objects where those of this backup belong."""
    home = manifest.location.prefix

    def there(stored: StoredObject) -> StoredObject:
        return stored.model_copy(update={"key": home + stored.key})

    archive = manifest.archive.model_copy(
        update={"objects": tuple(map(there, manifest.archive.objects))}
    )
    return manifest.model_copy(
        update={"archive": archive, "globals": manifest.globals and there(manifest.globals)}
    )


MANIFESTS = st.builds(
    Manifest,
    database=DATABASES,
    tier=st.sampled_from(Tier),
    scheduled_at=SLOTS,
    label=st.none() | LABELS,
    run_id=TEXT,
    lifeboat_version=TEXT,
    started=MOMENTS,
    finished=MOMENTS,
    archive=st.builds(
        Archive,
        compression=TEXT,
        pg_dump=TEXT,
        objects=st.lists(STORED, min_size=1, max_size=3).map(tuple),
        largest_row_bytes=st.none() | COUNT,
        largest_row_table=st.none() | TEXT,
    ),
    globals=st.none() | STORED,
    notes=st.lists(TEXT, max_size=2).map(tuple),
    source=st.builds(
        Source,
        server_version=TEXT,
        major=st.integers(14, 18),
        database=TEXT,
        encoding=TEXT,
        collate=TEXT,
        ctype=TEXT,
        locale_provider=TEXT,
        bytes=COUNT,
        lsn=st.none() | TEXT,
        snapshot_time=MOMENTS,
    ),
    inventory=st.builds(
        Inventory,
        tables=st.lists(TABLES, max_size=4).map(tuple),
        sequences=st.lists(
            st.builds(
                Sequence,
                schema=TEXT,
                name=TEXT,
                last_value=st.integers(-(2**63), 2**63 - 1),
                is_called=st.booleans(),
            ),
            max_size=2,
        ).map(tuple),
        extensions=st.lists(st.builds(Extension, name=TEXT, version=TEXT), max_size=2).map(tuple),
        collations=st.lists(st.builds(CollationProvider, name=TEXT, provider=TEXT), max_size=2).map(
            tuple
        ),
        large_objects=COUNT,
    ),
    retention=st.builds(
        BackupRetention,
        expires=st.none() | MOMENTS,
        locked_until=st.none() | MOMENTS,
        lock_mode=st.sampled_from(["governance", "compliance", "off"]),
    ),
    seconds=st.dictionaries(TEXT, SECONDS, max_size=3),
    large_object_reads=st.none()
    | st.builds(
        LargeObjectReads,
        objects=COUNT,
        bytes=COUNT,
        round_trip_seconds=SECONDS,
        seconds_left=SECONDS,
    ),
).map(at_home)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
