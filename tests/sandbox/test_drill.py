"""Drills held by the real handler under AWS's runtime in Lambda's box, in the layer's servers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psutil
import pytest

from layers.elf import GLIBC_LIBRARIES
from lifeboat.model.drill_report import DrillReport
from lifeboat.settings import Settings
from local.postgres import PostgresServer
from tests.sandbox.box import Box
from tests.sandbox.conftest import DRILL, Deployed, SpecDrive, Start
from tests.sandbox.function import Function, loaded
from tests.support.backup_harness import MAJORS, Bucket, Database, but_records

SETTINGS = Settings.model_validate(
    {
        "databases": [
            {
                "name": "app",
                "secret_arn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:not-AbCdEf",
                "validation": [
                    {
                        "name": "has users",
                        "sql": "SELECT count(*) FROM users",
                        "expect": "value > 0",
                    }
                ],
            }
        ]
    }
)
RUNTIME = ["aws-lambda-rie", "bwrap", "python3.13"]

type Backup = Callable[[int], str]


@pytest.fixture(scope="module")
def backup(
    warm: Deployed,
    server_of: Callable[[int], PostgresServer],
    spec_drive: Callable[[PostgresServer], SpecDrive],
) -> Backup:
    """A backup of a server of this major, taken in the other box when first asked for; its id."""
    taken: dict[int, str] = {}

    def get(major: int) -> str:
        if major not in taken:
            warm.rotate(spec_drive(server_of(major)).url)
            taken[major] = warm.function.invoke(warm.event())["backup"]
        return taken[major]

    return get


@pytest.fixture(scope="module")
def drill(start: Start, drill_box: Box, warm: Deployed) -> Iterator[Function]:
    """A function for all tests, which reads the bucket that the backups are in."""
    with start(drill_box, DRILL, bucket=warm.bucket, settings=SETTINGS) as function:
        yield function


def event(backup: str) -> dict[str, str]:
    return {"database": "app", "backup": backup}


def report_of(warm: Deployed, summary: dict[str, Any]) -> DrillReport:
    key = summary["report"].removeprefix(f"s3://{warm.bucket.name}/")
    return DrillReport.from_json(warm.bucket.read(key), key=key)


@pytest.mark.parametrize("major", MAJORS)
def test_a_backup_of_each_major_is_proven(
    drill: Function, warm: Deployed, backup: Backup, major: int
) -> None:
    summary = drill.invoke(event(backup(major)))
    assert summary.get("verdict") == "proven", (summary, drill.log())
    manifest = warm.manifest(backup(major))
    report = report_of(warm, summary)
    assert report.backup == backup(major)
    assert (report.server_version or "").split(".")[0] == str(major)
    assert {(t.name, t.restored) for t in report.tables} == {
        (t.name, t.rows) for t in manifest.inventory.tables
    }
    assert report.rows == manifest.inventory.rows > 0
    assert "validation: has users" in {check.name for check in report.checks}


def test_drills_follow_each_other_in_one_process_and_leave_nothing_behind(
    drill: Function, backup: Backup
) -> None:
    first = drill.invoke(event(backup(18)))
    processes = drill.processes()
    second = drill.invoke(event(backup(14)))
    assert (first["verdict"], second["verdict"]) == ("proven", "proven")
    assert [name for name, _ in processes] == RUNTIME
    assert drill.processes() == processes
    assert drill.temporary_files() == []


def test_the_layers_server_runs_with_its_libraries_and_without_the_functions_keys(
    drill: Function, backup: Backup
) -> None:
    ours = "/opt/lib/postgresql/"

    def serves(process: psutil.Process) -> bool:
        return "-D" in process.cmdline() and any(
            child.name() == "postgres" for child in process.children()
        )

    with drill.stopped_at(event(backup(18)), "postgres", when=serves) as stopped:
        postgres = stopped.programs["postgres"]
        assert postgres.exe() == f"{ours}18/bin/postgres"
        libraries = {path for path in loaded(postgres) if ".so" in path}
        assert f"{ours}liblifeboat-ipc.so" in libraries
        foreign = {path for path in libraries if not path.startswith(ours)}
        assert {path.rpartition("/")[2] for path in foreign} <= GLIBC_LIBRARIES
        known = {"LIFEBOAT_JAIL", "LIFEBOAT_JAIL_CONFIRM", "LIFEBOAT_JAIL_WRITABLE"}
        given = {v for v in postgres.environ() if v.startswith(("AWS_", "LIFEBOAT_"))}
        assert given == known
        assert [each for each in postgres.net_connections("inet") if each.laddr] == []
        stopped.resume()
        assert stopped.answer.result().get("verdict") == "proven"


def test_a_drill_whose_time_ends_in_the_middle_of_the_restore_leaves_nothing(
    start: Start, drill_box: Box, warm: Deployed, backup: Backup
) -> None:
    def loads_rows(process: psutil.Process) -> bool:
        return any("--jobs" in word for word in process.cmdline()) and bool(process.children())

    hurried = replace(DRILL, seconds=20)
    with start(drill_box, hurried, bucket=warm.bucket, settings=SETTINGS) as function:
        assert function.invoke({})["errorType"] == "EventError", "it is warm now"
        processes = function.processes()
        with function.stopped_at(event(backup(18)), "pg_restore", when=loads_rows) as stopped:
            answer = stopped.answer.result()
        assert answer["errorType"] == "VerificationError", answer
        assert re.search("during .*restore", answer["errorMessage"])
        assert function.processes() == processes
        assert function.temporary_files() == []
        assert function.invoke(event(backup(18))).get("verdict") == "proven"


def test_what_does_not_fit_into_tmp_is_refused_before_it_is_fetched(
    start: Start, drill_box: Box, warm: Deployed, backup: Backup
) -> None:
    """The archive isn't what the manifest says, but nobody looks."""
    there = backup(18)
    bucket = Bucket.create(warm.bucket.client, "bucket-of-lies")
    manifest = warm.bucket.read(f"{there}/manifest.json")
    for name, content in {"manifest.json": manifest, "archive.dump": b"no archive"}.items():
        bucket.client.put_object(Bucket=bucket.name, Key=f"{there}/{name}", Body=content)
    before = but_records(bucket.holds())
    small = replace(drill_box, tmp_mb=64)
    with start(small, DRILL, bucket=bucket, settings=SETTINGS) as function:
        answer = function.invoke(event(there))
        assert answer["errorType"] == "CapacityError", answer
        assert "ephemeral_mb" in answer["errorMessage"]
        assert [name for name, _ in function.processes()] == RUNTIME
        assert function.temporary_files() == []
    assert but_records(bucket.holds()) == before


def test_a_disk_that_is_full_in_the_middle_of_the_restore_is_not_blamed_on_the_backup(
    start: Start, drill_box: Box, warm: Deployed, server_of: Callable[[int], PostgresServer]
) -> None:
    """The manifest says that the database is small, which it isn't."""
    bulky = Database.create(server_of(18), "bulky")
    bulky.run(
        "CREATE TABLE bulky AS SELECT i, repeat('x', 200) AS v FROM generate_series(1, 1200000) i"
    )
    warm.rotate(bulky.url)
    there = warm.function.invoke(warm.event())["backup"]
    manifest = warm.manifest(there)
    little = manifest.source.model_copy(update={"bytes": 8 << 20})
    lie = manifest.model_copy(update={"source": little})
    warm.bucket.client.put_object(Bucket=warm.bucket.name, Key=manifest.key, Body=lie.to_json())
    small = replace(drill_box, tmp_mb=256)
    with start(small, DRILL, bucket=warm.bucket, settings=SETTINGS) as function:
        answer = function.invoke(event(there))
        assert answer["errorType"] == "VerificationError", answer
        assert "No space left on device" in answer["errorMessage"]
        assert "says nothing about the backup" in answer["errorMessage"]
        assert "drill.ephemeral_mb" in answer["errorMessage"]
        assert [name for name, _ in function.processes()] == RUNTIME
        assert function.temporary_files() == []
