"""What changing a setting does to what exists: nothing is replaced, all stays readable."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.stack.stacks import KEY, PLAIN, SECRET, TOPIC_KEY, Synthesized
from tests.stack.test_roles import role_of

OTHER = KEY.replace("0f0e0d0c", "ffffffff")
READERS = ("Lifeboat-monitor", "Lifeboat-drill-app", "Lifeboat-restore", "Lifeboat-backup-app")

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-s3-bucket.html:
#: properties whose update "requires replacement".
REPLACING = ("BucketName", "BucketNamePrefix", "BucketNamespace")

CHANGES: dict[str, dict[str, Any]] = {
    "encryption": {"encryption": KEY},
    "former_encryption_keys": {"former_encryption_keys": [KEY]},
    "object_lock off": {"object_lock": "off"},
    "object_lock compliance": {"object_lock": "compliance"},
    "retention": {
        "retention": {
            "daily": {"days": 7},
            "weekly": {"storage_class": "DEEP_ARCHIVE", "days": 365, "lock_days": 30},
            "monthly": {"hot_days": 60},
            "manual": {"days": 30, "storage_class": "STANDARD"},
        }
    },
    "a database renamed": {"databases": [{"name": "new", "secret_arn": SECRET.format("app")}]},
    "a database removed": {"databases": PLAIN["databases"][:1]},
    "another secret and time": {
        "databases": [
            {"name": "app", "secret_arn": SECRET.format("other"), "cron": "0 4 * * ? *"},
            PLAIN["databases"][1],
        ]
    },
    "architecture": {"architecture": "x86_64"},
    "sizes": {"backup": {"memory_mb": 3008}, "drill": {"jobs": 4}, "restore": {"jobs": 4}},
    "monitor and alerts": {
        "monitor": {"max_age_hours": 30},
        "alerts": {"topic_key_arn": TOPIC_KEY, "emails": ["a@example.com"]},
    },
}

#: Logical ids of what holds state, in a stack of two databases. Another id is another resource.
STATEFUL = {
    "AWS::S3::Bucket": {"VaultBucket0925C477"},
    "AWS::S3::BucketPolicy": {"VaultBucketPolicyACD50CAD"},
    "AWS::SNS::Topic": {"AlertsTopicCF7C81C9"},
    "AWS::SQS::Queue": {"DeadLettersBBF8BAAB"},
    "AWS::Logs::LogGroup": {
        "DatabaseappBackupLogE2B5AC57",
        "DatabaseappDrillLogE9CF720F",
        "DatabaseshopBackupLogA7A76D38",
        "DatabaseshopDrillLog1FDBB952",
        "MonitorLogEC78DC2E",
        "RestoreLog6E27E7E4",
    },
}


@pytest.mark.parametrize("kind", STATEFUL)
def test_no_release_gives_what_holds_state_another_logical_id(
    plain: Synthesized, kind: str
) -> None:
    """CloudFormation would make a second one: without backups, subscribers or logs."""
    assert {*plain.template.find_resources(kind)} == STATEFUL[kind]


def bucket_of(stack: Synthesized) -> tuple[str, Mapping[str, Any]]:
    ((name, bucket),) = stack.template.find_resources("AWS::S3::Bucket").items()
    return name, bucket


@pytest.mark.parametrize("change", CHANGES)
def test_no_setting_replaces_or_forgets_the_bucket(
    synthesize: Callable[..., Synthesized], plain: Synthesized, change: str
) -> None:
    changed = synthesize(PLAIN | CHANGES[change], judged=False)

    name, bucket = bucket_of(changed)
    assert name == bucket_of(plain)[0], "another logical id is another bucket"
    assert not {*REPLACING} & {*bucket["Properties"]}
    assert bucket["UpdateReplacePolicy"] == "Retain"
    assert changed.body["Outputs"]["BackupBucketName"] == plain.body["Outputs"]["BackupBucketName"]


def keys_that_may_be_read_with(stack: Synthesized, function: str) -> set[str]:
    return {
        key
        for statement in role_of(stack, function).values()
        if "kms:Decrypt" in statement["Action"]
        and str(statement["Condition"]["StringEquals"]["kms:ViaService"]).startswith("s3.")
        for key in statement["Resource"]
    }


@pytest.mark.parametrize("now", [OTHER, "S3"])
def test_a_backup_of_a_former_key_can_still_be_read_and_nothing_is_written_with_it(
    synthesize: Callable[..., Synthesized], now: str
) -> None:
    settings = PLAIN | {"encryption": now, "former_encryption_keys": [KEY]}
    stack = synthesize(settings, judged=False)

    for function in READERS:
        readable = keys_that_may_be_read_with(stack, function)
        assert readable == {KEY} | ({now} - {"S3"}), function
        former = role_of(stack, function)["DecryptWithFormerKeys"]
        assert former["Action"] == ["kms:Decrypt"]
        assert former["Resource"] == [KEY]


def test_a_change_of_the_key_is_all_that_the_functions_hear_of_it(
    synthesize: Callable[..., Synthesized],
) -> None:
    """What only the roles need is not in any function's environment."""
    stack = synthesize(PLAIN | {"former_encryption_keys": [KEY]}, judged=False)

    assert not [each for each in stack.of_type("AWS::Lambda::Function") if KEY in str(each)]
