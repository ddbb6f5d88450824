"""Runs pg_dump and pg_dumpall: what goes into an archive and beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from lifeboat.errors import DumpError
from lifeboat.model.identifiers import TableName
from lifeboat.postgres.jail import NO_JAIL, REMOTE
from lifeboat.postgres.programs import SCRUBBED, Child, Programs
from lifeboat.postgres.watch import Watch
from lifeboat.runtime.patience import milliseconds, patience

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
        compression: `zstd:<level>` or `gzip:<level>`; servers that know no zstd get gzip.
        encoding: the archive's encoding, or None for the database's own.
        without_data_of: schema and name of each table whose rows stay out.
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
        """What the archive is compressed with: pg_dump knows zstd from 16 on."""
        if self.major < _ZSTD_SINCE and self.compression.startswith("zstd"):
            return _GZIP_FALLBACK
        return self.compression

    def start(self) -> Child:
        """Start pg_dump; its output is the archive. The password is in its environment only.

        Raises:
            ProgramMissingError: the layer doesn't carry this major.
        """
        return Child(self._argv(), env={**SCRUBBED, **self.connection}, jail=REMOTE)

    def _argv(self) -> list[str]:
        compression = self.effective_compression
        if self.major < _ZSTD_SINCE:
            compression = compression.removeprefix("gzip:")
        return [
            str(self.programs.path("pg_dump", self.major)),
            "--format=custom",
            f"--compress={compression}",
            f"--snapshot={self.snapshot}",
            f"--lock-wait-timeout={milliseconds(patience().dump_lock_seconds)}",
            "--no-password",
            *([f"--encoding={self.encoding}"] if self.encoding else []),
            *(f"--exclude-table-data={_pattern(*table)}" for table in self.without_data_of),
        ]


def dump_globals(
    programs: Programs, major: int, connection: Mapping[str, str], watch: Watch
) -> bytes:
    """Roles, their memberships and settings as SQL, without passwords and tablespaces.

    Raises:
        DumpError: pg_dumpall failed; some providers let nobody read all of this.
    """
    argv = [
        str(programs.path("pg_dumpall", major)),
        "--globals-only",
        "--no-role-passwords",
        "--no-tablespaces",
        "--no-password",
        f"--database={connection['PGDATABASE']}",
    ]
    # It asks pg_dump for its version, so it has to run a program; it reads no backup.
    environment = {**SCRUBBED, **connection}
    with watch.child(Child(argv, env=environment, jail=NO_JAIL)) as child:
        script = child.read_all()
        if code := child.wait():
            raise DumpError(
                f"pg_dumpall ended with {code}: {child.last_words()}",
                todo="Write the roles down elsewhere if the provider keeps them to itself.",
            )
    return script


def _pattern(schema: str, name: str) -> str:
    """A pg_dump pattern that means exactly this table: inside quotes nothing is special."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name))
