"""A backup as a file of plain SQL, behind a link that soon ends."""

import gzip
import ssl
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from lifeboat.errors import RefusedError
from lifeboat.model.keys import time_id
from local.aws import LocalAws
from tests.support.backup_harness import Database
from tests.support.restore_harness import STARTED, RestoreHarness, refused
from tests.support.s3_faults import answer, planned


def sql(restores: RestoreHarness, told: dict[str, Any]) -> str:
    key = told["file"].split("/", 3)[3]
    return gzip.decompress(restores.backups.bucket.read(key)).decode()


def play(script: str, into: Database) -> None:
    """The script's statements and rows, as psql would take them."""
    with into.connect() as connection:
        lines = iter(script.splitlines(keepends=True))
        statement = ""
        for line in lines:
            if line.startswith(("--", "\\")):
                continue
            statement = (statement + line).lstrip()
            if statement.startswith("COPY ") and statement.endswith("FROM stdin;\n"):
                with connection.cursor().copy(statement) as copy:
                    for row in iter(lambda: next(lines), "\\.\n"):
                        copy.write(row)
            elif not statement.endswith(";\n"):
                continue
            else:
                connection.execute(statement)
            statement = ""


def test_a_backup_is_read_as_sql(
    restores: RestoreHarness, new_database: Callable[..., Database]
) -> None:
    restores.backups.take()
    plan = restores.ask(action="export")
    assert "treat it like a password" in " ".join(plan["warnings"])
    assert not any(key.startswith("exports/") for key in restores.backups.bucket.holds())
    told = restores.ask(plan["next_event"])
    moment = STARTED + timedelta(minutes=restores.asked)
    assert told["file"].endswith(f"/exports/app/{time_id(moment)}/database.sql.gz")
    copy = new_database()
    play(sql(restores, told), copy)
    assert copy.inventory() == restores.live.inventory()


def test_some_tables_are_exported_with_what_they_need(restores: RestoreHarness) -> None:
    restores.live.run("CREATE TABLE others (id int)", "INSERT INTO others VALUES (4711)")
    restores.backups.take()
    script = sql(restores, restores.ask(action="export", tables=["public.users"], execute=True))
    assert "CREATE TABLE public.users" in script
    assert "ADD CONSTRAINT users_pkey" in script
    assert "user1000@example.com" in script
    assert "others" not in script
    error = refused(lambda: restores.ask(action="export", tables=["public.nobody"], execute=True))
    assert isinstance(error, RefusedError)


def test_the_link_gives_the_file(restores: RestoreHarness, aws: LocalAws) -> None:
    restores.backups.take()
    told = restores.ask(action="export", execute=True)
    assert told["download_url_minutes"] == 60
    context = ssl.create_default_context(cafile=str(aws.ca_bundle))
    with urllib.request.urlopen(told["download_url"], context=context) as response:  # noqa: S310
        assert gzip.decompress(response.read()).decode() == sql(restores, told)


def test_an_export_that_was_not_read_to_its_end_leaves_nothing(
    restores: RestoreHarness, failing_reader: Callable[[RestoreHarness], None]
) -> None:
    restores.backups.take()
    failing_reader(restores)
    error = refused(lambda: restores.ask(action="export", execute=True))
    assert "(1): no luck" in error.what
    assert not any(key.startswith("exports/") for key in restores.backups.bucket.holds())
    assert restores.backups.bucket.open_uploads() == []


def test_an_export_that_s3_refuses_leaves_nothing(restores: RestoreHarness) -> None:
    restores.backups.take()
    with planned(restores.backups.bucket.client, "UploadPart", answer(500, "InternalError")):
        error = refused(lambda: restores.ask(action="export", execute=True))
    assert "InternalError" in error.what
    assert not any(key.startswith("exports/") for key in restores.backups.bucket.holds())
    assert restores.backups.bucket.open_uploads() == []
