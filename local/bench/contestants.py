"""Who is measured: pipelines as people and other tools run them, and Lifeboat."""

import shutil
import sys
from dataclasses import dataclass

from local.bench.backup import LOCATION


@dataclass(frozen=True)
class Contestant:
    """One way to get a database into a bucket, or back out of it.

    Attributes:
        name: short, for tables and keys.
        does: in a person's words.
        script: for bash; the environment names database, bucket and scratch directory, and for
            those who bring it back an empty database.
        stores: the key of what it stores; empty for those who bring it back.
    """

    name: str
    does: str
    script: str
    stores: str = ""


PYTHON = f"'{sys.executable}' -m"
_SEND = f"{PYTHON} local.bench.send"
_RECEIVE = f'{PYTHON} local.bench.receive "$BUCKET"'
#: The system's, as in people's scripts; where it lacks, Python's writes the same format.
_GZIP = "gzip" if shutil.which("gzip") else f"{PYTHON} gzip -"
_GUNZIP = "gunzip -c" if shutil.which("gunzip") else f"{PYTHON} gzip -d - <"

PLAIN = Contestant(
    name="gzip-file",
    does="pg_dump | gzip > file; aws s3 cp",
    script=f'pg_dump | {_GZIP} > "$SCRATCH/dump.sql.gz"\n'
    f'exec {_SEND} "$SCRATCH/dump.sql.gz" "$BUCKET" dump.sql.gz',
    stores="dump.sql.gz",
)
#: As the Lambda backups that one finds do it: a custom-format dump in gzip, its upload one part at
#: a time and of S3's least size. At gzip's fastest level, so that the comparison is to its favour.
PEER = Contestant(
    name="gzip-stream",
    does="pg_dump -Fc -Z1 | upload of 5 MB parts, one in flight",
    script=f'pg_dump -Fc -Z1 | {_SEND} - "$BUCKET" archive.dump --part-mib 5 --in-flight 1',
    stores="archive.dump",
)
PIPED = Contestant(
    name="zstd-pipe",
    does="pg_dump -Fc --compress=zstd:1 | aws s3 cp -",
    script=f'pg_dump -Fc --compress=zstd:1 | {_SEND} - "$BUCKET" archive.dump',
    stores="archive.dump",
)
LIFEBOAT = Contestant(
    name="lifeboat",
    does="Lifeboat: stored, decoded, counted",
    script=f"exec {PYTHON} local.bench.backup",
    stores=LOCATION.archive_key,
)
CHECKSUMS = Contestant(
    name="lifeboat-sums",
    does="Lifeboat with checksums of all content",
    script=f"exec {PYTHON} local.bench.backup --checksums",
    stores=LOCATION.archive_key,
)
PLAYED = Contestant(
    name="gunzip-psql",
    does="aws s3 cp; gunzip | psql",
    script=f'{_RECEIVE} {PLAIN.stores} "$SCRATCH/dump.sql.gz"\n'
    f'{_GUNZIP} "$SCRATCH/dump.sql.gz" | {PYTHON} local.bench.play',
)
STOCK = Contestant(
    name="pg-restore",
    does="aws s3 cp; pg_restore -j2",
    script=f'{_RECEIVE} {LIFEBOAT.stores} "$SCRATCH/archive.dump"\n'
    'RESTORE="pg_restore -j2 -d $COPY_DATABASE"\n'
    '$RESTORE --section=pre-data --section=data "$SCRATCH/archive.dump"'
    ' && exec $RESTORE --section=post-data "$SCRATCH/archive.dump"',
)
DRILL = Contestant(
    name="drill",
    does="Lifeboat's drill: fetched, checked, decoded, restored, compared",
    script=f"exec {PYTHON} local.bench.drill",
)
BACKUPS = (PLAIN, PEER, PIPED, LIFEBOAT, CHECKSUMS)
RECOVERIES = (PLAYED, STOCK, DRILL)
EVERYONE = BACKUPS + RECOVERIES
