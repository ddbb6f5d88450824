"""Streams one dump into the vault, decoding every byte on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lifeboat.backup.pg_dump import Dump
from lifeboat.backup.run import BackupRun
from lifeboat.errors import DumpError
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.decoder import Decoder
from lifeboat.postgres.programs import Child
from lifeboat.postgres.watch import Watch
from lifeboat.s3.upload import ArchiveUpload


@dataclass(frozen=True)
class Streamed:
    """What went through.

    Attributes:
        counted: what the decoder found in the bytes that were stored.
        said: what pg_dump said on the way, warnings mostly; empty as a rule.
    """

    counted: CopyRows
    said: str


class ArchiveStream:
    """A running pg_dump whose every byte goes into the upload and through pg_restore.

    Nothing is staged: a chunk lies once in memory, in the part that it is uploaded with.
    """

    def __init__(
        self, source: Child, decoder: Decoder, upload: ArchiveUpload, watch: Watch
    ) -> None:
        self._watch = watch
        self._source = source
        self._decoder = decoder
        self._upload = upload

    def pass_on(self) -> int:
        """Wait for the next bytes and pass them on; how many, 0 at the end.

        The first ones come when pg_dump has locked and described every table.

        Raises:
            DecodeError: pg_restore can't read what pg_dump wrote.
            VaultError: S3 refused a part.
        """
        count = self._source.read_into(self._upload.free())
        if count:
            self._decoder.write(self._upload.filled(count))
        return count

    def last_words(self) -> str:
        """What pg_dump said before it ended, which this waits for."""
        self._source.wait()
        return self._source.last_words()

    def finish(self) -> Streamed:
        """Pass everything on to the end.

        pg_dump's exit code decides, never the look of its output: a dump that dies ends like one
        that is done.

        Raises:
            DumpError: pg_dump failed.
            DecodeError: pg_restore can't read what pg_dump wrote.
            VaultError: S3 refused a part.
            BackupError: the run was ended for another reason.
        """
        while self.pass_on():
            pass
        code = self._source.wait()
        self._watch.check()
        if code:
            raise _failed(self._source, code)
        return Streamed(counted=self._decoder.finish(), said=self._source.last_words())


@contextmanager
def archive_stream(run: BackupRun, dump: Dump, upload: ArchiveUpload) -> Iterator[ArchiveStream]:
    """Start pg_dump and the decoder; both have ended when the block is left.

    Args:
        run: whose meter counts what pg_dump reads from the server, while it does.
        dump: what to dump.
        upload: where it goes.

    Raises:
        ProgramMissingError: the layer doesn't carry this major.
    """
    with (
        Decoder(dump.programs, dump.major, run.watch, run.meter) as decoder,
        run.watch.child(dump.start()) as source,
    ):
        yield ArchiveStream(source, decoder, upload, run.watch)


def _failed(source: Child, code: int) -> DumpError:
    how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
    return DumpError(
        f"pg_dump {how}: {source.last_words() or 'no message'}",
        todo="Cure what pg_dump names, then invoke the function again. Without a message it was"
        " killed, most likely for want of memory: raise backup.memory_mb.",
    )
