"""What an archive says as text: its definitions with owners and grants, its table of contents."""

from collections.abc import Iterable
from pathlib import Path

from lifeboat.errors import DecodeError
from lifeboat.postgres.programs import SCRUBBED, Child, Programs
from lifeboat.postgres.watch import Watch


def definitions(programs: Programs, major: int, archive: Path, watch: Watch) -> str:
    """What the archive would create, as SQL, with owners and grants and without rows.

    Raises:
        DecodeError: pg_restore can't read the archive.
    """
    return _text(programs, major, archive, watch, "--schema-only", "--file=-")


def contents(programs: Programs, major: int, archive: Path, watch: Watch) -> str:
    """The archive's table of contents, with what depends on what.

    Raises:
        DecodeError: pg_restore can't read the archive.
    """
    return _text(programs, major, archive, watch, "--list", "--verbose")


def entries_of(
    programs: Programs, major: int, archive: Path, watch: Watch, table: tuple[str, str]
) -> str:
    """The table of contents of one table: itself and its rows. Empty when there is no such table.

    Raises:
        DecodeError: pg_restore can't read the archive.
    """
    schema, name = table
    options = ("--list", f"--schema={schema}", f"--table={name}")
    return _text(programs, major, archive, watch, *options)


def script(
    programs: Programs, major: int, archive: Path, *options: str, entries: Iterable[str] | None
) -> Child:
    """A running pg_restore that writes SQL; the caller watches it and reads its end.

    Args:
        programs: where pg_restore is.
        major: of pg_restore.
        archive: to be read.
        options: such as --data-only.
        entries: of the table of contents, a line for each; None for all of them.
    """
    argv = [str(programs.path("pg_restore", major)), *options, "--file=-"]
    if entries is not None:
        chosen = archive.with_suffix(".list")
        chosen.write_bytes("\n".join(entries).encode(errors="surrogateescape"))
        argv.append(f"--use-list={chosen}")
    return Child([*argv, str(archive)], env=SCRUBBED)


def _text(programs: Programs, major: int, archive: Path, watch: Watch, *options: str) -> str:
    argv = [str(programs.path("pg_restore", major)), *options, str(archive)]
    with watch.child(Child(argv, env=SCRUBBED)) as child:
        text = child.read_all()
        code = child.wait()
        watch.check()
        if code:
            raise DecodeError(
                f"pg_restore can't read the archive ({code}): {child.last_words()}",
                todo="Use another backup, and take a new one by hand.",
            )
    return text.decode(errors="surrogateescape")
