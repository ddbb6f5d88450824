"""The function of each database, its schedule, and what is said about them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Match

from lifeboat.errors import SettingsError
from lifeboat.settings import Settings
from tests.stack.stacks import PLAIN, Synthesized


def functions_of(stack: Synthesized) -> dict[str, dict[str, Any]]:
    return {each["FunctionName"]: each for each in stack.of_type("AWS::Lambda::Function")}


def test_each_database_has_a_function_of_its_own_by_a_name_one_can_guess(
    plain: Synthesized,
) -> None:
    assert sorted(functions_of(plain)) == ["Lifeboat-backup-app", "Lifeboat-backup-shop"]


def test_a_function_is_as_the_settings_want_it(plain: Synthesized, sealed: Synthesized) -> None:
    for stack, memory, seconds, disk, architecture in (
        (plain, 1769, 900, 512, "arm64"),
        (sealed, 3008, 600, 1024, "x86_64"),
    ):
        stack.template.all_resources_properties(
            "AWS::Lambda::Function",
            {
                "Runtime": "python3.13",
                "Handler": "lifeboat.handlers.backup.handler",
                "MemorySize": memory,
                "Timeout": seconds,
                "EphemeralStorage": {"Size": disk},
                "Architectures": [architecture],
                "ReservedConcurrentExecutions": Match.absent(),
            },
        )
        stack.template.all_resources_properties(
            "AWS::Lambda::LayerVersion",
            {"CompatibleArchitectures": [architecture], "CompatibleRuntimes": ["python3.13"]},
        )
        stack.template.resource_count_is("AWS::Lambda::LayerVersion", 2)


def test_a_function_knows_its_vault_and_its_own_database_only(plain: Synthesized) -> None:
    variables = functions_of(plain)["Lifeboat-backup-shop"]["Environment"]["Variables"]

    (bucket,) = plain.template.find_resources("AWS::S3::Bucket")
    assert variables.pop("LIFEBOAT_VAULT") == {"Ref": bucket}
    settings = Settings.model_validate_json(variables.pop("LIFEBOAT_SETTINGS"))
    assert settings == Settings.model_validate(PLAIN | {"databases": PLAIN["databases"][1:]})
    assert variables == {
        "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }


def test_settings_that_do_not_fit_into_the_environment_are_refused(
    synthesize: Callable[..., Synthesized],
) -> None:
    tables = [f"public.a_table_with_a_long_name_{number}" for number in range(100)]
    database = PLAIN["databases"][0] | {"exclude_table_data": tables}

    with pytest.raises(SettingsError, match=r"settings of app take .* room for 3500"):
        synthesize({"databases": [database]}, judged=False)


def test_a_name_that_aws_would_not_take_is_refused(
    synthesize: Callable[..., Synthesized],
) -> None:
    with pytest.raises(SettingsError, match=r"would be called L+-backup-app, which is 72 .* 64"):
        synthesize(PLAIN, name="L" * 61, judged=False)


def test_a_failed_run_is_tried_once_more_within_the_hour(any_stack: Synthesized) -> None:
    any_stack.template.all_resources_properties(
        "AWS::Lambda::EventInvokeConfig",
        {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 3600},
    )
    assert len(any_stack.of_type("AWS::Lambda::EventInvokeConfig")) == len(functions_of(any_stack))


def test_a_function_logs_to_a_group_that_ends_a_year_later_or_with_the_stack(
    plain: Synthesized,
) -> None:
    for name in functions_of(plain):
        plain.template.has_resource(
            "AWS::Logs::LogGroup",
            {
                "Properties": {"LogGroupName": f"/aws/lambda/{name}", "RetentionInDays": 365},
                "DeletionPolicy": "Delete",
            },
        )
    groups = {
        function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions_of(plain).values()
    }
    assert groups == set(plain.template.find_resources("AWS::Logs::LogGroup"))


def test_a_function_joins_the_network_it_is_given(sealed: Synthesized, plain: Synthesized) -> None:
    (function,) = functions_of(sealed).values()

    assert function["VpcConfig"] == {
        "SubnetIds": ["subnet-0a0a0a0a", "subnet-0b0b0b0b"],
        "SecurityGroupIds": ["sg-0a1b2c3d"],
    }
    plain.template.all_resources_properties("AWS::Lambda::Function", {"VpcConfig": Match.absent()})


def test_every_function_shares_one_asset_without_leftovers(plain: Synthesized) -> None:
    assets = {function["Code"]["S3Key"] for function in functions_of(plain).values()}
    (asset,) = assets
    code = plain.directory / f"asset.{asset.removesuffix('.zip')}"

    files = {path.relative_to(code) for path in code.rglob("*") if path.is_file()}
    assert Path("lifeboat/settings/__init__.py") in files
    assert not [path for path in files if "__pycache__" in path.parts or path.suffix == ".pyc"]


def test_a_schedule_fires_by_its_database_and_tells_the_scheduled_time(plain: Synthesized) -> None:
    schedules = {each["Name"]: each for each in plain.of_type("AWS::Scheduler::Schedule")}

    assert {
        name: (each["ScheduleExpression"], each["ScheduleExpressionTimezone"])
        for name, each in schedules.items()
    } == {
        "Lifeboat-backup-app": ("cron(0 2 * * ? *)", "UTC"),
        "Lifeboat-backup-shop": ("cron(30 3 * * ? *)", "Europe/Berlin"),
    }
    for name, schedule in schedules.items():
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert schedule["State"] == "ENABLED"
        (function, _) = schedule["Target"]["Arn"]["Fn::GetAtt"]
        assert plain.body["Resources"][function]["Properties"]["FunctionName"] == name
        assert json.loads(schedule["Target"]["Input"]) == {
            "database": name.removeprefix("Lifeboat-backup-"),
            "scheduled": "<aws.scheduler.scheduled-time>",
        }


def test_a_run_that_cannot_be_delivered_ends_in_a_queue(plain: Synthesized) -> None:
    (queue,) = plain.template.find_resources("AWS::SQS::Queue")

    plain.template.all_resources_properties(
        "AWS::Scheduler::Schedule",
        {
            "Target": {
                "RetryPolicy": {"MaximumEventAgeInSeconds": 14400, "MaximumRetryAttempts": 185},
                "DeadLetterConfig": {"Arn": {"Fn::GetAtt": [queue, "Arn"]}},
            }
        },
    )


def test_the_queue_of_undelivered_runs_is_encrypted_on_disk_and_on_the_wire(
    any_stack: Synthesized,
) -> None:
    any_stack.template.has_resource_properties(
        "AWS::SQS::Queue", {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 1_209_600}
    )
    any_stack.template.has_resource_properties(
        "AWS::SQS::QueuePolicy",
        {
            "PolicyDocument": {
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Action": "sqs:*",
                        "Principal": {"AWS": "*"},
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ]
            }
        },
    )


def test_the_outputs_name_the_vault_the_functions_and_how_to_back_up_by_hand(
    plain: Synthesized,
) -> None:
    outputs = {name: each["Value"] for name, each in plain.body["Outputs"].items()}

    (bucket,) = plain.template.find_resources("AWS::S3::Bucket")
    assert outputs["VaultName"] == {"Ref": bucket}
    names = [value for name, value in outputs.items() if "FunctionName" in name]
    assert sorted(names) == ["Lifeboat-backup-app", "Lifeboat-backup-shop"]
    commands = [value for name, value in outputs.items() if "BackUpByHand" in name]
    assert len(commands) == 2
    for command in commands:
        _, payload, _ = command.split("'")
        event = json.loads(payload)
        assert f"--function-name Lifeboat-backup-{event['database']} " in command
        assert event["tier"] == "manual"
        assert event["label"]
