"""Decodes an archive while it is being written, and counts what a restore would load."""

import signal
import threading
from types import TracebackType
from typing import Self

from lifeboat.errors import DecodeError
from lifeboat.postgres.account import CALLER, Account
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.jail import OFFLINE
from lifeboat.postgres.meter import Meter
from lifeboat.postgres.native_counter import COUNTING, load_counter, reader_of_program
from lifeboat.postgres.programs import MINIMAL_ENV, Process, Programs

_PIECE = 1 << 18


class Decoder:
    """Feeds the archive's bytes to pg_restore and counts the script that it writes, in a thread.

    pg_restore gets neither the database's password nor the function's AWS credentials: an archive
    is untrusted input, and pg_restore has had vulnerabilities that a crafted archive could use. For
    the same reason it should not run as root: `account` is who it runs as.
    """

    def __init__(
        self,
        programs: Programs,
        major: int,
        scope: CancelScope,
        meter: Meter | None = None,
        *,
        account: Account = CALLER,
    ) -> None:
        argv = [str(programs.path("pg_restore", major)), "--data-only", "--file=-"]
        environment = {**MINIMAL_ENV, **COUNTING}
        counter = load_counter(programs)
        self._counted = CopyRows(counter, reader_of_program(counter))
        self._child = scope.add_process(
            Process(argv, env=environment, jail=OFFLINE, feed=True, account=account)
        )
        self._scope = scope
        self._meter = meter
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
            self._scope.check()  # the run has killed it, and has its own error
            raise self._gave_up(self._child.wait()) from None

    @property
    def tables(self) -> int:
        """Tables whose rows were counted to the end so far."""
        return len(self._counted.rows)

    def finish(self) -> CopyRows:
        """Declare the archive complete. Returns what was counted in it.

        Raises:
            DecodeError: pg_restore didn't end well, or its script isn't whole.
        """
        self._child.end_of_input()
        self._reader.join()
        if code := self._child.wait():
            raise self._gave_up(code)
        self._scope.check()  # the reader thread may have failed
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
            buffer = memoryview(bytearray(_PIECE))
            while count := self._child.read_into(buffer):
                before = self._counted.received
                self._counted.feed(buffer[:count])
                if self._meter:
                    self._meter.add(self._counted.received - before)
        except Exception as error:  # noqa: BLE001  # in a thread, nobody else would see it
            self._scope.fail(error)

    def _gave_up(self, code: int) -> DecodeError:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        error = DecodeError(
            f"pg_restore could not decode the archive: it {how}:"
            f" {self._child.stderr_tail() or 'no message'}",
            todo="Invoke the function again. If it repeats, give it more memory (memory_mb in"
            " [backup], [drill] or [restore]; for a job, a larger machine in [job]), or report the"
            " message.",
        )
        error.killed = code == -signal.SIGKILL
        return error
