"""What a hostile reviewer tried: each of these once got past the run, or stopped it for nothing."""

from pathlib import Path

import pytest

from lifeboat.errors import (
    DumpError,
)
from lifeboat.postgres import decode
from lifeboat.postgres.programs import Programs
from tests.workshop import Workshop


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
