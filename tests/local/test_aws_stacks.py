import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.aws import LocalAws
from local.aws.deploy import DeployError
from tests.support.aws_helpers import invoke

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
RULES: list[dict[str, object]] = [
    {"Id": "daily", "Status": "Enabled", "Prefix": "daily/", "ExpirationInDays": 30},
    {
        "Id": "weekly",
        "Status": "Enabled",
        "Prefix": "weekly/",
        "ExpirationInDays": 90,
    },
    {
        "Id": "weekly-archives",
        "Status": "Enabled",
        "Prefix": "weekly/",
        "ObjectSizeGreaterThan": "4194304",
        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}],
    },
    {
        "Id": "sweep",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "ExpiredObjectDeleteMarker": True,
    },
]
BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": True,
}


@pytest.fixture(scope="module")
def stack(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outputs of a deployed stack that has what our own has."""
    return aws.deploy(_assembly(tmp_path_factory.mktemp("cdk.out"), _template()))


def test_a_buckets_lifecycle_is_the_templates(aws: LocalAws, stack: dict[str, str]) -> None:
    s3 = aws.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=stack["Bucket"])["Rules"]
    by_id = {rule.pop("ID"): rule for rule in rules}
    assert by_id == {
        "daily": {
            "Status": "Enabled",
            "Filter": {"Prefix": "daily/"},
            "Expiration": {"Days": 30},
        },
        "weekly": {
            "Status": "Enabled",
            "Filter": {"Prefix": "weekly/"},
            "Expiration": {"Days": 90},
        },
        "weekly-archives": {
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "weekly/", "ObjectSizeGreaterThan": 4194304}},
            "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
        },
        "sweep": {
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    }


def test_a_buckets_lock_encryption_and_tags_are_the_templates(
    aws: LocalAws, stack: dict[str, str]
) -> None:
    s3, bucket = aws.client("s3"), stack["Bucket"]
    lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert lock["ObjectLockEnabled"] == "Enabled"
    assert lock["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 7}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": "alias/mine",
            },
            "BucketKeyEnabled": True,
        }
    ]
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert blocked == BLOCKED
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "for", "Value": "backups"}]


def test_a_bucket_encrypted_with_awss_own_key_can_be_written_to(
    aws: LocalAws, stack: dict[str, str]
) -> None:
    put = aws.client("s3").put_object(Bucket=stack["Assets"], Key="key", Body=b"x")
    assert put["ServerSideEncryption"] == "aws:kms"


def test_a_functions_configuration_is_the_templates(aws: LocalAws, stack: dict[str, str]) -> None:
    client, name = aws.client("lambda"), stack["Function"]
    found = client.get_function_configuration(FunctionName=name)
    expected = _function("unused")["Properties"]
    for key in ("MemorySize", "Timeout", "Architectures", "EphemeralStorage"):
        assert found[key] == expected[key]
    assert found["LoggingConfig"]["LogGroup"] == expected["LoggingConfig"]["LogGroup"]
    assert found["DeadLetterConfig"] == {"TargetArn": stack["QueueArn"]}
    retries = client.get_function_event_invoke_config(FunctionName=name, Qualifier="$LATEST")
    assert (retries["MaximumRetryAttempts"], retries["MaximumEventAgeInSeconds"]) == (1, 3600)
    assert retries["DestinationConfig"]["OnFailure"] == {"Destination": stack["Topic"]}


def test_alarms_their_topic_and_the_dashboard_are_the_templates(
    aws: LocalAws, stack: dict[str, str]
) -> None:
    alarms = aws.client("cloudwatch").describe_alarms(AlarmNames=[stack["Alarm"]])
    (found,) = alarms["MetricAlarms"]
    expected = _alarm() | {
        "AlarmActions": [stack["Topic"]],
        "OKActions": [stack["Topic"]],
        "Dimensions": [{"Name": "Database", "Value": "app"}],
    }
    assert {name: found[name] for name in expected} == expected
    dashboard = aws.client("cloudwatch").get_dashboard(DashboardName=stack["Dashboard"])
    assert json.loads(dashboard["DashboardBody"]) == {"widgets": []}
    sns = aws.client("sns")
    attributes = sns.get_topic_attributes(TopicArn=stack["Topic"])["Attributes"]
    assert json.loads(attributes["Policy"])["Statement"][0]["Sid"] == "Alarms"
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=stack["Topic"])["Subscriptions"]
    assert subscription["SubscriptionArn"] == "PendingConfirmation"
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


def test_a_schedules_time_zone_retries_and_letters_are_the_templates(
    aws: LocalAws, stack: dict[str, str]
) -> None:
    found = aws.client("scheduler").get_schedule(Name=stack["Schedule"])
    assert found["ScheduleExpression"] == "cron(0 2 * * ? *)"
    assert found["ScheduleExpressionTimezone"] == "Europe/Zurich"
    assert found["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 2
    assert found["Target"]["DeadLetterConfig"] == {"Arn": stack["QueueArn"]}


def test_a_projects_configuration_is_the_templates(aws: LocalAws, stack: dict[str, str]) -> None:
    (found,) = aws.client("codebuild").batch_get_projects(names=[stack["Project"]])["projects"]
    (second,) = found["secondarySources"]
    assert second == {"type": "S3", "location": "bucket/second.zip", "sourceIdentifier": "second"}
    assert found["source"]["buildspec"] == "version: 0.2\n"
    assert (found["timeoutInMinutes"], found["queuedTimeoutInMinutes"]) == (2160, 90)
    log = {"status": "ENABLED", "groupName": "/lifeboat/job", "streamName": "backup"}
    assert found["logsConfig"] == {"cloudWatchLogs": log}
    assert found["vpcConfig"]["securityGroupIds"] == ["sg-1"]


def test_an_assets_code_is_what_runs(aws: LocalAws, stack: dict[str, str]) -> None:
    assert invoke(aws, stack["Function"]) == ("from the asset", None)


def test_a_failed_deployment_says_which_resource_and_why(aws: LocalAws, tmp_path: Path) -> None:
    template = _template()
    rule = {"Status": "Enabled", "ExpirationInDays": 0}
    template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"] = [rule]
    with pytest.raises(DeployError, match=r"(?s)Bucket \(AWS::S3::Bucket\): .*positive integer"):
        aws.deploy(_assembly(tmp_path, template))


def test_a_lifecycle_key_that_we_would_drop_fails_the_deployment(
    aws: LocalAws, tmp_path: Path
) -> None:
    template = _template()
    rule = {"Status": "Enabled", "TagFilters": [{"Key": "a", "Value": "b"}]}
    template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"] = [rule]
    with pytest.raises(DeployError, match="doesn't translate the lifecycle key TagFilters"):
        aws.deploy(_assembly(tmp_path, template))


def _template() -> dict[str, Any]:
    resources: dict[str, Any] = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": _bucket()},
        "Assets": {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": _own_key()}},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        "Function": _function("asset.zip"),
        "Retries": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 1,
                "MaximumEventAgeInSeconds": 3600,
                "DestinationConfig": {"OnFailure": {"Destination": {"Ref": "Topic"}}},
            },
        },
        **_alarming(),
        "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": _schedule()},
        "Project": {"Type": "AWS::CodeBuild::Project", "Properties": _build_project()},
    }
    told = ("Bucket", "Assets", "Function", "Schedule", "Project", "Topic", "Alarm", "Dashboard")
    refs = {name: {"Value": {"Ref": name}} for name in told}
    queue = {"QueueArn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}}
    version = {"Type": "AWS::SSM::Parameter::Value<String>"}
    parameters = {"BootstrapVersion": version | {"Default": "/cdk-bootstrap/hnb659fds/version"}}
    return {"Parameters": parameters, "Resources": resources, "Outputs": refs | queue}


def _bucket() -> dict[str, Any]:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/mine"}
    encryption = {"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 7}}
    return {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
        "LifecycleConfiguration": {"Rules": [dict(rule) for rule in RULES]},
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": retention},
        "Tags": [{"Key": "for", "Value": "backups"}],
        "VersioningConfiguration": {"Status": "Enabled"},
        "PublicAccessBlockConfiguration": BLOCKED,
    }


def _alarming() -> dict[str, Any]:
    topic = {"Ref": "Topic"}
    statement = {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    subscription = {"TopicArn": topic, "Protocol": "email", "Endpoint": "ops@example.com"}
    alarm = _alarm() | {
        "AlarmActions": [topic],
        "OKActions": [topic],
        "Dimensions": [{"Name": "Database", "Value": "app"}],
    }
    return {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [topic], "PolicyDocument": policy},
        },
        "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": subscription},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardBody": json.dumps({"widgets": []})},
        },
    }


def _alarm() -> dict[str, Any]:
    return {
        "Namespace": "Lifeboat",
        "MetricName": "BackupAge",
        "Statistic": "Maximum",
        "Period": 3600,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 25.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "breaching",
    }


def _own_key() -> dict[str, Any]:
    """As the CDK's bootstrap template has it."""
    default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    return {"ServerSideEncryptionConfiguration": [default]}


def _function(key: str) -> dict[str, Any]:
    bucket = {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "package.index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": bucket, "S3Key": key},
            "MemorySize": 1769,
            "Timeout": 900,
            "Architectures": ["arm64"],
            "EphemeralStorage": {"Size": 512},
            "LoggingConfig": {"LogGroup": "/lifeboat/backup"},
            "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}},
        },
    }


def _build_project() -> dict[str, Any]:
    second = {"Type": "S3", "Location": "bucket/second.zip", "SourceIdentifier": "second"}
    log = {"Status": "ENABLED", "GroupName": "/lifeboat/job", "StreamName": "backup"}
    return {
        "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]},
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "Source": {"Type": "NO_SOURCE", "BuildSpec": "version: 0.2\n"},
        "SecondarySources": [second],
        "Environment": {"Type": "LINUX_CONTAINER", "Image": "i", "ComputeType": "c"},
        "TimeoutInMinutes": 2160,
        "QueuedTimeoutInMinutes": 90,
        "LogsConfig": {"CloudWatchLogs": log},
        "VpcConfig": {"VpcId": "vpc-1", "Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    }


def _schedule() -> dict[str, Any]:
    return {
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Zurich",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": {"Fn::GetAtt": ["Function", "Arn"]},
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "RetryPolicy": {"MaximumRetryAttempts": 2},
            "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}},
        },
    }


def _assembly(directory: Path, template: dict[str, Any]) -> Path:
    """What `cdk synth` would write for this template and one directory asset."""
    code = directory / "asset.code" / "package"
    code.mkdir(parents=True)
    (code / "__init__.py").touch()
    (code / "index.py").write_text("def handler(event, context): return 'from the asset'")
    bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    asset = {
        "source": {"path": "asset.code", "packaging": "zip"},
        "destinations": {"here": {"bucketName": bucket, "objectKey": "asset.zip"}},
    }
    stack = f"stack-{uuid4().hex[:8]}"
    artifacts = {
        "Stack": {
            "type": "aws:cloudformation:stack",
            "dependencies": ["Stack.assets"],
            "properties": {
                "stackTemplateAssetObjectUrl": f"s3://{bucket}/{stack}.json",
                "stackName": stack,
            },
        },
        "Stack.assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}},
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
    }
    (directory / "stack.json").write_text(json.dumps(template))
    written = {
        "source": {"path": "stack.json", "packaging": "file"},
        "destinations": {"here": {"bucketName": bucket, "objectKey": f"{stack}.json"}},
    }
    files = {"code": asset, "template": written}
    (directory / "assets.json").write_text(json.dumps({"files": files}))
    (directory / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return directory
