r"""pg_restore and pg_dump of every major find in their own scripts what is in them.

The script that the same program writes when it is not asked to count is the witness: all of it
comes by fwrite(), whatever the version, and nothing beside it.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.native_counter import COUNTING, load_counter, reader_of_program
from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import MAJORS, Database
from tests.support.counting import count, feed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="macOS counts what comes by a pipe")

CONTENTS = (
    'CREATE TABLE "odd ""t\nCOPY public.x (a) FROM stdin;" ("a, ""b" text, "\\." text)',
    'INSERT INTO "odd ""t\nCOPY public.x (a) FROM stdin;" VALUES'
    r" (E'\\.', NULL), (E'a\nb\tc', ''), (E'\\.\n', E'COPY public.t (a) FROM stdin;\n1\n\\.\n')",
    "CREATE TABLE nothing ()",
    "INSERT INTO nothing SELECT FROM generate_series(1, 3)",
    "CREATE TABLE empty (a int)",
    "CREATE TABLE long AS SELECT i, repeat(md5(i::text), 40000) t FROM generate_series(1, 12) i",
    "CREATE TABLE short AS SELECT i, md5(i::text) m FROM generate_series(1, 50000) i",
    'CREATE SEQUENCE "it\'s a\n""s""" START 7',
    "SELECT lo_from_bytea(4711, decode(repeat('00ff5c27', 40000), 'hex'))",
    "SELECT lo_from_bytea(4712, '')",
    *(f'CREATE TABLE t{i} AS SELECT {i} AS "Ä {i}"' for i in range(300)),
)


@pytest.fixture(params=MAJORS)
def database(request: pytest.FixtureRequest, new_database: Callable[..., Database]) -> Database:
    database = new_database(request.param)
    database.run(*CONTENTS)
    return database


def test_what_is_counted_in_a_program_is_what_is_in_its_script(
    database: Database, tmp_path: Path
) -> None:
    programs, archive = database.server.programs, tmp_path / "archive.dump"
    subprocess.run([programs / "pg_dump", "-Fc", "-f", archive, "-d", database.url], check=True)
    scripts: tuple[list[str | Path], ...] = (
        [programs / "pg_restore", "--data-only", "--file=-", archive],
        [programs / "pg_dump", "--data-only", "-d", database.url],
    )
    for argv in scripts:
        script, events = _output(argv, {}), _output(argv, COUNTING)
        assert len(events) < len(script) / 10
        library = load_counter(Programs(programs.parents[1]))
        counted = CopyRows(library, reader_of_program(library))
        feed(counted, events)
        counted.finish()
        assert counted == count(script)
        assert (len(counted.rows), counted.large_objects, len(counted.sequences)) == (305, 2, 1)
        assert counted.rows["public", 'odd "t\nCOPY public.x (a) FROM stdin;'] == 3


def _output(argv: Sequence[str | Path], environment: Mapping[str, str]) -> bytes:
    done = subprocess.run(
        argv, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True
    )
    return done.stdout
