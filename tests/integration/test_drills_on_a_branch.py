"""Drills into an empty branch in Neon: what is tested and left there, and what if there is none."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lifeboat.drill.drill import drill
from lifeboat.drill.run import DrillRun
from lifeboat.errors import BranchError, EventError, LifeboatError, TerminatedError
from lifeboat.model.branches import BranchRequest
from lifeboat.model.drill_report import DrillReport, Outcome, Verdict
from lifeboat.model.engine import MACHINES, Engine
from lifeboat.model.hand_over import HandOver
from lifeboat.model.text import line
from lifeboat.neon.api import neon_pool
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.branch_broker import BranchBroker
from lifeboat.runtime.timeouts import set_testing
from lifeboat.settings.job import MAX_SESSIONS
from local.aws import LocalAws
from local.neon import FakeNeon, Fault
from local.neon.faults import Kind
from local.neon.storage import DATABASE
from tests.support.backup_harness import BackupHarness, Bucket, Database
from tests.support.branches import KEY, PASSWORD, BranchLab
from tests.support.drill_harness import STARTED, DrillHarness, check, untested
from tests.support.jobs import CodeBuild
from tests.support.stub_extensions import stub_extension

ROWS = 300
GEO = f"geo_{secrets.token_hex(4)}"  # all workers' servers find it in the same place
SCRIPT = "CREATE DOMAIN @extschema@.place AS text CHECK (VALUE ~ ',');"
TRUSTED = "schema = public\ntrusted = true\n"
OWN = "lifeboat-drill/app/function/run-1"


@pytest.fixture(scope="module")
def running(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BranchLab]:
    """A database with an extension that the drill's own server lacks, and one beside it."""
    root = tmp_path_factory.mktemp("drill-branches")
    with FakeNeon.start(KEY, root=root) as neon:
        made = BranchLab.make(aws, neon, root)
        with stub_extension(made.line.server, GEO, SCRIPT, TRUSTED):
            with made.owner() as owner:
                owner.execute(f"CREATE EXTENSION {GEO}")
                owner.execute("CREATE TABLE shops (at place)")
                rows = "SELECT n || ',1' FROM generate_series(1, %s) n"
                owner.execute(f"INSERT INTO shops {rows}", [ROWS])
                owner.execute('CREATE DATABASE "../o/ther"')
            yield made


@pytest.fixture
def lab(running: BranchLab) -> BranchLab:
    running.renew()
    running.neon.control.makes_copies = True
    return running


@pytest.fixture
def backups(lab: BranchLab, bucket: Bucket, programs: Programs, tmp_path: Path) -> BackupHarness:
    harness = BackupHarness(Database(lab.line.server, DATABASE), bucket, programs, tmp_path)
    harness.take(read_login=lambda *_: lab.login())
    return harness


@pytest.fixture
def on_branch(lab: BranchLab, drills: DrillHarness) -> DrillHarness:
    """Drills of that backup, which the settings send to a branch."""
    drills.database["drill_target"] = "neon-branch"
    drills.branches = lab.asked("drill")
    return drills


@dataclass(frozen=True)
class Watched(BranchBroker):
    """The broker; `then` is given each URI, and what it returns is used in its place."""

    then: Callable[[str], str] = field(default=str)

    @classmethod
    def by(cls, lab: BranchLab, then: Callable[[str], str]) -> "Watched":
        return cls(**vars(lab.asked("drill")), then=then)

    def connection(self, version: str | None) -> str:
        return self.then(super().connection(version))


def fell_back(drills: DrillHarness, report: DrillReport, lab: BranchLab) -> str:
    """Why the drill restored into its own server; that it did, and said so, is checked."""
    assert (report.verdict, report.target, report.branch) == (Verdict.PARTIAL, "embedded", None)
    (details,) = [details for name, details in drills.logged if name == "drill.no_branch"]
    assert report.branch_missing == line(str(details["reason"]))
    assert lab.names() == ["main"]
    assert lab.kept("AWSCURRENT", "drill") == "-"
    written = f"{lab.written()}{report.model_dump_json()}{drills.logged}"
    hidden = [*lab.line.passwords.values(), PASSWORD, KEY, "postgresql://"]
    assert [each for each in hidden if each in written] == []
    return f"{details['reason']} {details['next']}"


def test_what_the_own_server_lacks_is_tested_on_a_branch_which_is_gone_afterwards(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    report = on_branch.hold(target="embedded")
    assert (report.verdict, report.target) == (Verdict.PARTIAL, "embedded")
    assert GEO in str(report.reasons)
    assert 'drill_target = "neon-branch"' in str(report.advice)
    report = on_branch.hold()
    assert report.verdict is Verdict.PROVEN, report.reasons
    assert (report.target, report.rows, untested(report)) == ("neon-branch", ROWS, [])
    assert check(report, "extensions").outcome is Outcome.PASSED
    assert report.branch
    assert report.branch.name == OWN
    assert json.loads(lab.said[-1])["deleted"] == [report.branch.id]
    assert report.branch_missing is None
    assert "branch" in report.seconds
    assert lab.names() == ["main"]
    assert on_branch.logged == []
    assert {lab.kept(stage, "drill") for stage in ("AWSCURRENT", "AWSPREVIOUS")} == {"-"}
    with lab.owner() as owner:
        assert owner.execute("SELECT count(*) FROM shops").fetchone() == (ROWS,)
    written = f"{lab.written()}{report.model_dump_json()}"
    hidden = [*lab.line.passwords.values(), PASSWORD, KEY, "postgresql://"]
    assert [each for each in hidden if each in written] == []


def test_the_drill_meets_none_of_productions_databases_and_no_role_of_production(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    seen: dict[str, list[Any]] = {}

    def look(uri: str) -> str:
        with psycopg.connect(uri) as connection:
            query = "SELECT datname::text FROM pg_database WHERE NOT datistemplate"
            seen["databases"] = [name for (name,) in connection.execute(query)]
            seen["user"] = [connection.info.user]
        return uri

    on_branch.branches = Watched.by(lab, look)
    assert on_branch.hold().verdict is Verdict.PROVEN
    (user,) = seen["user"]
    assert sorted(seen["databases"]) == sorted(["postgres", user])
    assert user not in lab.line.passwords
    assert sorted(name for name, _ in lab.line.databases()) == ["../o/ther", DATABASE]


def test_the_branch_ends_by_itself_and_its_compute_is_small(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    on_branch.hold()
    (made,) = [each for each in lab.neon.requests if each.path.endswith("/branches") and each.body]
    body: Any = made.body
    assert body["branch"]["name"] == OWN
    assert body["endpoints"] == [{"type": "read_write", "autoscaling_limit_max_cu": 2.0}]
    assert body["branch"]["expires_at"]


def fault(kind: Kind = Kind.REFUSED, **about: Any) -> list[Fault]:
    return [Fault(kind, **about)]


BUSY = "Neon is busy for long"

#: What goes wrong at Neon, the operation that fails, and what the report says of it.
REFUSALS: dict[str, tuple[list[Fault], list[str], str]] = {
    "the API is down": (fault(status=500, path="/branches", times=99), [], "HTTP 500"),
    "the key is wrong": (fault(status=401, message="no: {key}", times=99), [], "no: ***"),
    BUSY: (
        fault(status=423, message="conflicting operations", method="POST", times=99),
        [],
        "conflicting operations",
    ),
    "a role is refused": (fault(status=422, path="/roles", message="500 roles"), [], "500 roles"),
    "the compute fails": ([], ["start_compute"], 'start_compute ended as "failed"'),
    "a database can't be deleted": ([], ["apply_config"], 'apply_config ended as "failed"'),
    "the answer is not the contract's": (
        fault(Kind.SPOILED, body=b'{"branch": 7}', method="POST"),
        [],
        "not what its contract says",
    ),
    "databases that were deleted are still there": (
        fault(status=204, body=b"", method="DELETE", path="/databases/", times=9),
        [],
        "still there after they were deleted",
    ),
    "a URI of another role": (
        fault(
            Kind.SPOILED,
            body=json.dumps({"uri": f"postgresql://lifeboat:{PASSWORD}@127.0.0.1/x"}).encode(),
            path="connection_uri",
        ),
        [],
        "of another role or database",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_without_a_branch_the_drill_uses_its_own_server_and_the_report_says_why(
    lab: BranchLab, on_branch: DrillHarness, case: str
) -> None:
    faults, failing, why = REFUSALS[case]
    lab.neon.faults = [Fault(**vars(each)) for each in faults]
    lab.neon.control.failing = [*failing]
    lab.pool = neon_pool()
    shorter = set_testing(provider_call_seconds=1.0) if case == BUSY else nullcontext()
    with shorter:
        report = on_branch.hold()
    lab.neon.faults = []
    assert why in fell_back(on_branch, report, lab)


def test_a_plan_without_room_for_a_branch_is_told(lab: BranchLab, on_branch: DrillHarness) -> None:
    lab.neon.project.branches_limit = 1
    report = on_branch.hold()
    told = fell_back(on_branch, report, lab)
    assert "BRANCHES_LIMIT_EXCEEDED" in told
    assert "larger plan" in told


def test_an_answer_that_means_production_deletes_nothing_there(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    """Neon says that the branch which it made is the one that the database is in."""
    main = lab.neon.project.main
    lab.pool = neon_pool()
    on_branch.hold()
    of_main = {
        "id": main.id,
        "name": OWN,
        "project_id": lab.neon.project.id,
        "parent_id": "br-of-somebody",
        "current_state": "ready",
        "default": False,
        "protected": False,
        "created_at": "2026-11-30T09:00:00Z",
        "expires_at": "2026-11-30T11:00:00Z",
    }
    made = {"branch": of_main, "operations": [], "endpoints": []}
    lab.neon.faults = [
        Fault(Kind.SPOILED, body=json.dumps(made).encode(), method="POST", path="/branches"),
        Fault(Kind.SPOILED, body=json.dumps({"branch": of_main}).encode(), path=main.id),
    ]
    lab.neon.requests.clear()
    report = on_branch.hold()
    assert "none that was made just now" in fell_back(on_branch, report, lab)
    deleted = [each.path for each in lab.neon.requests if each.method == "DELETE"]
    assert not [each for each in deleted if "databases" in each or main.id in each]
    assert sorted(name for name, _ in lab.line.databases()) == ["../o/ther", DATABASE]


def test_databases_that_the_api_does_not_know_are_no_reason_to_restore_beside_them(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    lab.pool = neon_pool()
    lab.neon.faults = fault(Kind.SPOILED, body=b'{"databases": []}', path="/databases", times=2)
    report = on_branch.hold()
    told = fell_back(on_branch, report, lab)
    assert "still has 2 other databases" in told
    assert "made by SQL" in told


def test_tables_in_neons_own_database_are_no_reason_to_restore_beside_them(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    with lab.line.server.admin("postgres") as admin:
        admin.execute("CREATE SCHEMA neon CREATE TABLE own (id int)")
        admin.execute("CREATE TABLE of_somebody (id int)")
    try:
        told = fell_back(on_branch, on_branch.hold(), lab)
    finally:
        with lab.line.server.admin("postgres") as admin:
            admin.execute("DROP TABLE of_somebody")
    assert "The database postgres of the branch has 1 table," in told
    report = on_branch.hold()
    with lab.line.server.admin("postgres") as admin:
        admin.execute("DROP SCHEMA neon CASCADE")
    assert (report.target, report.branch_missing) == ("neon-branch", None)


def test_the_source_is_no_branch(lab: BranchLab, on_branch: DrillHarness) -> None:
    secret = lab.aws.client("secretsmanager").get_secret_value(SecretId=lab.arns["database"])
    on_branch.branches = Watched.by(lab, lambda _: str(secret["SecretString"]))
    report = on_branch.hold()
    assert "the server that the backup was taken from" in fell_back(on_branch, report, lab)
    assert sorted(name for name, _ in lab.line.databases()) == ["../o/ther", DATABASE]


@pytest.mark.parametrize("uri", ["-", "host=a,b", "postgresql://u:s3cr3t@h/d?sslmode=disable"])
def test_a_secret_that_leads_nowhere_is_no_branch_and_is_not_quoted(
    lab: BranchLab, on_branch: DrillHarness, uri: str
) -> None:
    on_branch.branches = Watched.by(lab, lambda _: uri)
    report = on_branch.hold()
    assert "no direct connection URL" in fell_back(on_branch, report, lab)
    assert "s3cr3t" not in f"{report.model_dump_json()}{on_branch.logged}"


def test_a_branch_that_refuses_connections_is_given_up(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    def close(uri: str) -> str:
        for each in lab.neon.project.branches.values():
            if each.name == OWN and each.endpoint and each.endpoint.gateway:
                each.endpoint.gateway.close()
        run.remaining = lambda: 2.0
        return uri

    on_branch.branches = Watched.by(lab, close)
    run = on_branch.run()
    remaining = run.remaining

    def log(event: str, details: Mapping[str, object]) -> None:
        run.remaining = remaining
        on_branch.logged.append((event, details))

    run.log = log
    report = drill(run)
    assert isinstance(report, DrillReport)
    assert "Could not connect" in fell_back(on_branch, report, lab)


def stopped(run: DrillRun, error: LifeboatError) -> None:
    """End a run when it restores, as a signal does."""

    def on_change(phase: str, _: bool) -> None:  # noqa: FBT001
        if phase == "restore":
            run.scope.fail(error)

    run.phases.on_change = on_change


def test_a_drill_that_a_signal_ends_deletes_its_branch(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    run = on_branch.run()
    stopped(run, TerminatedError("The run was ended from outside (SIGTERM).", todo="Nothing."))
    with pytest.raises(TerminatedError):
        drill(run)
    assert run.branch
    assert lab.names() == ["main"]
    assert lab.kept("AWSCURRENT", "drill") == "-"


def test_a_drill_whose_time_is_up_fails_and_deletes_its_branch(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    run = on_branch.run()
    stopped(run, run.out_of_time())
    report = drill(run)
    assert isinstance(report, DrillReport)
    assert (report.verdict, report.target) == (Verdict.FAILED, "neon-branch")
    assert lab.names() == ["main"]


def test_a_branch_that_could_not_be_deleted_changes_no_verdict_and_the_next_drill_deletes_it(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    lab.neon.control.is_punctual = False
    lab.neon.faults = [Fault(status=500, method="DELETE", path="/branches/[a-z0-9-]+$", times=99)]
    report = on_branch.hold()
    lab.neon.faults = []
    assert report.verdict is Verdict.PROVEN
    assert report.branch
    assert lab.names() == ["main", OWN]
    assert lab.kept("AWSCURRENT", "drill") == "-"
    again = on_branch.run(STARTED + timedelta(hours=1))
    again.run_id = "run-2"
    lab.neon.control.advance(timedelta(hours=3))
    lab.said.clear()
    shown = drill_with_clock(lab, again)
    assert shown.verdict is Verdict.PROVEN
    assert json.loads(lab.said[0])["deleted"] == [report.branch.id]
    assert lab.names() == ["main"]


def drill_with_clock(lab: BranchLab, run: DrillRun) -> DrillReport:
    """A drill whose broker has Neon's clock, which the test has put forward."""
    usual = lab.broker
    lab.broker = lambda **changed: usual(now=lab.neon.control.now(), **changed)  # type: ignore[method-assign]
    try:
        report = drill(run)
    finally:
        del lab.broker
    assert isinstance(report, DrillReport)
    return report


def test_a_deletion_that_nobody_heard_is_logged_and_neon_deletes_the_branch(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    class Deaf(BranchBroker):
        def delete(self, _: BranchRequest) -> None:
            raise BranchError("Lambda did not hear it.", todo="Look at Lambda.")

    on_branch.branches = Deaf(**vars(lab.asked("drill")))
    report = on_branch.hold()
    assert report.verdict is Verdict.PROVEN
    ((event, details),) = on_branch.logged
    assert (event, details["reason"]) == ("drill.branch_not_deleted", "Lambda did not hear it.")
    assert lab.names() == ["main", OWN]
    lab.neon.control.advance(timedelta(hours=3))
    assert lab.names() == ["main"]


def test_drills_and_backups_never_meet_each_others_branches(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    lab.neon.control.makes_copies = False
    source = lab.source("run-1")
    source.open()
    lab.neon.control.makes_copies = True
    request = {"action": "delete", "purpose": "drill", "database": "app", "run": "run-1"}
    answer = lab.invoke(FunctionName="Lifeboat-neon-broker", Payload=json.dumps(request))
    assert json.loads(answer["Payload"].read())["deleted"] == []
    report = on_branch.hold()
    assert report.target == "neon-branch"
    assert lab.names() == ["main", "lifeboat/app/function/run-1"]
    source.close()
    assert lab.names() == ["main"]


def test_a_branch_is_used_only_where_the_settings_say_so(drills: DrillHarness) -> None:
    with pytest.raises(EventError, match="don't let drills of 'app'"):
        drills.hold(target="neon-branch")
    assert drills.leftovers() == []


def test_a_drill_that_fits_only_onto_a_branch_goes_on_as_a_job_if_there_is_none(
    lab: BranchLab, on_branch: DrillHarness
) -> None:
    source = on_branch.backups.manifest().source.model_dump(mode="json")
    on_branch.rewrite(source={**source, "bytes": 900_000_000})
    on_branch.settings["ephemeral_mb"] = 512
    builds = CodeBuild()

    def held() -> DrillReport | HandOver:
        run = on_branch.run()
        run.starter = builds.starter("Lifeboat-drill-app-job")
        return drill(run)

    report = held()
    assert isinstance(report, DrillReport)
    assert report.target == "neon-branch"
    lab.neon.project.branches_limit = 1
    moved = held()
    assert isinstance(moved, HandOver)
    assert "does not fit into the function" in moved.reason
    assert builds.event["target"] == "neon-branch"
    assert lab.names() == ["main"]
    assert on_branch.leftovers() == []


def test_without_a_branch_the_server_in_a_job_has_the_whole_machine(drills: DrillHarness) -> None:
    drills.database["drill_target"] = "neon-branch"
    run = drills.run()
    run.engine = Engine.JOB
    job = run.settings.job.model_copy(update={"drill_compute": "2xlarge"})
    run.settings = run.settings.model_copy(update={"job": job}).for_job("drill", own_server=False)
    assert (run.target, run.jobs) == ("neon-branch", MAX_SESSIONS)
    run.do_without_branch(BranchError("No branch.", todo="-"))
    assert (run.target, run.jobs) == ("embedded", MACHINES["arm64"]["2xlarge"].cpus)


def test_a_jobs_branch_outlives_the_job(lab: BranchLab, on_branch: DrillHarness) -> None:
    run = on_branch.run()
    run.engine = Engine.JOB
    lab.neon.project.branches_limit = 1
    assert isinstance(drill(run), DrillReport)
    (made,) = [each for each in lab.neon.requests if each.path.endswith("/branches") and each.body]
    body: Any = made.body
    assert body["branch"]["name"] == OWN.replace("function", "job")
    left = datetime.fromisoformat(body["branch"]["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=13) < left <= timedelta(hours=14)
