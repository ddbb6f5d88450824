"""Who is measured: two pipelines as people write them, and Lifeboat."""

import shutil
import sys
from dataclasses import dataclass

from local.bench.backup import LOCATION


@dataclass(frozen=True)
class Contestant:
    """One way to get a database into a bucket.

    Attributes:
        name: short, for tables and keys.
        does: in a person's words.
        script: for bash; the environment names database, bucket and scratch directory.
        stores: the key of what it stores.
    """

    name: str
    does: str
    script: str
    stores: str


PYTHON = f"'{sys.executable}' -m"
_SEND = f"{PYTHON} local.bench.send"
#: The system's, as in people's scripts; where it lacks, Python's writes the same format.
_GZIP = "gzip" if shutil.which("gzip") else f"{PYTHON} gzip -"

GUNZIP = "gunzip -c" if shutil.which("gunzip") else f"{PYTHON} gzip -d - <"

PLAIN = Contestant(
    name="gzip-file",
    does="pg_dump | gzip > file; aws s3 cp",
    script=f'pg_dump | {_GZIP} > "$SCRATCH/dump.sql.gz"\n'
    f'exec {_SEND} "$SCRATCH/dump.sql.gz" "$BUCKET" dump.sql.gz',
    stores="dump.sql.gz",
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
CONTESTANTS = (PLAIN, PIPED, LIFEBOAT, CHECKSUMS)
