"""Decodes an archive while it is being written, and counts what a restore would load."""

import threading
from types import TracebackType
from typing import Self

from lifeboat.errors import DecodeError
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.jail import OFFLINE
from lifeboat.postgres.meter import Meter
from lifeboat.postgres.programs import SCRUBBED, Child, Programs
from lifeboat.postgres.watch import Watch

_PIECE = 1 << 18


class Decoder:
    """pg_restore, fed with the archive's bytes, its script counted by a thread of our own.

    The child gets neither the database's password nor the function's AWS credentials: an archive is
    input, and pg_restore has had holes that a crafted one could use.
    """

    def __init__(
        self, programs: Programs, major: int, watch: Watch, meter: Meter | None = None
    ) -> None:
        argv = [str(programs.path("pg_restore", major)), "--data-only", "--file=-"]
        self._child = watch.child(Child(argv, env=SCRUBBED, jail=OFFLINE, feed=True))
        self._watch = watch
        self._meter = meter
        self._counted = CopyRows()
        self._reader = threading.Thread(target=self._read, name="decoder", daemon=True)
        self._reader.start()

    def write(self, data: memoryview) -> None:
        """Feed the next bytes of the archive.

        Raises:
            DecodeError: pg_restore has given up on them.
        """
        try:
            self._child.write(data)
        except BrokenPipeError:
            self._watch.check()  # it was us who ended it, for a reason of its own
            raise self._gave_up(self._child.wait()) from None

    def finish(self) -> CopyRows:
        """Say that the archive is complete; gives what was counted in it.

        Raises:
            DecodeError: pg_restore didn't end well, or its script isn't whole.
        """
        self._child.end_of_input()
        self._reader.join()
        if code := self._child.wait():
            raise self._gave_up(code)
        self._watch.check()  # the reader may have failed for a reason of its own
        self._counted.finish()
        return self._counted

    def __enter__(self) -> Self:
        """The decoder itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End pg_restore if it still runs."""
        self._child.kill()
        self._reader.join()
        self._child.__exit__(kind, error, at)

    def _read(self) -> None:
        try:
            while piece := self._child.read(_PIECE):
                before = self._counted.received
                self._counted.feed(piece)
                if self._meter:
                    self._meter.add(self._counted.received - before)
        except Exception as error:  # noqa: BLE001  # nobody else would hear of it, in this thread
            self._watch.fail(error)

    def _gave_up(self, code: int) -> DecodeError:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        return DecodeError(
            "pg_restore could not decode the archive that was being stored: it"
            f" {how}: {self._child.last_words() or 'no message'}",
            todo="Invoke the function again. If it repeats, give the function more memory"
            " (backup.memory_mb) or report the message.",
        )
