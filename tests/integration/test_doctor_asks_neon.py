"""What `lifeboat doctor` says about databases in Neon: which plan, and how far back it reaches."""

from collections.abc import Iterator

import boto3
import pytest

from lifeboat.neon.policy.endpoint import TEST_API
from lifeboat.settings import Settings
from lifeboat_setup.check_neon import neon_checks
from lifeboat_setup.checks import Check
from local.aws import LocalAws
from local.neon import FakeNeon, Fault
from tests.support.backup_harness import SECRET_ARN

KEY = "napi_d0ct0rs0bait1234567890"


@pytest.fixture(scope="module")
def neon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeNeon]:
    with FakeNeon.start(KEY, root=tmp_path_factory.mktemp("neon")) as fake:
        yield fake


@pytest.fixture(scope="module")
def secret(aws: LocalAws) -> str:
    made = aws.client("secretsmanager").create_secret(Name="neon/doctor", SecretString=KEY)
    return str(made["ARN"])


@pytest.fixture
def settings(
    aws: LocalAws, neon: FakeNeon, secret: str, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(TEST_API, neon.url)
    place = {"project_id": neon.project.id, "api_key_secret_arn": secret}
    databases = [
        {"name": "app", "secret_arn": SECRET_ARN, "neon": place},
        {"name": "elsewhere", "secret_arn": SECRET_ARN},
    ]
    return Settings.model_validate({"databases": databases})


def checks(settings: Settings) -> list[Check]:
    found = list(neon_checks(boto3.Session(), settings))
    assert KEY not in str(found)
    assert {each.name for each in found} == {"database app, Neon"}
    return found


def test_the_plan_and_the_window_are_told_beside_what_each_plan_gives(
    neon: FakeNeon, settings: Settings
) -> None:
    neon.project.main.schedule = [{"frequency": "daily"}, {"frequency": "weekly"}]
    (check,) = checks(settings)
    neon.project.main.schedule = []
    assert check.ok
    for words in (
        "plan launch_v3",
        "any moment of the last 7 days",
        "snapshots daily, weekly",
        "the branch isn't protected",
        "Free gives 6 h, Launch 1 day or up to 7, Scale 1 day or up to 30",
    ):
        assert words in check.found


def test_a_refused_key_is_a_check_that_failed(neon: FakeNeon, settings: Settings) -> None:
    neon.faults = [Fault(status=401, message="no such key: {key}", times=9)]
    (check,) = checks(settings)
    neon.faults = []
    assert not check.ok
    assert "HTTP 401" in check.found
    assert "Make an API key" in check.todo


def test_a_part_that_is_missing_is_a_check_of_its_own(neon: FakeNeon, settings: Settings) -> None:
    neon.faults = [Fault(status=401, path="snapshots", times=9)]
    good, bad = checks(settings)
    neon.faults = []
    assert good.ok
    assert not bad.ok
    assert "snapshots" in bad.found


def test_the_key_is_sent_to_no_other_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TEST_API, "https://evil.example/api/v2")
    (check,) = checks(settings)
    assert not check.ok
    assert "sent to Neon alone" in check.found
