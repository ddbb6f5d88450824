"""Backups that read a branch in Neon: what production sees, what is left, what if there is none."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lifeboat.backup.chosen_source import ChosenSource
from lifeboat.backup.retry_backup import take_backup_with_retry
from lifeboat.backup.run import BackupRun
from lifeboat.errors import (
    BranchError,
    StatementError,
    TerminatedError,
    UnreadableError,
)
from lifeboat.model.manifest import Manifest
from lifeboat.neon.api import neon_pool
from lifeboat.postgres.programs import Programs
from lifeboat.postgres.source import DatabaseItself, OpenSource, Source
from local.aws import LocalAws
from local.neon import FakeNeon, Fault
from local.neon.faults import Kind
from local.neon.model import Branch
from local.neon.storage import DATABASE
from tests.support.backup_harness import BackupHarness, Bucket, Database
from tests.support.branches import KEY, PASSWORD, BranchLab

ROWS = 500


@pytest.fixture(scope="module")
def running(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BranchLab]:
    root = tmp_path_factory.mktemp("branches")
    with FakeNeon.start(KEY, root=root) as neon:
        made = BranchLab.make(aws, neon, root)
        with made.owner() as owner:
            owner.execute(f"CREATE TABLE users AS SELECT generate_series(1, {ROWS}) AS id")
        yield made


@pytest.fixture
def lab(running: BranchLab) -> BranchLab:
    running.renew()
    return running


@pytest.fixture
def harness(lab: BranchLab, bucket: Bucket, programs: Programs, tmp_path: Path) -> BackupHarness:
    return BackupHarness(Database(lab.line.server, DATABASE), bucket, programs, tmp_path)


def run_of(harness: BackupHarness, lab: BranchLab, **changed: Any) -> BackupRun:
    """A run that reads a branch, as the handler makes it."""
    run = harness.run(
        read_login=lambda *_: lab.login(),
        log=lambda event, details: lab.events.append((event, details)),
    )
    run.source = ChosenSource(DatabaseItself(run.login), lab.source(), seconds=run.remaining())
    for name, value in changed.items():
        setattr(run.source, name, value)
    return run


def logged(lab: BranchLab, event: str) -> Mapping[str, object]:
    (found,) = [details for name, details in lab.events if name == event]
    return found


def sessions(lab: BranchLab) -> int:
    """How many the database itself has of ours now."""
    with lab.line.server.admin() as admin:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lifeboat'"
        (count,) = admin.execute(query).fetchone() or (0,)
    return int(count)


class Watched:
    """A source that says what happens once it can be connected to."""

    def __init__(self, source: Source, then: Callable[[], object]) -> None:
        self.source, self.then = source, then

    def open(self) -> OpenSource:
        opened = self.source.open()
        login = opened.read_login()

        def read() -> Any:
            self.then()
            return login

        return OpenSource(read_login=read, branch=opened.branch, database=opened.database)

    def close(self) -> None:
        self.source.close()


def test_production_has_no_lock_and_no_session_of_the_backup(
    lab: BranchLab, harness: BackupHarness
) -> None:
    """Somebody holds every table exclusively all the time: who reads there would wait and fail."""
    lab.neon.control.makes_copies = True
    lab.neon.project.main.protected = True  # so that the branch has passwords of its own
    seen: list[int] = []
    watched = Watched(lab.source(), lambda: seen.append(sessions(lab)))
    run = run_of(harness, lab, copy=watched, seconds=1e9)  # which leaves no way but the branch
    before = datetime.now(UTC)
    with lab.owner() as owner, owner.transaction():
        owner.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        taken = take_backup_with_retry(run)
        assert sessions(lab) == 0
    assert seen == [0]
    manifest = harness.manifest()
    assert taken.created
    assert manifest.inventory.rows == ROWS
    branch, source = manifest.branch, manifest.source
    assert branch
    assert branch.parent_id == lab.neon.project.main.id
    assert branch.project_id == lab.neon.project.id
    assert branch.id != branch.parent_id
    assert (source.lsn, source.snapshot_time) == (branch.lsn, branch.moment)
    assert before <= branch.moment <= manifest.finished
    assert source.endpoint == lab.login().endpoint.digest
    assert source.database == DATABASE
    assert manifest.branch_missing is None
    assert "branch" in manifest.seconds
    assert lab.names() == ["main"]
    assert lab.events == []
    stored = harness.bucket.read(harness.location.manifest_key).decode()
    passwords = [*lab.line.passwords.values(), PASSWORD, KEY]
    assert [each for each in passwords if each in lab.written() + stored] == []
    assert "postgresql://" not in lab.written() + stored
    assert {lab.kept(stage) for stage in ("AWSCURRENT", "AWSPREVIOUS")} == {"-"}


def test_without_a_branch_the_database_itself_is_read_and_the_manifest_says_so(
    lab: BranchLab, harness: BackupHarness
) -> None:
    lab.neon.project.branches_limit = 1
    taken = take_backup_with_retry(run_of(harness, lab))
    manifest = taken.manifest
    assert manifest.branch is None
    assert manifest.inventory.rows == ROWS
    assert manifest.branch_missing
    assert "BRANCHES_LIMIT_EXCEEDED" in manifest.branch_missing
    assert manifest.notes[0] == (
        f"The database itself was read, and no branch: {manifest.branch_missing}"
    )
    assert "larger plan" in str(logged(lab, "backup.no_branch")["next"])
    assert manifest.source.lsn
    assert "branch" in manifest.seconds


def test_a_branch_that_refuses_connections_is_given_up_for_the_database(
    lab: BranchLab, harness: BackupHarness
) -> None:
    def close() -> None:
        for each in lab.neon.project.branches.values():
            if each.name != "main" and each.endpoint and each.endpoint.gateway:
                each.endpoint.gateway.close()

    run = run_of(harness, lab, copy=Watched(lab.source(), close))
    run.remaining = lambda: 1.0 if run.chosen.missing is None and run.phases.seconds else 60.0
    run.chosen.seconds = 2.0
    manifest = take_backup_with_retry(run).manifest
    assert manifest.branch is None
    assert "Could not connect" in str(manifest.branch_missing)
    assert lab.names() == ["main"]


def test_most_of_the_time_gone_is_no_time_to_begin_with_the_database(
    lab: BranchLab, harness: BackupHarness
) -> None:
    lab.neon.keys = {}
    run = run_of(harness, lab, seconds=1000.0)
    with pytest.raises(BranchError, match="authentication failed") as failed:
        take_backup_with_retry(run)
    assert "Make an API key" in failed.value.todo
    harness.assert_nothing_was_published()


def test_a_run_that_fails_deletes_its_branch(lab: BranchLab, harness: BackupHarness) -> None:
    with lab.owner() as owner:
        owner.execute("REVOKE pg_read_all_data FROM lifeboat")
    try:
        with pytest.raises(UnreadableError, match=r"public\.users|users"):
            take_backup_with_retry(run_of(harness, lab))
    finally:
        with lab.owner() as owner:
            owner.execute("GRANT pg_read_all_data TO lifeboat")
    assert lab.names() == ["main"]
    assert lab.events == []


def test_a_run_that_a_signal_ends_deletes_its_branch(
    lab: BranchLab, harness: BackupHarness
) -> None:
    ended = TerminatedError("The run was ended from outside (SIGTERM).", todo="Nothing.")
    run = run_of(harness, lab)
    run.chosen.copy = Watched(lab.source(), lambda: run.scope.fail(ended))
    with pytest.raises(TerminatedError):
        take_backup_with_retry(run)
    assert run.chosen.missing is None
    assert lab.names() == ["main"]
    harness.assert_nothing_was_published()


def test_both_attempts_of_a_run_read_the_same_branch(
    lab: BranchLab, harness: BackupHarness
) -> None:
    passing = iter([StatementError("The connection broke.", todo="Again.")])

    def break_once() -> None:
        for each in passing:
            run.chosen.seconds = 1e9  # so that it is no reason to read the database itself
            raise each

    run = run_of(harness, lab)
    run.chosen.copy = Watched(lab.source(), break_once)
    manifest = take_backup_with_retry(run).manifest
    made = [each for each in lab.neon.requests if each.method == "POST"]
    assert len(made) == 1
    assert logged(lab, "backup.retried")
    assert manifest.branch
    assert lab.names() == ["main"]


REFUSALS: dict[str, tuple[Fault, str, str]] = {
    "the API is down": (
        Fault(status=500, path="/branches", times=99),
        "Neon answers HTTP 500",
        "neonstatus.com",
    ),
    "the key is wrong": (
        Fault(status=401, message="no such key: {key}", times=99),
        "no such key: ***",
        "Make an API key",
    ),
    "the project is gone": (Fault(status=404, times=99), "HTTP 404", "in the Neon console"),
    "the plan has no room": (
        Fault(status=402, method="POST", message="not on this plan"),
        "not on this plan",
        "larger plan",
    ),
    "the answer is not the contract's": (
        Fault(Kind.SPOILED, body=b'{"branch": 7}', method="POST"),
        "not what its contract says",
        "Update Lifeboat",
    ),
    "no URI that can be read": (
        Fault(Kind.SPOILED, body=b'{"uri": "postgresql://a:b@c@d/e"}', path="connection_uri"),
        "PostgreSQL's programs can't read it",
        "Update Lifeboat",
    ),
    "a URI of another role": (
        Fault(
            Kind.SPOILED,
            body=json.dumps(
                {"uri": f"postgresql://owner:{PASSWORD}@127.0.0.1/{DATABASE}"}
            ).encode(),
            path="connection_uri",
        ),
        "of another role or database",
        "Update Lifeboat",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_told_and_leaves_nothing(lab: BranchLab, case: str) -> None:
    fault, what, todo = REFUSALS[case]
    lab.neon.faults = [Fault(**vars(fault))]
    lab.pool = neon_pool()
    source = lab.source()
    with pytest.raises(BranchError) as refused:
        source.open()
    lab.neon.faults = []
    source.close()
    assert what in refused.value.what
    assert todo in refused.value.todo
    assert lab.names() == ["main"]
    assert [each for each in (KEY, PASSWORD) if each in f"{refused.value}{lab.written()}"] == []
    assert lab.kept("AWSCURRENT") == "-"


def test_an_operation_that_fails_leaves_nothing(lab: BranchLab) -> None:
    lab.neon.control.failing = ["start_compute"]
    source = lab.source()
    with pytest.raises(BranchError, match='start_compute ended as "failed"'):
        source.open()
    assert lab.names() == ["main"]  # at once, before the run has ended
    source.close()


def test_a_uri_that_leads_to_the_database_itself_is_no_branch(lab: BranchLab) -> None:
    url = lab.aws.client("secretsmanager").get_secret_value(SecretId=lab.arns["database"])
    body = json.dumps({"uri": url["SecretString"]}).encode()
    lab.neon.faults = [Fault(Kind.SPOILED, body=body, path="connection_uri")]
    with pytest.raises(BranchError, match="leads to the database itself"):
        lab.source().open()


def branch(lab: BranchLab, name: str, **changed: Any) -> Branch:
    """A branch that is nobody's data."""
    now = datetime.now(UTC)
    usual: dict[str, Any] = {
        "parent_id": lab.neon.project.main.id,
        "expires_at": now - timedelta(minutes=1),
    }
    made = Branch(name, now - timedelta(hours=3), state="ready", **usual | changed)
    lab.neon.project.branches[made.id] = made
    return made


def test_what_dead_runs_left_is_deleted_by_the_next_one_and_nothing_else(lab: BranchLab) -> None:
    lab.neon.control.is_punctual = False
    lab.neon.project.branches_limit = 20
    left = branch(lab, "lifeboat/app/function/11111111-2222")
    kept = [
        branch(
            lab,
            "lifeboat/app/function/still-running",
            expires_at=lab.neon.control.now() + timedelta(hours=1),
        ),
        branch(lab, "lifeboat/app/job/kept-by-somebody", expires_at=None),
        branch(lab, "lifeboat/app/function/protected-by-somebody", protected=True),
        branch(lab, "lifeboat/app/function/a-root-branch", parent_id=None),
        branch(lab, "lifeboat/shop/function/of-another-database"),
        branch(lab, "lifeboat/app-2/function/of-another-database"),
        branch(lab, "lifeboat/appx"),
        branch(lab, "production"),
        branch(lab, "\u202elifeboat/app/\n'; DROP DATABASE app; --"),
    ]
    source = lab.source()
    source.open()
    source.close()
    there = set(lab.neon.project.branches)
    for each in (left, *kept):
        lab.neon.project.branches.pop(each.id, None)
    assert left.id not in there
    assert {each.id for each in kept} <= there
    assert len(there) == len(kept) + 1
    assert left.id in lab.said[0]


@pytest.mark.parametrize(
    "asked",
    [
        {"run": "run-2"},
        {"engine": "job"},
        {"branch": "br-of-somebody"},
        {"database": "app", "run": "main"},
    ],
    ids=str,
)
def test_only_the_runs_own_branch_is_deleted(lab: BranchLab, asked: dict[str, str]) -> None:
    own = branch(lab, "lifeboat/app/function/run-1", expires_at=None)
    request = {"action": "delete", "database": "app", "run": "run-1", **asked}
    answer = lab.invoke(FunctionName="Lifeboat-neon-broker", Payload=json.dumps(request))
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read())["deleted"] == []
    assert own.id in lab.neon.project.branches
    del lab.neon.project.branches[own.id]
    assert not [each for each in lab.neon.requests if each.method == "DELETE"]


def test_a_branch_that_is_protected_or_default_by_now_is_not_deleted(lab: BranchLab) -> None:
    own = branch(lab, "lifeboat/app/function/run-1", expires_at=None, protected=True)
    main = lab.neon.project.main
    before = vars(main).copy()
    main.name, main.parent_id = own.name, own.id
    request = {"action": "delete", "database": "app", "run": "run-1"}
    answer = lab.invoke(FunctionName="Lifeboat-neon-broker", Payload=json.dumps(request))
    vars(main).update(before)
    del lab.neon.project.branches[own.id]
    assert json.loads(answer["Payload"].read())["deleted"] == []
    assert not [each for each in lab.neon.requests if each.method == "DELETE"]


def test_a_lost_answer_leaves_no_branch(lab: BranchLab) -> None:
    """Neon has made it, and nobody knows its id: the name says whose it is."""
    lab.neon.faults = [Fault(Kind.LOST, method="POST")]
    source = lab.source()
    with pytest.raises(BranchError):
        source.open()
    source.close()
    assert lab.names() == ["main"]


def test_two_runs_at_once_read_a_branch_each(lab: BranchLab) -> None:
    """Both have been answered before either reads the secret."""
    runs = [lab.source("run-1"), lab.source("run-2")]
    answers = [each.broker.create(each.request) for each in runs]
    uris = [
        run.broker.connection(answer.secret_version)
        for run, answer in zip(runs, answers, strict=True)
    ]
    there = lab.neon.project.branches
    for answer, uri in zip(answers, uris, strict=True):
        assert answer.branch
        endpoint = there[answer.branch.id].endpoint
        assert endpoint
        assert endpoint.gateway
        assert f":{endpoint.gateway.port}/" in uri
    runs[0].broker.delete(runs[0].request.model_copy(update={"action": "delete"}))
    assert lab.names() == ["main", "lifeboat/app/function/run-2"]
    psycopg.connect(uris[1]).close()
    runs[1].broker.delete(runs[1].request.model_copy(update={"action": "delete"}))
    assert lab.names() == ["main"]


def test_a_branch_outlives_its_run_and_expires(lab: BranchLab) -> None:
    before, source = lab.neon.control.now().replace(microsecond=0), lab.source()
    opened = source.open()
    assert opened.branch
    ends = lab.neon.project.branches[opened.branch.id].expires_at
    assert ends
    assert ends >= before + timedelta(hours=2)
    lab.neon.control.advance(ends - lab.neon.control.now())
    assert lab.names() == ["main"]
    lab.neon.control.advance(before - lab.neon.control.now())
    source.close()
    assert lab.events == []


def test_backups_of_a_database_that_reads_no_branch_get_none(lab: BranchLab) -> None:
    request = {"action": "create", "database": "shop", "run": "run-1"}
    answer = lab.invoke(FunctionName="Lifeboat-neon-broker", Payload=json.dumps(request))
    told = json.loads(answer["Payload"].read())
    assert told["errorType"] == "EventError"
    assert lab.neon.requests == []


def test_older_manifests_know_no_branch(lab: BranchLab, harness: BackupHarness) -> None:
    take_backup_with_retry(harness.run(read_login=lambda *_: lab.login()))
    text = json.loads(harness.bucket.read(harness.location.manifest_key))
    assert (text.pop("branch"), text.pop("branch_missing")) == (None, None)
    older = Manifest.from_json(json.dumps(text).encode())
    assert (older.branch, older.branch_missing) == (None, None)
