"""The page about Neon's own restore, done with the deployed functions; and what they may do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.subscriber import Subscriber
from tests.deployed.conftest import Installation
from tests.deployed.test_runbooks import FOLD, Reader
from tests.smoke import neon as smoke
from tests.smoke.account import Account
from tests.smoke.seen import Seen
from tests.support.aws_commands import AwsCommands
from tests.support.backup_harness import eventually
from tests.support.command_stubs import Terminal, terminal
from tests.support.doc_pages import RUNBOOKS, Page
from tests.support.documented import require_documented
from tests.support.in_neon import KEY, STACK, InNeon, deployed_in_neon

FUNCTION = f"{STACK}-neon-restore"
HERE = ("Lifeboat-", f"{STACK}-")


@pytest.fixture(scope="module")
def in_neon(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InNeon]:
    root = tmp_path_factory.mktemp("neon")
    with deployed_in_neon(installation.aws, root, restore=True) as there:
        yield there


@pytest.fixture
def shell(in_neon: InNeon, tmp_path: Path) -> Iterator[Terminal]:
    aws = AwsCommands(lambda service, config: in_neon.aws.client(service, config=config))
    variables = in_neon.aws.environment() | {"LIFEBOAT_STACK": STACK}
    del variables["PATH"]
    with terminal({"aws": aws.run}, [], tmp_path, variables) as made:
        yield made


def lose_rows(in_neon: InNeon, table: str = "users") -> str:
    """A table of ten rows loses seven; the whole second before, as people write it."""
    in_neon.run(f"CREATE TABLE {table} AS SELECT generate_series(1, 10) AS id")
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    eventually(lambda: datetime.now(UTC) > moment)
    in_neon.run(f"DELETE FROM {table} WHERE id > 3")
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_the_page_brings_rows_back_and_goes_back(in_neon: InNeon, shell: Terminal) -> None:
    page = Reader(
        Page.read(RUNBOOKS / "neon-restore.md"),
        shell,
        {"moment": lose_rows(in_neon)},
        dict.fromkeys(("lifeboat restore", "lifeboat undo"), "main\n"),
    )
    restoring = "Restore the branch"
    shown = page.step(restoring)
    assert "* public.users: 10 rows then, 3 rows now" in shown
    assert in_neon.run("SELECT count(*) FROM users") == [(3,)]
    done = page.step(restoring)
    assert "It has what it had then" in done
    assert in_neon.run("SELECT count(*) FROM users") == [(10,)]
    (backup,) = (key for key in in_neon.bucket.holds() if key.endswith("/manifest.json"))
    assert backup.removesuffix("/manifest.json") in done
    assert b'"label": "before-neon-restore"' in in_neon.bucket.read(backup)
    page.section(restoring)
    assert "It has what it had then" in page.section("Go back")
    assert in_neon.run("SELECT count(*) FROM users") == [(3,)]

    page.step(FOLD, instead=HERE)
    plan = page.answer
    require_documented("Lifeboat-neon-restore", plan, failed=False)
    page.know(plan=plan["plan"])
    page.step(FOLD, instead=HERE)
    assert (page.answer["verdict"], page.answer["repeated"]) == ("same", False)
    assert in_neon.run("SELECT count(*) FROM users") == [(10,)]
    page.step(FOLD, instead=HERE)
    assert page.answer["action"] == "undo"
    page.section(FOLD, instead=HERE)
    page.section("In Neon's console")
    in_neon.neon.control.take_snapshot("before the move")
    in_neon.run("DELETE FROM users")
    page.know(snapshot="before the move")
    assert "10 rows then, 0 rows now" in page.step("Restore a snapshot")
    assert "It has what it had then" in page.step("Restore a snapshot")
    assert in_neon.run("SELECT count(*) FROM users") == [(10,)]
    page.finish()
    kept = [each.name for each in in_neon.neon.project.branches.values() if each.name != "main"]
    assert len(kept) == 4
    assert all("_before_lifeboat_" in each for each in kept)
    line = in_neon.neon.control.line_of(in_neon.neon.project.main)
    log = in_neon.log(FUNCTION)
    assert '"neon-restore.finished"' in log
    assert KEY not in log
    assert not any(password in log for password in line.passwords.values())


def test_a_restore_that_neon_could_not_finish_is_told_to_people_too(
    in_neon: InNeon, shell: Terminal
) -> None:
    people = Subscriber.of(in_neon.aws, in_neon.topic)
    moment = lose_rows(in_neon, "lost")
    in_neon.neon.control.failing.append("create_branch")
    asked = {"action": "restore", "database": "app", "at": moment}
    failed, refused = in_neon.invoke(FUNCTION, asked)
    assert failed, refused  # the plan's own branch: whoever asked for a plan reads it
    failed, plan = in_neon.invoke(FUNCTION, asked)
    assert not failed, plan
    in_neon.neon.control.failing.append("apply_config")
    failed, _ = in_neon.invoke(FUNCTION, plan["next_event"])
    assert failed
    said = people.wait_for(lambda _: True)
    subject = f"[Lifeboat {STACK}] ACT NOW: app has a restore by Neon that is not done: "
    assert said["Subject"].startswith(subject)
    for part in (plan["kept_as"], f"--plan-id {plan['plan']}", f"/aws/lambda/{FUNCTION} "):
        assert part in said["Message"]
    assert "was live before is in the branch" in said["Message"]
    assert people.arrived(1) == []
    assert KEY not in said["Message"]
    command = f"lifeboat restore app --by neon --plan-id {plan['plan']}"
    assert "It has what it had then" in shell.run(command, "main\n")


def test_a_refusal_is_told_and_nothing_is_asked(shell: Terminal) -> None:
    script = "lifeboat restore app --by neon --at '2020-01-01 00:00Z' 2>&1"
    said = shell.run(script, codes={1})
    assert "Neon cannot give back 2020-01-01 00:00 UTC" in said
    assert "Safe: Nothing was touched" in said
    shell.variables["LIFEBOAT_STACK"] = "Lifeboat"
    other = shell.run("lifeboat restore app --by neon --at '09:00' 2>&1", codes={2})
    assert "don't allow to restore by Neon" in other


def test_the_smoke_test_plans_and_touches_nothing(in_neon: InNeon) -> None:
    account = Account(
        client=lambda service, config: in_neon.aws.client(service, config=config),
        stack=STACK,
        database="app",
    )
    before = sorted(in_neon.neon.project.branches)
    seen = smoke.plan(account, timedelta(milliseconds=1))
    assert seen.good, seen.text
    assert seen == Seen(
        good=True,
        text="databases 1; tables that differ 0; definitions that differ 0; slots 0",
    )
    assert sorted(in_neon.neon.project.branches) == before


def refusal(call: object, **asked: object) -> str:
    with pytest.raises(ClientError) as caught:
        call(**asked)  # type: ignore[operator]
    return str(caught.value.response["Error"]["Code"])


def test_the_function_may_do_nothing_else(in_neon: InNeon) -> None:
    role, bucket = in_neon.role("neon-restore"), in_neon.bucket.name
    secrets = in_neon.aws.client("secretsmanager", role_arn=role)
    assert secrets.get_secret_value(SecretId=in_neon.key_arn)["SecretString"] == KEY
    assert "AccessDenied" in refusal(secrets.get_secret_value, SecretId=in_neon.secret_arn)
    s3 = in_neon.aws.client("s3", role_arn=role)
    archive = "manual/app/2026-11-22T020000Z/archive.dump"
    in_neon.bucket.client.put_object(Bucket=bucket, Key=archive, Body=b"rows")
    assert refusal(s3.get_object, Bucket=bucket, Key=archive) == "AccessDenied"
    for key in (archive, "providers/app.json", "restores/app/2026-11-22T020000Z.json"):
        assert refusal(s3.put_object, Bucket=bucket, Key=key, Body=b"{}") == "AccessDenied"
    invoke = in_neon.aws.client("lambda", role_arn=role).invoke
    for function in ("drill-app", "monitor", "neon-watch"):
        assert "AccessDenied" in refusal(invoke, FunctionName=f"{STACK}-{function}", Payload="{}")
