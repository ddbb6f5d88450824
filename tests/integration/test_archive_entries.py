"""The entries that we read from an archive are those that the stock pg_restore sees in it.

Archive and copy are read by the same reader, so whatever it overlooked would be missing on both
sides: its witness is pg_restore.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from lifeboat.recovery.archive_toc import read_entries
from tests.support.backup_harness import Database, run_program
from tests.support.definitions import make_odd

OF_THE_SESSION = {"ENCODING", "SEARCHPATH", "STDSTRINGS"}
"""pg_restore lists none of them."""


@pytest.mark.parametrize("major", [14, 16, 18])  # 1.14, 1.15 and 1.16 of the format
def test_our_reader_sees_what_pg_restore_sees(
    major: int, new_database: Callable[..., Database], tmp_path: Path
) -> None:
    database, archive = new_database(major), tmp_path / "archive.dump"
    make_odd(database)
    database.run(f"ALTER DATABASE {database.name} SET work_mem = '9MB'", "SELECT lo_create(7)")
    programs = database.server.programs
    run_program([programs / "pg_dump", "-Fc", "-f", archive, "-d", database.url])
    listed = run_program([programs / "pg_restore", "--create", "--list", archive])
    script = run_program([programs / "pg_restore", "--create", "--file=-", archive])
    entries = [each for each in read_entries(archive) if each.kind not in OF_THE_SESSION]
    assert [
        f"{each.number}; {each.kind} {each.schema or '-'} {each.tag} {each.owner}".rstrip()
        for each in entries
    ] == [without_numbers(line) for line in listed.splitlines() if line and line[0] != ";"]
    assert [each for each in entries if each.definition not in script] == []


def without_numbers(line: str) -> str:
    """A line of the listing without the numbers of the object and its catalog."""
    number, _, rest = line.partition("; ")
    return f"{number}; {rest.split(' ', 2)[2]}".rstrip()
