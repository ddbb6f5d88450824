"""Reads a restored copy with pg_dump, and counts what it writes as the archive was counted.

So rows, large objects and sequences of the copy come from what the next backup of it would hold,
not from queries of our own.
"""

from lifeboat.model.inventory import Source
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.native_counter import COUNTING, load_counter, reader_of_program
from lifeboat.recovery.pg_dump_copy import dump_of_copy
from lifeboat.recovery.run import RecoveryRun

_PIECE = 1 << 18


def digest_copy(run: RecoveryRun, bytea_output: str) -> CopyRows:
    """Count the whole copy.

    Args:
        run: whose copy has been restored.
        bytea_output: of the copy's sessions, hex or escape.

    Raises:
        DumpError: pg_dump could not read the copy.
        DecodeError: what it wrote isn't understood.
        LifeboatError: the run was ended for another reason.
    """
    counter = load_counter(run.programs)
    counted = CopyRows(counter, reader_of_program(counter))
    manifest, tables = run.manifest, len(run.manifest.inventory.tables)
    with dump_of_copy(
        run,
        "--data-only",
        f"--encoding={manifest.own_encoding or 'UTF8'}",
        environment={**_as_at_the_source(manifest.source, bytea_output), **COUNTING},
    ) as child:
        buffer = memoryview(bytearray(_PIECE))
        while count := child.read_into(buffer):
            counted.feed(buffer[:count])
            run.progress.update(tables=len(counted.rows), of_tables=tables)
    counted.finish()
    return counted


def _as_at_the_source(source: Source, bytea_output: str) -> dict[str, str]:
    """Ask for the form of values of the type bytea that the archive has, if this server's differs.

    Not always: connection poolers refuse such options.
    """
    wanted = source.bytea_output or bytea_output
    return {} if wanted == bytea_output else {"PGOPTIONS": f"-c bytea_output={wanted}"}
