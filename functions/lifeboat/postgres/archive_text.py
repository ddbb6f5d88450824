"""What an archive says as text: its definitions with owners and grants, its table of contents."""

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
