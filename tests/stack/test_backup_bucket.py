"""The bucket: nobody gets in, nothing gets lost, nothing is kept longer than promised."""

import json
from typing import Any

import pytest

from tests.stack.stacks import KEY, Synthesized
from tests.stack.test_roles import as_texts


def rules_of(stack: Synthesized) -> dict[str, dict[str, Any]]:
    rules = stack.only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    assert all(rule["Status"] == "Enabled" for rule in rules)
    return {
        rule["Id"]: {key: value for key, value in rule.items() if key not in {"Id", "Status"}}
        for rule in rules
    }


def test_the_bucket_outlives_the_stack(any_stack: Synthesized) -> None:
    """All but one that a first deployment made and had to take back: it would be an orphan."""
    stays = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    any_stack.template.has_resource("AWS::S3::Bucket", stays)
    any_stack.template.has_resource("AWS::S3::BucketPolicy", stays)
    any_stack.template.resource_count_is("AWS::S3::Bucket", 1)


def test_the_stack_that_watches_it_is_not_deleted_by_one_command(any_stack: Synthesized) -> None:
    assembly = json.loads((any_stack.directory / "manifest.json").read_text())

    assert assembly["artifacts"]["Lifeboat"]["properties"]["terminationProtection"] is True


def test_the_bucket_is_closed_to_the_public_and_to_other_owners(any_stack: Synthesized) -> None:
    any_stack.template.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        },
    )


def test_the_bucket_keeps_versions(any_stack: Synthesized) -> None:
    any_stack.template.has_resource_properties(
        "AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "Enabled"}}
    )


def test_the_bucket_refuses_what_is_not_tls_1_2(any_stack: Synthesized) -> None:
    statements = [
        each
        for each in any_stack.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
        if each["Action"] == "s3:*"
    ]

    assert [(each["Effect"], each["Action"], each["Condition"]) for each in statements] == [
        ("Deny", "s3:*", {"Bool": {"aws:SecureTransport": "false"}}),
        ("Deny", "s3:*", {"NumericLessThan": {"s3:TlsVersion": 1.2}}),
    ]
    for statement in statements:
        assert statement["Principal"] == {"AWS": "*"}
        assert len(statement["Resource"]) == 2, "the bucket and its objects"


def test_nobody_can_put_a_second_version_of_a_manifest_or_a_report(any_stack: Synthesized) -> None:
    (once,) = [
        each
        for each in any_stack.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
        if each.get("Sid") == "DenyOverwriteOfManifestsAndReports"
    ]

    assert (once["Effect"], once["Principal"]) == ("Deny", {"AWS": "*"})
    assert once["Action"] == "s3:PutObject"
    assert [each.partition("Arn>")[2] for each in as_texts(once["Resource"])] == [
        "/*/manifest.json",
        "/drills/*",
        "/evidence/*",
        "/restores/*",
    ]
    assert once["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }


def test_the_bucket_is_encrypted_by_s3_unless_a_key_is_given(
    plain: Synthesized, sealed: Synthesized
) -> None:
    assert plain.only("AWS::S3::Bucket")["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        ]
    }
    assert sealed.only("AWS::S3::Bucket")["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": True,
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
            }
        ]
    }


def test_object_lock_is_on_unless_it_is_off_and_each_object_brings_its_own_days(
    plain: Synthesized, sealed: Synthesized, unlocked: Synthesized
) -> None:
    from aws_cdk.assertions import Match

    for stack in (plain, sealed):
        stack.template.has_resource_properties(
            "AWS::S3::Bucket",
            {"ObjectLockEnabled": True, "ObjectLockConfiguration": Match.absent()},
        )
    unlocked.template.has_resource_properties(
        "AWS::S3::Bucket", {"ObjectLockEnabled": False, "ObjectLockConfiguration": Match.absent()}
    )


def to(storage_class: str) -> dict[str, object]:
    """The move of large objects after 30 days."""
    return {
        "ObjectSizeGreaterThan": "4194304",
        "Transitions": [{"StorageClass": storage_class, "TransitionInDays": 30}],
    }


def test_the_lifecycle_is_the_retention_tier_by_tier(plain: Synthesized) -> None:
    assert rules_of(plain) == {
        "daily": {"Prefix": "daily/", "ExpirationInDays": 30},
        "weekly": {"Prefix": "weekly/", "ExpirationInDays": 90},
        "weekly-archives": {"Prefix": "weekly/"} | to("GLACIER"),
        "monthly": {"Prefix": "monthly/", "ExpirationInDays": 365},
        "monthly-archives": {"Prefix": "monthly/"} | to("DEEP_ARCHIVE"),
        "manual-archives": {"Prefix": "manual/"} | to("DEEP_ARCHIVE"),
        "attempts/notified": {"Prefix": "attempts/notified/", "ExpirationInDays": 1},
        "drills": {"Prefix": "drills/", "ExpirationInDays": 400},
        "restores": {"Prefix": "restores/", "ExpirationInDays": 400},
        "evidence": {"Prefix": "evidence/", "ExpirationInDays": 800},
        "exports": {"Prefix": "exports/", "ExpirationInDays": 3},
        "sweep": {
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            "ExpiredObjectDeleteMarker": True,
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        },
    }


def test_without_a_lock_what_was_deleted_can_be_had_back_for_a_week(unlocked: Synthesized) -> None:
    sweep = rules_of(unlocked)["sweep"]

    assert sweep["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}


def test_a_tier_that_stays_in_standard_forever_has_no_rule(unlocked: Synthesized) -> None:
    assert not {"manual", "manual-archives"} & rules_of(unlocked).keys()


@pytest.mark.parametrize("tier", ["daily", "weekly", "monthly", "manual"])
def test_no_rule_of_a_tier_touches_another_tiers_objects(plain: Synthesized, tier: str) -> None:
    removing = [
        rule
        for rule in rules_of(plain).values()
        if f"{tier}/app/2026-11-22T020000Z/archive.dump".startswith(rule.get("Prefix", ""))
        and {"ExpirationInDays", "Transitions"} & rule.keys()
    ]

    assert {rule["Prefix"] for rule in removing} == {f"{tier}/"}


def test_a_manifest_stays_readable_without_a_thaw(any_stack: Synthesized) -> None:
    moving = [rule for rule in rules_of(any_stack).values() if "Transitions" in rule]

    assert all(int(rule["ObjectSizeGreaterThan"]) == 4 << 20 for rule in moving)
