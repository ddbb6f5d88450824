"""`make smoke` as far as the local AWS goes; a function stands for the CDK."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.deployed.conftest import Installation
from tests.smoke.__main__ import FAILED, REFUSED, arguments, chosen, leftovers, perform, smoke
from tests.smoke.account import Account
from tests.smoke.seen import Seen

MONITOR = "Lifeboat-monitor"


def account_of(
    installation: Installation,
    run: Callable[[Sequence[str]], int],
    stack: str = "Lifeboat",
) -> Account:
    return Account(
        client=lambda service, config: installation.aws.client(service, config=config),
        stack=stack,
        database="app",
        run=run,
        patience=20,
    )


@pytest.fixture
def bring_back(installation: Installation) -> Iterator[Callable[[Sequence[str]], int]]:
    """Puts the monitor's schedule and the bucket's rules back, as a deployment with `revert`."""
    scheduler, bucket = installation.aws.client("scheduler"), installation.bucket
    known: dict[str, Any] = scheduler.get_schedule(Name=MONITOR)
    kept = ("Name", "Target", "FlexibleTimeWindow", "ScheduleExpression", "State")
    rules = bucket.client.get_bucket_lifecycle_configuration(Bucket=bucket.name)["Rules"]

    def run(command: Sequence[str]) -> int:
        assert "--revert-drift" in command
        bucket.client.put_bucket_lifecycle_configuration(
            Bucket=bucket.name, LifecycleConfiguration={"Rules": rules}
        )
        if not any(each["Name"] == MONITOR for each in scheduler.list_schedules()["Schedules"]):
            scheduler.create_schedule(**{key: known[key] for key in kept})
        return 0

    yield run
    run(["--revert-drift"])


def seen_by(account: Account, *only: str) -> dict[str, Seen]:
    return dict(perform(account, chosen(arguments(["--only", *only]))))


def test_an_installation_that_works_passes(
    installation: Installation,
    bring_back: Callable[[Sequence[str]], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(installation.aws.ca_file))
    account = account_of(installation, bring_back)
    local = ("backup", "object", "drill", "export", "lifecycle", "silence")
    seen = seen_by(account, *local)
    assert {name: each.text for name, each in seen.items() if not each.good} == {}
    assert set(seen) == set(local)
    assert "ObjectLockMode GOVERNANCE" in seen["object"].text
    assert seen["export"].text == "HTTP 200 in us-east-1"
    stays = leftovers(account)
    assert f"s3://{installation.bucket.name} stays with " in stays
    assert ", locked until " in stays


def test_what_is_wrong_is_seen(
    installation: Installation,
    bring_back: Callable[[Sequence[str]], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here nothing brings anything back, and no backup succeeds."""
    account = account_of(installation, lambda _: 1)
    hidden = seen_by(account, "hidden")["hidden"]  # the local AWS answers 403 where AWS has a 404
    assert (hidden.good, "403" in hidden.text) == (False, True)
    rules = seen_by(account, "lifecycle")["lifecycle"]
    assert (rules.good, "NoSuchLifecycleConfiguration" in rules.text) == (False, True)
    bring_back(["--revert-drift"])
    event = {"database": "nobody"}
    monkeypatch.setattr(Account, "back_up", lambda each: each.invoke("backup", event))
    seen = seen_by(account, "backup")["backup"]
    assert (seen.good, "no database called 'nobody'" in seen.text) == (False, True)


def test_a_stack_that_is_there_is_left_alone(installation: Installation) -> None:
    commands: list[Sequence[str]] = []
    account = account_of(installation, lambda each: commands.append(each) or 0)  # type: ignore[func-returns-value]
    assert smoke(arguments([]), account) == REFUSED
    assert commands == []


def test_a_deployment_that_fails_fails_the_whole(installation: Installation) -> None:
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> int:
        commands.append(command)
        return int(command[0] == "cdk")

    account = account_of(installation, run, stack="LifeboatSmoke")
    assert smoke(arguments(["--yes"]), account) == FAILED
    assert [each[:2] for each in commands] == [["python", "-m"], ["cdk", "deploy"]]
    assert all("stack_name=LifeboatSmoke" in each for each in commands)
