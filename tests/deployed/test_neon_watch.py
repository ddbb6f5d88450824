"""The functions that speak to Neon, deployed: what they do, what they may, where the key goes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.model.engine import Engine
from lifeboat.model.manifest import Manifest
from lifeboat.model.provider import ProblemKind
from local.neon import Fault
from local.neon.storage import DATABASE, ROLE
from tests.deployed.conftest import Installation
from tests.deployed.test_jobs_through_codebuild import run_build
from tests.support.backup_harness import eventually
from tests.support.in_neon import (
    BACKUP,
    BROKER,
    DRILL,
    KEY,
    REPORT,
    STACK,
    InNeon,
    deployed_in_neon,
)


@pytest.fixture(scope="module")
def in_neon(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InNeon]:
    root = tmp_path_factory.mktemp("neon")
    with deployed_in_neon(
        installation.aws, root, source="branch", drill_target="neon-branch", engine="auto"
    ) as there:
        line = there.neon.control.line_of(there.neon.project.main)
        with line.server.admin(DATABASE) as admin:
            admin.execute("CREATE TABLE users AS SELECT generate_series(1, 100) AS id")
            admin.execute(f"ALTER TABLE users OWNER TO {ROLE}")
        yield there


def test_what_neon_says_lies_in_the_bucket(in_neon: InNeon) -> None:
    failed, answer = in_neon.look()
    assert (failed, answer) == (False, {"databases": [{"database": "app", "problem": None}]})
    report = in_neon.report()
    assert report.facts
    assert (report.facts.plan, report.facts.history_seconds) == ("launch_v3", 604_800)
    assert KEY not in in_neon.bucket.read(REPORT).decode() + in_neon.log()


def test_a_refused_key_is_reported_beside_what_was_known_and_gets_into_no_log(
    in_neon: InNeon,
) -> None:
    in_neon.look()
    known = in_neon.report()
    in_neon.neon.faults = [Fault(status=401, message="no such key: {key}", times=9)]
    failed, answer = in_neon.look()
    in_neon.neon.faults = []
    assert (failed, answer["databases"][0]["problem"]) == (False, "key")
    report = in_neon.report()
    assert report.problem
    assert report.problem.kind is ProblemKind.KEY
    assert (report.facts, report.facts_of) == (known.facts, known.facts_of)
    log = in_neon.log()
    assert "provider.problem" in log
    assert KEY not in in_neon.bucket.read(REPORT).decode() + log + json.dumps(answer)


def test_who_changes_the_functions_variables_cannot_have_the_key_sent_elsewhere(
    in_neon: InNeon,
) -> None:
    in_neon.ask_at("https://localhost:1/api/v2")
    failed, answer = in_neon.look()
    in_neon.ask_at(in_neon.neon.url)
    assert failed
    assert "sent to Neon alone" in answer["errorMessage"]
    assert "Safe: " in answer["errorMessage"]


def refusal(call: Any, **asked: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize("function", ["backup-app", "drill-app", "monitor"])
def test_no_other_function_may_read_the_key_or_forge_the_report(
    in_neon: InNeon, function: str
) -> None:
    role = in_neon.role(function)
    secrets = in_neon.aws.client("secretsmanager", role_arn=role)
    assert "AccessDenied" in refusal(secrets.get_secret_value, SecretId=in_neon.key_arn)
    s3 = in_neon.aws.client("s3", role_arn=role)
    forged = {"Bucket": in_neon.bucket.name, "Key": REPORT, "Body": b"{}"}
    assert refusal(s3.put_object, **forged) == "AccessDenied"


def test_the_function_may_do_nothing_else(in_neon: InNeon) -> None:
    role, bucket = in_neon.role("neon-watch"), in_neon.bucket.name
    secrets = in_neon.aws.client("secretsmanager", role_arn=role)
    assert secrets.get_secret_value(SecretId=in_neon.key_arn)["SecretString"] == KEY
    assert "AccessDenied" in refusal(secrets.get_secret_value, SecretId=in_neon.secret_arn)
    s3 = in_neon.aws.client("s3", role_arn=role)
    archive = "daily/app/2026-11-22T020000Z/archive.dump"
    in_neon.bucket.client.put_object(Bucket=bucket, Key=archive, Body=b"rows")
    assert refusal(s3.get_object, Bucket=bucket, Key=archive) == "AccessDenied"
    for key in (archive, "providers/shop.json", "monitor/state.json", "attempts/app.json"):
        assert refusal(s3.put_object, Bucket=bucket, Key=key, Body=b"{}") == "AccessDenied"
    assert refusal(s3.delete_object, Bucket=bucket, Key=REPORT) == "AccessDenied"
    assert refusal(s3.list_objects_v2, Bucket=bucket) == "AccessDenied"
    topics = in_neon.aws.client("sns").list_topics()["Topics"]
    sns = in_neon.aws.client("sns", role_arn=role)
    said = refusal(sns.publish, TopicArn=topics[0]["TopicArn"], Message="x")
    assert said in {"AccessDenied", "AuthorizationError"}


def test_a_backup_reads_a_branch_that_is_gone_afterwards_and_says_so(in_neon: InNeon) -> None:
    failed, answer = in_neon.back_up()
    assert not failed, answer
    assert (answer["rows"], answer["notes"]) == (100, [])
    key = f"{answer['backup']}/manifest.json"
    stored = in_neon.bucket.read(key)
    branch = Manifest.from_json(stored, key=key).branch
    assert branch
    assert branch.parent_id == in_neon.neon.project.main.id
    eventually(lambda: [*in_neon.neon.project.branches] == [in_neon.neon.project.main.id])
    secrets = in_neon.aws.client("secretsmanager")

    def emptied() -> bool:
        found = secrets.get_secret_value(SecretId=in_neon.branch_secret())
        return str(found["SecretString"]) == "-"

    eventually(emptied)
    written = f"{stored!r}{answer}{in_neon.log(BROKER)}{in_neon.log(BACKUP)}"
    assert branch.id in in_neon.log(BROKER)
    line = in_neon.neon.control.line_of(in_neon.neon.project.main)
    passwords = line.passwords.values()
    assert [each for each in (KEY, "postgresql://", *passwords) if each in written] == []


def test_a_drill_restores_into_a_branch_that_is_gone_afterwards_and_says_so(
    in_neon: InNeon,
) -> None:
    failed, answer = in_neon.back_up()
    assert not failed, answer
    failed, answer = in_neon.invoke(DRILL, {"database": "app"})
    assert not failed, answer
    assert (answer["verdict"], answer["target"]) == ("proven", "neon-branch")
    assert (answer["rows"], answer["branch_missing"]) == (100, None)
    key = answer["report"].removeprefix(f"s3://{in_neon.bucket.name}/")
    stored = in_neon.bucket.read(key)
    branch = DrillReport.from_json(stored, key=key).branch
    assert branch
    assert branch.name.startswith("lifeboat-drill/app/function/")
    eventually(lambda: [*in_neon.neon.project.branches] == [in_neon.neon.project.main.id])
    secrets = in_neon.aws.client("secretsmanager")

    def emptied() -> bool:
        found = secrets.get_secret_value(SecretId=in_neon.branch_secret(DRILL))
        return str(found["SecretString"]) == "-"

    eventually(emptied)
    assert branch.id in in_neon.log(BROKER)
    assert in_neon.run("SELECT count(*) FROM users") == [(100,)]
    written = f"{stored!r}{answer}{in_neon.log(BROKER)}{in_neon.log(DRILL)}"
    line = in_neon.neon.control.line_of(in_neon.neon.project.main)
    passwords = line.passwords.values()
    assert [each for each in (KEY, "postgresql://", *passwords) if each in written] == []


def test_jobs_use_branches_that_are_gone_afterwards_too(in_neon: InNeon) -> None:
    project, event = f"{STACK}-backup-app-job", {"database": "app"}
    build = run_build(in_neon.aws, project, event)
    assert build["buildStatus"] == "SUCCEEDED", build
    manifests = [key for key in in_neon.bucket.holds() if key.endswith("/manifest.json")]
    key = max(manifests)
    manifest = Manifest.from_json(in_neon.bucket.read(key), key=key)
    assert manifest.engine is Engine.JOB
    assert manifest.branch
    assert manifest.branch_missing is None
    build = run_build(in_neon.aws, f"{STACK}-drill-app-job", event)
    assert build["buildStatus"] == "SUCCEEDED", build
    reports = [key for key in in_neon.bucket.holds() if key.startswith("drills/app/")]
    key = max(key for key in reports if key.endswith(".json"))
    report = DrillReport.from_json(in_neon.bucket.read(key), key=key)
    assert (report.backup, report.verdict) == (manifest.location.id, Verdict.PROVEN)
    assert report.branch
    assert report.branch.name.startswith("lifeboat-drill/app/job/")
    eventually(lambda: [*in_neon.neon.project.branches] == [in_neon.neon.project.main.id])


def test_without_a_branch_a_drill_uses_its_own_server_and_the_answer_says_why(
    in_neon: InNeon,
) -> None:
    in_neon.back_up()
    in_neon.neon.project.branches_limit = 1
    failed, answer = in_neon.invoke(DRILL, {"database": "app"})
    in_neon.neon.project.branches_limit = 10
    assert not failed, answer
    assert (answer["verdict"], answer["target"]) == ("proven", "embedded")
    assert "BRANCHES_LIMIT_EXCEEDED" in answer["branch_missing"]
    assert "drill.no_branch" in in_neon.log(DRILL)


def test_without_a_branch_the_database_is_backed_up_and_the_answer_says_why(
    in_neon: InNeon,
) -> None:
    in_neon.neon.project.branches_limit = 1
    failed, answer = in_neon.back_up()
    in_neon.neon.project.branches_limit = 10
    assert not failed, answer
    (note,) = answer["notes"]
    assert note.startswith("The database itself was read, and no branch: ")
    assert "BRANCHES_LIMIT_EXCEEDED" in note


@pytest.mark.parametrize("reader", ["backup-app", "drill-app"])
def test_only_its_run_may_read_how_to_connect_to_a_branch_and_only_the_broker_write_it(
    in_neon: InNeon, reader: str
) -> None:
    arn = in_neon.branch_secret(f"{STACK}-{reader}")
    for function in ("backup-app", "drill-app", "monitor", "neon-watch", "neon-broker"):
        role = in_neon.role(function)
        secrets = in_neon.aws.client("secretsmanager", role_arn=role)
        if function == reader:
            assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "-"
        else:
            assert "AccessDenied" in refusal(secrets.get_secret_value, SecretId=arn)
        if function != "neon-broker":
            refused = refusal(secrets.put_secret_value, SecretId=arn, SecretString="mine")
            assert "AccessDenied" in refused
        if function not in {"backup-app", "drill-app"}:
            functions = in_neon.aws.client("lambda", role_arn=role)
            asked = {"FunctionName": BROKER, "Payload": "{}"}
            assert "AccessDenied" in refusal(functions.invoke, **asked)
    secrets = in_neon.aws.client("secretsmanager", role_arn=in_neon.role("neon-broker"))
    secrets.put_secret_value(SecretId=arn, SecretString="-")
    s3 = in_neon.aws.client("s3", role_arn=in_neon.role("neon-broker"))
    assert refusal(s3.list_objects_v2, Bucket=in_neon.bucket.name) == "AccessDenied"
