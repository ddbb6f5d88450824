"""Who is measured: pipelines as people and other tools run them, and Lifeboat."""

import shutil
import sys
from dataclasses import dataclass

from benchmarks.backup import LOCATION


@dataclass(frozen=True)
class Pipeline:
    """One way to get a database into a bucket, or back out of it.

    Attributes:
        name: short, for tables and keys.
        does: in a person's words.
        script: for bash; the environment names database, bucket, scratch directory and pg_dump's
            fastest compression, and for those who bring it back an empty database.
        stores: the key of what it stores; empty for those who bring it back.
    """

    name: str
    does: str
    script: str
    stores: str = ""


PYTHON = f"'{sys.executable}' -m"
_SEND = f"{PYTHON} benchmarks.send"
_RECEIVE = f'{PYTHON} benchmarks.receive "$BUCKET"'
#: The system's, as in people's scripts; where it lacks, Python's writes the same format.
_GZIP = "gzip" if shutil.which("gzip") else f"{PYTHON} gzip -"
_GUNZIP = "gunzip -c" if shutil.which("gunzip") else f"{PYTHON} gzip -d - <"

PLAIN = Pipeline(
    name="gzip-file",
    does="pg_dump | gzip > file; aws s3 cp",
    script=f'pg_dump | {_GZIP} > "$SCRATCH/dump.sql.gz"\n'
    f'exec {_SEND} "$SCRATCH/dump.sql.gz" "$BUCKET" dump.sql.gz',
    stores="dump.sql.gz",
)
#: As the Lambda backups that one finds do it: a custom-format dump in gzip, its upload one part at
#: a time and of S3's least size. At gzip's fastest level, so that the comparison is to its favour.
PEER = Pipeline(
    name="gzip-stream",
    does="pg_dump -Fc -Z1 | upload of 5 MB parts, one in flight",
    script=f'pg_dump -Fc -Z1 | {_SEND} - "$BUCKET" archive.dump --part-mib 5 --in-flight 1',
    stores="archive.dump",
)
PIPED = Pipeline(
    name="zstd-pipe",
    does="pg_dump -Fc --compress=zstd:1 | aws s3 cp -",
    script=f'pg_dump -Fc --compress="$FASTEST" | {_SEND} - "$BUCKET" archive.dump',
    stores="archive.dump",
)
LIFEBOAT = Pipeline(
    name="lifeboat",
    does="Lifeboat: stored, decoded, counted",
    script=f"exec {PYTHON} benchmarks.backup",
    stores=LOCATION.archive_key,
)
LOADED = Pipeline(
    name="gunzip-psql",
    does="aws s3 cp; gunzip | psql",
    script=f'{_RECEIVE} {PLAIN.stores} "$SCRATCH/dump.sql.gz"\n'
    f'{_GUNZIP} "$SCRATCH/dump.sql.gz" | {PYTHON} benchmarks.load_plain_sql',
)
STOCK = Pipeline(
    name="pg-restore",
    does="aws s3 cp; pg_restore -j2",
    script=f'{_RECEIVE} {LIFEBOAT.stores} "$SCRATCH/archive.dump"\n'
    'RESTORE="pg_restore -j2 -d $COPY_DATABASE"\n'
    '$RESTORE --section=pre-data --section=data "$SCRATCH/archive.dump"'
    ' && exec $RESTORE --section=post-data "$SCRATCH/archive.dump"',
)
DRILL = Pipeline(
    name="drill",
    does="Lifeboat's drill: fetched, checked, decoded, restored, compared",
    script=f"exec {PYTHON} benchmarks.drill",
)
BACKUPS = (PLAIN, PEER, PIPED, LIFEBOAT)
RECOVERIES = (LOADED, STOCK, DRILL)
EVERYONE = BACKUPS + RECOVERIES
