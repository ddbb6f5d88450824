"""Backups taken by the real handler under AWS's runtime in Lambda's box."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from layers.elf import GLIBC_LIBRARIES
from lifeboat.backup.policy.answer import answer_of
from lifeboat.settings import Settings
from lifeboat.settings.allowance import TransferForecast
from local.postgres import PostgresServer
from tests.sandbox.box import LIBRARY_PATH, Box, host_libraries
from tests.sandbox.conftest import BACKUP, PASSWORD, Deploy, Deployed, SpecDrive
from tests.sandbox.function import loaded
from tests.support.backup_harness import (
    MAJORS,
    SECRET_ARN,
    Database,
    but_records,
    eventually,
    open_backends,
    run_program,
)

type Sample = Callable[[PostgresServer], SpecDrive]


#: The functions' sizes are the default ones.
SETTINGS = Settings.model_validate({"databases": [{"name": "app", "secret_arn": SECRET_ARN}]})


@pytest.fixture
def source(server_of: Callable[[int], PostgresServer], spec_drive: Sample) -> SpecDrive:
    return spec_drive(server_of(18))


@pytest.mark.parametrize("major", MAJORS)
def test_a_backup_of_each_major_is_restored_by_stock_pg_restore(
    warm: Deployed,
    server_of: Callable[[int], PostgresServer],
    spec_drive: Sample,
    new_database: Callable[..., Database],
    tmp_path: Path,
    major: int,
) -> None:
    source, copy = spec_drive(server_of(major)), new_database(major)
    warm.rotate(source.url)
    event = warm.event()
    summary = warm.function.invoke(event)
    manifest = warm.manifest(summary["backup"])
    assert summary["bytes_read_per_month"] > 0
    transfer = TransferForecast(
        bytes_read=manifest.bytes_read, bytes_read_per_month=summary["bytes_read_per_month"]
    )
    said = answer_of(manifest, warm.bucket.name, created=True, transfer=transfer, settings=SETTINGS)
    assert summary == said.as_json()
    assert f"{manifest.scheduled_at:%Y-%m-%dT%H:%M:%SZ}" == event["scheduled"]
    assert manifest.archive.pg_dump.split(".")[0] == str(manifest.source.major) == str(major)

    archive = tmp_path / "archive.dump"
    archive.write_bytes(warm.bucket.read(f"{summary['backup']}/archive.dump"))
    run_program([copy.server.programs / "pg_restore", f"--dbname={copy.url}", archive])
    assert copy.inventory() == source.database.inventory()
    assert copy.inventory().rows == summary["rows"] > 0


def test_invocations_follow_each_other_in_one_process_and_leave_nothing_behind(
    warm: Deployed, source: SpecDrive
) -> None:
    warm.rotate(source.url)
    event = warm.event()
    first = warm.function.invoke(event)
    processes = warm.function.processes()
    second = warm.function.invoke(warm.event())
    again = warm.function.invoke(event)
    assert [name for name, _ in processes] == ["aws-lambda-rie", "bwrap", "python3.13"]
    assert warm.function.processes() == processes
    assert warm.function.temporary_files() == []
    assert (first["created"], second["created"], again["created"]) == (True, True, False)
    assert first["backup"] == again["backup"] != second["backup"]
    assert first["rows"] == second["rows"]
    assert warm.bucket.open_uploads() == []
    assert open_backends(source.database) == []


def test_the_layers_programs_run_with_its_libraries_and_without_the_functions_keys(
    warm: Deployed, source: SpecDrive
) -> None:
    warm.rotate(source.url)
    with warm.function.stopped_at(warm.event(), "pg_dump", "pg_restore") as stopped:
        for name, program in stopped.programs.items():
            assert program.exe() == f"/opt/lib/postgresql/18/bin/{name}"
            libraries = {path for path in loaded(program) if ".so" in path}
            ours = {path for path in libraries if path.startswith("/opt/lib/postgresql/lib")}
            assert {"libpq.so.5", "libssl.so.3", "libcrypto.so.3"} <= {Path(p).name for p in ours}
            assert {Path(path).name for path in libraries - ours} <= GLIBC_LIBRARIES
            environment = program.environ()
            # What its jail is, that pg_restore counts its rows, and no other variable of ours.
            known = {"LIFEBOAT_JAIL", "LIFEBOAT_JAIL_CONFIRM", "LIFEBOAT_JAIL_WRITABLE"}
            known |= {"LIFEBOAT_COUNTER"} if name == "pg_restore" else set()
            ours_or_aws = {v for v in environment if v.startswith(("AWS_", "LD_", "LIFEBOAT_"))}
            assert ours_or_aws == known
            assert ("PGPASSWORD" in environment) == (name == "pg_dump")
        stopped.resume()
        assert stopped.answer.result().get("created") is True


def test_verify_full_works_with_the_layers_openssl(
    warm: Deployed, tls_server: PostgresServer, spec_drive: Sample
) -> None:
    assert tls_server.ca_file
    ca = tls_server.ca_file.read_text()
    warm.rotate(json.dumps({"url": spec_drive(tls_server).url, "ca": ca}))
    tunnel = (
        "SELECT version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        " WHERE client_port = ANY (%s)"
    )
    with (
        tls_server.admin() as server,
        warm.function.stopped_at(warm.event(), "pg_dump") as stopped,
    ):
        pg_dump = stopped.programs["pg_dump"]
        assert pg_dump.environ()["PGSSLMODE"] == "verify-full"
        stopped.resume()

        def has_tunnel() -> bool:
            ports = [each.laddr.port for each in pg_dump.net_connections("tcp")]
            return server.execute(tunnel, [ports]).fetchall() == [("TLSv1.3",)]

        eventually(has_tunnel)
        assert stopped.answer.result().get("created") is True


def test_a_server_that_an_unknown_authority_vouches_for_is_refused(
    warm: Deployed, tls_server: PostgresServer, spec_drive: Sample
) -> None:
    warm.rotate(f"{spec_drive(tls_server).url}?sslmode=verify-full")
    answer = warm.function.invoke(warm.event())
    assert answer.get("errorType") == "ConnectError", answer
    assert "certificate verify failed" in answer["errorMessage"]


def test_a_failed_run_is_lambdas_own_error_and_the_next_one_recovers(
    warm: Deployed, source: SpecDrive
) -> None:
    wrong = f"not {PASSWORD}"
    warm.rotate(source.url.replace(quote(PASSWORD, safe=""), quote(wrong, safe="")))
    before, event = but_records(warm.bucket.holds()), warm.event()
    answer = warm.function.invoke(event)
    assert but_records(warm.bucket.holds()) == before
    warm.rotate(source.url)
    assert warm.function.invoke(event).get("created") is True
    assert set(answer) == {"errorType", "errorMessage", "requestId", "stackTrace"}
    assert answer["errorType"] == "ConnectError"
    assert "\nNext: " in answer["errorMessage"]
    said = json.dumps(answer) + warm.function.log()
    assert "password authentication failed" in said
    for bait in (PASSWORD, quote(PASSWORD, safe="")):
        assert bait not in said
        assert json.dumps(bait)[1:-1] not in said


def test_garbage_first_on_the_library_path_does_not_disturb(
    deploy: Deploy, source: SpecDrive, box: Box, tmp_path: Path
) -> None:
    """Something unusable by the name of every library in the layer but for those of Python's."""
    pythons = {Path(each).name for each in host_libraries()}
    programs = next(each for each in box.layers if (each / "lib").exists()) / "lib/postgresql"
    garbage = tmp_path / "garbage"
    garbage.mkdir()
    names = {each.name for each in programs.glob("lib*")} - pythons
    assert "libpq.so.5" in names
    for name in names:
        (garbage / name).write_text("this is no library")
    littered = replace(box, files={**box.files, "/garbage": garbage})
    path = f"/garbage:{LIBRARY_PATH}"
    with deploy(source.url, box=littered, LD_LIBRARY_PATH=path) as deployed:
        assert deployed.function.invoke(deployed.event()).get("created") is True


def test_a_stalled_run_ends_before_lambdas_time_is_out(deploy: Deploy, source: SpecDrive) -> None:
    with deploy(source.url, shape=replace(BACKUP, seconds=6)) as deployed:
        assert deployed.function.invoke({})["errorType"] == "EventError", "it is warm now"
        processes = deployed.function.processes()
        with deployed.function.stopped_at(deployed.event(), "pg_dump") as stopped:
            answer = stopped.answer.result()
        assert answer["errorType"] == "TimeLimitError", answer
        assert deployed.function.processes() == processes
        assert deployed.function.temporary_files() == []
        assert but_records(deployed.bucket.holds()) == deployed.bucket.open_uploads() == []
        assert deployed.function.invoke(deployed.event()).get("created") is True
