"""What a hostile reviewer tried: each of these once got past the run, or stopped it for nothing."""

from pathlib import Path

import pytest

from lifeboat.errors import (
    DumpError,
    UnreadableError,
)
from lifeboat.postgres import decode
from lifeboat.postgres.programs import Programs
from tests.workshop import Workshop


def _extension_with_a_table(workshop: Workshop, condition: str) -> None:
    """hstore, made to own a configuration table as pg_cron and PostGIS do."""
    workshop.database.run(
        "CREATE EXTENSION hstore",
        "CREATE SCHEMA cron",
        "CREATE TABLE cron.job (id serial, t text)",
        "INSERT INTO cron.job (t) SELECT 'x' FROM generate_series(1, 9)",
        "ALTER EXTENSION hstore ADD TABLE cron.job",
        "ALTER EXTENSION hstore ADD SEQUENCE cron.job_id_seq",
    )
    with workshop.database.connect() as connection:
        connection.execute(
            "UPDATE pg_extension SET extconfig ="
            " ARRAY['cron.job'::regclass::oid, 'cron.job_id_seq'::regclass::oid],"
            " extcondition = ARRAY[%s, ''] WHERE extname = 'hstore'",
            [condition],
        )


def test_an_extensions_rows_that_the_role_cannot_read_are_named_before_the_dump(
    workshop: Workshop,
) -> None:
    _extension_with_a_table(workshop, "")
    server, name = workshop.database.server, workshop.database.name
    workshop.database.run(
        "CREATE ROLE weak LOGIN PASSWORD 'bait-of-the-weak'",
        "GRANT USAGE ON SCHEMA public TO weak",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO weak",
        "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO weak",
        "ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY",
    )
    try:
        workshop.secret = server.url(database=name, user="weak", password="bait-of-the-weak")
        with pytest.raises(UnreadableError) as caught:
            workshop.take()
    finally:
        workshop.database.run("DROP OWNED BY weak", "DROP ROLE weak")
    for named in (
        'schema "cron"',
        'table "cron"."job"',
        'row security "cron"."job"',
        'sequence "cron"."job_id_seq"',
    ):
        assert named in caught.value.what


def test_what_pg_dump_says_is_told_without_the_password(workshop: Workshop, tmp_path: Path) -> None:
    real = workshop.programs.root / "18" / "bin"
    folder = tmp_path / "programs" / "18" / "bin"
    folder.mkdir(parents=True)
    (folder / "pg_restore").symlink_to(real / "pg_restore")
    (folder / "pg_dump").write_text('#!/bin/sh\necho "it was $PGPASSWORD" >&2\nexit 1\n')
    (folder / "pg_dump").chmod(0o755)
    workshop.programs = Programs(tmp_path / "programs")
    with pytest.raises(DumpError) as caught:
        workshop.take()
    assert "it was ***" in caught.value.what
    assert workshop.database.server.password not in str(caught.value)


def test_a_decoder_whose_reader_fails_in_an_unknown_way_fails_the_run(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(decode.CopyRows):
        def feed(self, piece: bytes) -> None:
            super().feed(piece)
            raise ValueError("never seen before")

    monkeypatch.setattr(decode, "CopyRows", Broken)
    with pytest.raises(ValueError, match="never seen before"):
        workshop.take()
    workshop.assert_nothing_was_published()
