"""A backup as a file of plain SQL, behind a link that soon ends."""

import gzip
import ssl
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from lifeboat.errors import RestoreRefusedError
from lifeboat.model.keys import slot_id
from local.aws import LocalAws
from tests.support.backup_harness import Database
from tests.support.restore_harness import STARTED, RescueHall, refused
from tests.support.s3_faults import answer, planned


def sql(hall: RescueHall, told: dict[str, Any]) -> str:
    key = told["file"].split("/", 3)[3]
    return gzip.decompress(hall.workshop.bucket.read(key)).decode()


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


def test_a_backup_is_read_as_sql(hall: RescueHall, new_database: Callable[..., Database]) -> None:
    hall.workshop.take()
    plan = hall.ask(action="export")
    assert "treat it like a password" in " ".join(plan["beware"])
    assert not any(key.startswith("exports/") for key in hall.workshop.bucket.holds())
    told = hall.ask(plan["next"])
    moment = STARTED + timedelta(minutes=hall.asked)
    assert told["file"].endswith(f"/exports/app/{slot_id(moment)}/database.sql.gz")
    copy = new_database()
    play(sql(hall, told), copy)
    assert copy.inventory() == hall.live.inventory()


def test_some_tables_are_exported_with_what_they_need(hall: RescueHall) -> None:
    hall.live.run("CREATE TABLE others (id int)", "INSERT INTO others VALUES (4711)")
    hall.workshop.take()
    script = sql(hall, hall.ask(action="export", tables=["public.users"], go=True))
    assert "CREATE TABLE public.users" in script
    assert "ADD CONSTRAINT users_pkey" in script
    assert "user1000@example.com" in script
    assert "others" not in script
    error = refused(lambda: hall.ask(action="export", tables=["public.nobody"], go=True))
    assert isinstance(error, RestoreRefusedError)


def test_the_link_gives_the_file(hall: RescueHall, aws: LocalAws) -> None:
    hall.workshop.take()
    told = hall.ask(action="export", go=True)
    assert told["link_minutes"] == 60
    context = ssl.create_default_context(cafile=str(aws.ca_bundle))
    with urllib.request.urlopen(told["link"], context=context) as response:  # noqa: S310
        assert gzip.decompress(response.read()).decode() == sql(hall, told)


def test_an_export_that_was_not_read_to_its_end_leaves_nothing(
    hall: RescueHall, failing_reader: Callable[[RescueHall], None]
) -> None:
    hall.workshop.take()
    failing_reader(hall)
    error = refused(lambda: hall.ask(action="export", go=True))
    assert "(1): no luck" in error.what
    assert not any(key.startswith("exports/") for key in hall.workshop.bucket.holds())
    assert hall.workshop.bucket.open_uploads() == []


def test_an_export_that_s3_refuses_leaves_nothing(hall: RescueHall) -> None:
    hall.workshop.take()
    with planned(hall.workshop.bucket.client, "UploadPart", answer(500, "InternalError")):
        error = refused(lambda: hall.ask(action="export", go=True))
    assert "InternalError" in error.what
    assert not any(key.startswith("exports/") for key in hall.workshop.bucket.holds())
    assert hall.workshop.bucket.open_uploads() == []
