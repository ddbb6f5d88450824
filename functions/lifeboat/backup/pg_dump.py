"""Runs pg_dump for the archive and pg_dumpall for the roles."""

from collections.abc import Mapping
from dataclasses import dataclass

from lifeboat.errors import DumpError
from lifeboat.model.identifiers import TableName
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.postgres.jail import NO_JAIL, REMOTE
from lifeboat.postgres.programs import DUMP_ENV, MINIMAL_ENV, Process, Programs
from lifeboat.runtime.timeouts import milliseconds, timeouts

_ZSTD_SINCE = 16
_GZIP_FALLBACK = "gzip:1"


@dataclass(frozen=True)
class Dump:
    """One dump of a database as a custom-format archive, written to a pipe.

    Attributes:
        programs: where pg_dump is.
        major: the server's major, and so pg_dump's.
        connection: libpq's environment variables, the password among them.
        snapshot: the exported snapshot's id.
        compression: `zstd:<level>` or `gzip:<level>`; a pg_dump without zstd uses gzip.
        encoding: the archive's encoding, or None for the database's own.
        without_data_of: schema and name of each table whose rows are left out.
    """

    programs: Programs
    major: int
    connection: Mapping[str, str]
    snapshot: str
    compression: str
    encoding: str | None
    without_data_of: tuple[TableName, ...] = ()

    @property
    def effective_compression(self) -> str:
        """The compression in use: pg_dump supports zstd from 16 on."""
        if self.major < _ZSTD_SINCE and self.compression.startswith("zstd"):
            return _GZIP_FALLBACK
        return self.compression

    def start(self) -> Process:
        """Start pg_dump; its output is the archive. The password is in its environment only.

        Raises:
            ProgramMissingError: the layer doesn't carry this major.
        """
        return Process(self._argv(), env={**DUMP_ENV, **self.connection}, jail=REMOTE)

    def _argv(self) -> list[str]:
        compression = self.effective_compression
        if self.major < _ZSTD_SINCE:
            compression = compression.removeprefix("gzip:")
        return [
            str(self.programs.path("pg_dump", self.major)),
            "--format=custom",
            f"--compress={compression}",
            f"--snapshot={self.snapshot}",
            f"--lock-wait-timeout={milliseconds(timeouts().dump_lock_seconds)}",
            "--no-password",
            *([f"--encoding={self.encoding}"] if self.encoding else []),
            *(f"--exclude-table-data={_pattern(*table)}" for table in self.without_data_of),
        ]


def dump_globals(
    programs: Programs, major: int, connection: Mapping[str, str], scope: CancelScope
) -> bytes:
    """Roles, their memberships and settings as SQL, without passwords and tablespaces.

    Raises:
        DumpError: pg_dumpall failed; some providers don't let anybody read all of this.
    """
    argv = [
        str(programs.path("pg_dumpall", major)),
        "--globals-only",
        "--no-role-passwords",
        "--no-tablespaces",
        "--no-password",
        f"--database={connection['PGDATABASE']}",
    ]
    # It starts pg_dump to ask for its version, which a jail forbids; it reads no backup.
    environment = {**MINIMAL_ENV, **connection}
    with scope.add_process(Process(argv, env=environment, jail=NO_JAIL)) as child:
        script = child.read_all()
        if code := child.wait():
            raise DumpError(
                f"pg_dumpall ended with {code}: {child.stderr_tail()}",
                todo="Write the roles down elsewhere if the provider keeps them to itself.",
            )
    return script


def _pattern(schema: str, name: str) -> str:
    """A pg_dump pattern that means exactly this table: inside quotes nothing is special."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name))
