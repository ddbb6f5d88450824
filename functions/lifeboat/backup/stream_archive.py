"""Streams one dump into the bucket, and decodes every byte on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lifeboat.backup.pg_dump import Dump
from lifeboat.backup.run import BackupRun
from lifeboat.errors import DumpError
from lifeboat.model.engine import Engine
from lifeboat.postgres.account import reader_of
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.decoder import Decoder
from lifeboat.postgres.programs import Process
from lifeboat.s3.upload import ArchiveUpload


@dataclass(frozen=True)
class StreamResult:
    """The result of a stream.

    Attributes:
        counted: what the decoder found in the stored bytes.
        said: pg_dump's messages, mostly warnings; usually empty.
    """

    counted: CopyRows
    said: str


class ArchiveStream:
    """A running pg_dump; every byte goes into the upload and through pg_restore.

    Nothing is staged on disk: a chunk is in memory once, in the part that it is uploaded with.
    """

    def __init__(
        self, source: Process, decoder: Decoder, upload: ArchiveUpload, run: BackupRun, tables: int
    ) -> None:
        self._scope = run.scope
        self._engine = run.engine
        self._progress = run.progress
        self._tables = tables
        self._source = source
        self._decoder = decoder
        self._upload = upload

    def transfer_chunk(self) -> int:
        """Wait for the next bytes and transfer them. Returns how many, 0 at the end.

        The first ones come after pg_dump has locked and described every table.

        Raises:
            DecodeError: pg_restore can't read what pg_dump wrote.
            StorageError: S3 refused a part.
        """
        count = self._source.read_into(self._upload.free_space())
        if count:
            self._decoder.write(self._upload.commit(count))
            self._progress.update(
                size=self._upload.total, tables=self._decoder.tables, of_tables=self._tables
            )
        return count

    def stderr_tail(self) -> str:
        """Wait for pg_dump's end, and return its last messages."""
        self._source.wait()
        return self._source.stderr_tail()

    def finish(self) -> StreamResult:
        """Transfer everything to the end.

        pg_dump's exit code decides, not its output: the output of a killed pg_dump just ends too.

        Raises:
            DumpError: pg_dump failed.
            DecodeError: pg_restore can't read what pg_dump wrote.
            StorageError: S3 refused a part.
            LifeboatError: the run was ended for another reason.
        """
        while self.transfer_chunk():
            pass
        code = self._source.wait()
        self._scope.check()
        if code:
            raise _failed(self._source, code, self._engine)
        return StreamResult(counted=self._decoder.finish(), said=self._source.stderr_tail())


@contextmanager
def archive_stream(
    run: BackupRun, dump: Dump, upload: ArchiveUpload, *, tables: int
) -> Iterator[ArchiveStream]:
    """Start pg_dump and the decoder; both have ended when the block is left.

    Args:
        run: its meter counts what pg_dump reads from the server.
        dump: what to dump.
        upload: where it goes.
        tables: how many have rows in it, for who watches.

    Raises:
        ProgramMissingError: the layer doesn't carry this major.
    """
    with (
        Decoder(
            dump.programs, dump.major, run.scope, run.meter, account=reader_of(dump.programs.root)
        ) as decoder,
        run.scope.add_process(dump.start()) as source,
    ):
        yield ArchiveStream(source, decoder, upload, run, tables)


_MORE_MEMORY = {
    Engine.FUNCTION: "raise backup.memory_mb",
    Engine.JOB: "take a larger machine (job.backup_compute)",
}


def _failed(source: Process, code: int, engine: Engine) -> DumpError:
    how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
    return DumpError(
        f"pg_dump {how}: {source.stderr_tail() or 'no message'}",
        todo="Cure what pg_dump names, then invoke the function again. Without a message it was"
        f" killed, most likely for want of memory: {_MORE_MEMORY[engine]} (a row takes up to"
        " three times its size).",
    )
