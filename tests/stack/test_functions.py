"""The functions, their schedules, and what is said about them."""

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lifeboat.errors import SettingsError
from lifeboat.settings import MAX_DATABASES, Settings, WatchedSettings
from tests.stack.stacks import PLAIN, SEALED, SECRET, Synthesized


def functions_of(stack: Synthesized) -> dict[str, dict[str, Any]]:
    return {each["FunctionName"]: each for each in stack.of_type("AWS::Lambda::Function")}


def settings_of(function: dict[str, Any]) -> Any:
    return json.loads(function["Environment"]["Variables"]["LIFEBOAT_SETTINGS"])


def with_long_validation(count: int) -> dict[str, Any]:
    query = "SELECT count(*) FROM a_table_with_a_long_name"
    return {
        "validation": [
            {"name": f"{number}", "sql": query, "expect": "value > 0"} for number in range(count)
        ]
    }


def test_each_database_has_functions_of_its_own_by_names_one_can_guess(
    plain: Synthesized, unlocked: Synthesized
) -> None:
    assert sorted(functions_of(plain)) == [
        "Lifeboat-backup-app",
        "Lifeboat-backup-shop",
        "Lifeboat-drill-app",
        "Lifeboat-drill-shop",
        "Lifeboat-monitor",
        "Lifeboat-restore",
    ]
    assert sorted(functions_of(unlocked)) == ["Lifeboat-backup-app", "Lifeboat-monitor"]


SIZES = {
    "plain": {"backup": (1769, 900, 512), "drill": (3008, 900, 4096), "monitor": (1024, 600, 512)},
    "sealed": {
        "backup": (3008, 600, 1024),
        "drill": (4096, 720, 10240),
        "monitor": (1024, 600, 512),
    },
}


@pytest.mark.parametrize(("kind", "architecture"), [("plain", "arm64"), ("sealed", "x86_64")])
def test_a_function_is_as_the_settings_want_it(
    request: pytest.FixtureRequest, kind: str, architecture: str
) -> None:
    stack: Synthesized = request.getfixturevalue(kind)

    for job, size in SIZES[kind].items():
        assert stack.functions(job)
        for function in stack.functions(job).values():
            assert function["Runtime"] == "python3.13"
            disk = function["EphemeralStorage"]["Size"]
            assert (function["MemorySize"], function["Timeout"], disk) == size
            assert function["Architectures"] == [architecture]
            assert "ReservedConcurrentExecutions" not in function


def test_a_function_carries_the_layers_that_it_needs_and_no_others(
    plain: Synthesized, sealed: Synthesized
) -> None:
    for stack, architecture in ((plain, "arm64"), (sealed, "x86_64")):
        stack.template.all_resources_properties(
            "AWS::Lambda::LayerVersion",
            {"CompatibleArchitectures": [architecture], "CompatibleRuntimes": ["python3.13"]},
        )
        content = layer_contents(stack)
        assert sorted(content.values()) == ["client", "python", "server"]
        for job, carried in (
            ("backup", {"client", "python"}),
            ("drill", {"server", "python"}),
            ("monitor", {"python"}),
        ):
            for function in stack.functions(job).values():
                assert {content[layer["Ref"]] for layer in function["Layers"]} == carried


def layer_contents(stack: Synthesized) -> dict[str, str]:
    """What the only file of each layer says, by the layer's logical id."""
    layers = stack.template.find_resources("AWS::Lambda::LayerVersion")
    keys = {name: layer["Properties"]["Content"]["S3Key"] for name, layer in layers.items()}
    return {
        name: (stack.directory / f"asset.{key.removesuffix('.zip')}" / "content").read_text()
        for name, key in keys.items()
    }


def test_a_function_knows_its_bucket_and_its_own_database_only(plain: Synthesized) -> None:
    (bucket,) = plain.template.find_resources("AWS::S3::Bucket")
    (topic,) = plain.template.find_resources("AWS::SNS::Topic")
    for name in ("Lifeboat-backup-shop", "Lifeboat-drill-shop"):
        variables = dict(functions_of(plain)[name]["Environment"]["Variables"])
        assert variables.pop("LIFEBOAT_BUCKET") == {"Ref": bucket}
        assert variables.pop("LIFEBOAT_TOPIC") == {"Ref": topic}
        settings = Settings.model_validate_json(variables.pop("LIFEBOAT_SETTINGS"))
        assert settings == Settings.model_validate(PLAIN | {"databases": PLAIN["databases"][1:]})
        assert variables == {
            "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "LIFEBOAT_JOB_PROJECT": f"{name}-job",
        }


def test_a_function_gets_the_settings_that_concern_it(sealed: Synthesized) -> None:
    (backup,) = sealed.functions("backup").values()
    (drill,) = sealed.functions("drill").values()
    (monitor,) = sealed.functions("monitor").values()

    assert settings_of(backup).keys() == SEALED.keys() - {"drill", "monitor", "restore"}
    assert "validation" not in settings_of(backup)["databases"][0]
    assert settings_of(drill).keys() == SEALED.keys() - {"monitor", "restore"}
    assert settings_of(drill)["databases"][0]["validation"] == SEALED["databases"][0]["validation"]
    assert settings_of(drill)["drill"] == SEALED["drill"]
    for function in (backup, drill):  # how it tells of its failures, and to nobody's address
        slack = {"slack": True} if SEALED["alerts"].get("slack") else {}
        assert settings_of(function)["alerts"] == slack
    assert settings_of(monitor)["databases"] == [{"name": "app"}]
    assert settings_of(monitor)["alerts"] == SEALED["alerts"]
    assert settings_of(monitor)["drill"]["rto_minutes"] == 30


def test_the_monitor_knows_all_databases_its_topic_and_no_secret_of_a_database(
    plain: Synthesized, sealed: Synthesized
) -> None:
    for stack, whole in ((plain, PLAIN), (sealed, SEALED)):
        (function,) = stack.functions("monitor").values()
        variables = function["Environment"]["Variables"]
        (topic,) = stack.template.find_resources("AWS::SNS::Topic")
        assert variables["LIFEBOAT_TOPIC"] == {"Ref": topic}
        settings = WatchedSettings.model_validate_json(variables["LIFEBOAT_SETTINGS"])
        assert settings == Settings.model_validate(whole).watched()
        for database in whole["databases"]:
            assert database["secret_arn"] not in str(function)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {"exclude_table_data": [f"public.a_table_with_a_long_name_{i}" for i in range(100)]},
            r"settings of app's backups take .* room for 3500",
        ),
        (with_long_validation(50), r"settings of app's drills take .* room for 3500"),
    ],
)
def test_settings_that_do_not_fit_into_the_environment_are_refused(
    synthesize: Callable[..., Synthesized], more: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        synthesize({"databases": [PLAIN["databases"][0] | more]}, judged=False)


def test_databases_whose_schedules_do_not_fit_into_the_monitors_environment_are_refused(
    synthesize: Callable[..., Synthesized],
) -> None:
    days, months = (",".join(map(str, range(1, end))) for end in (32, 13))
    many = [
        {
            "name": f"a-long-name-{number}",
            "secret_arn": SECRET.format("app"),
            "cron": f"0 2 {days} {months} ? *",
            "engine": "function",
        }
        for number in range(MAX_DATABASES)
    ]

    with pytest.raises(SettingsError, match=r"settings of the monitor take .* room for 3500"):
        synthesize({"databases": many}, judged=False)


def test_a_name_that_aws_would_not_take_is_refused(
    synthesize: Callable[..., Synthesized],
) -> None:
    with pytest.raises(
        SettingsError, match=r"backup function of app is too long: L+-backup-app has 66 .* 64"
    ):
        synthesize(PLAIN, name="L" * 55, judged=False)
    with pytest.raises(SettingsError, match=r"monitor function is too long: L+-monitor has 69 .*"):
        synthesize(PLAIN, name="L" * 61, judged=False)


def test_lambda_tries_nothing_again_and_tells_nobody_since_the_functions_do(
    any_stack: Synthesized,
) -> None:
    (topic,) = any_stack.template.find_resources("AWS::SNS::Topic")
    functions = any_stack.template.find_resources("AWS::Lambda::Function")
    asynchronous = {
        functions[each["FunctionName"]["Ref"]]["Properties"]["FunctionName"]: each
        for each in any_stack.of_type("AWS::Lambda::EventInvokeConfig")
    }

    assert asynchronous.keys() == functions_of(any_stack).keys()
    for name, function in functions_of(any_stack).items():
        assert asynchronous[name]["MaximumRetryAttempts"] == 0
        assert asynchronous[name]["MaximumEventAgeInSeconds"] == 3600
        assert "DestinationConfig" not in asynchronous[name]
        assert function["Environment"]["Variables"]["LIFEBOAT_TOPIC"] == {"Ref": topic}


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


def test_whatever_meets_a_database_joins_the_network_it_is_given(
    sealed: Synthesized, plain: Synthesized
) -> None:
    from aws_cdk.assertions import Match

    for job in ("backup", "drill"):
        (function,) = sealed.functions(job).values()
        assert function["VpcConfig"] == {
            "SubnetIds": ["subnet-0a0a0a0a", "subnet-0b0b0b0b"],
            "SecurityGroupIds": ["sg-0a1b2c3d"],
        }
    (monitor,) = sealed.functions("monitor").values()
    assert "VpcConfig" not in monitor
    plain.template.all_resources_properties("AWS::Lambda::Function", {"VpcConfig": Match.absent()})


def test_a_database_that_is_reached_by_ipv6_only_can_be_reached(
    synthesize: Callable[..., Synthesized],
) -> None:
    stack = synthesize(SEALED | {"network": SEALED["network"] | {"ipv6": True}}, judged=False)

    for job in ("backup", "drill", "restore"):
        (function,) = stack.functions(job).values()
        assert function["VpcConfig"]["Ipv6AllowedForDualStack"] is True


def test_every_function_shares_one_asset_without_leftovers(plain: Synthesized) -> None:
    assets = {function["Code"]["S3Key"] for function in functions_of(plain).values()}
    (asset,) = assets
    code = plain.directory / f"asset.{asset.removesuffix('.zip')}"

    files = {path.relative_to(code) for path in code.rglob("*") if path.is_file()}
    assert Path("lifeboat/settings/__init__.py") in files
    assert not [path for path in files if "__pycache__" in path.parts or path.suffix == ".pyc"]


def test_a_schedule_fires_by_its_database_and_tells_the_scheduled_time(plain: Synthesized) -> None:
    schedules = {each["Name"]: each for each in plain.of_type("AWS::Scheduler::Schedule")}
    scheduled = {"scheduled": "<aws.scheduler.scheduled-time>"}

    assert {
        name: (
            each["ScheduleExpression"],
            each["ScheduleExpressionTimezone"],
            json.loads(each["Target"]["Input"]),
        )
        for name, each in schedules.items()
    } == {
        "Lifeboat-backup-app": ("cron(0 2 * * ? *)", "UTC", {"database": "app"} | scheduled),
        "Lifeboat-backup-shop": (
            "cron(30 3 * * ? *)",
            "Europe/Berlin",
            {"database": "shop"} | scheduled,
        ),
        "Lifeboat-drill-app": ("cron(0 5 ? * MON *)", "UTC", {"database": "app"}),
        "Lifeboat-drill-shop": ("cron(0 5 ? * MON *)", "Europe/Berlin", {"database": "shop"}),
        "Lifeboat-monitor": ("cron(15 * * * ? *)", "UTC", scheduled),
    }
    for name, schedule in schedules.items():
        window = schedule["FlexibleTimeWindow"]
        if name == "Lifeboat-monitor":
            assert window == {"Mode": "OFF"}
        else:
            assert window == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
        assert schedule["State"] == "ENABLED"
        (function, _) = schedule["Target"]["Arn"]["Fn::GetAtt"]
        assert plain.body["Resources"][function]["Properties"]["FunctionName"] == name


def test_the_only_database_is_backed_up_on_the_minute(unlocked: Synthesized) -> None:
    """Several ones begin within a window, so that they don't begin all at once."""
    schedules = unlocked.of_type("AWS::Scheduler::Schedule")

    assert len(schedules) == 2
    assert all(each["FlexibleTimeWindow"] == {"Mode": "OFF"} for each in schedules)


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


def test_the_outputs_name_the_bucket_the_functions_and_what_can_be_done_by_hand(
    plain: Synthesized,
) -> None:
    outputs = {name: each["Value"] for name, each in plain.body["Outputs"].items()}

    (bucket,) = plain.template.find_resources("AWS::S3::Bucket")
    (topic,) = plain.template.find_resources("AWS::SNS::Topic")
    assert outputs["BackupBucketName"] == {"Ref": bucket}
    assert outputs["TopicArn"] == {"Ref": topic}
    names = [value for name, value in outputs.items() if "FunctionName" in name]
    assert sorted(names) == ["Lifeboat-backup-app", "Lifeboat-backup-shop"]
    assert outputs["BackupFunctionNameApp"] == "Lifeboat-backup-app"
    assert "drill" in outputs["DrillCommandShop"]
    by_hand = {
        job: [invocation(value) for name, value in outputs.items() if job in name]
        for job in ("BackupCommand", "DrillCommand", "StatusCommand")
    }
    latest = {"backup": "latest"}
    assert by_hand == {
        "BackupCommand": [
            ("Lifeboat-backup-app", {"database": "app"}),
            ("Lifeboat-backup-shop", {"database": "shop"}),
        ],
        "DrillCommand": [
            ("Lifeboat-drill-app", {"database": "app"} | latest),
            ("Lifeboat-drill-shop", {"database": "shop"} | latest),
        ],
        "StatusCommand": [("Lifeboat-monitor", {"format": "text"})],
    }


def test_outputs_have_names_that_people_can_read_unless_two_would_be_the_same() -> None:
    from infra.names import output_name

    names = ["my-app", "app1", "app-1"]
    assert output_name("BackupCommand", "my-app", names) == "BackupCommandMyApp"
    assert output_name("BackupCommand", "app1", names) is None
    assert output_name("BackupCommand", "app-1", names) is None


def invocation(command: str) -> tuple[str, dict[str, str]]:
    """The function that a command invokes, and the event."""
    words = shlex.split(command)
    event: dict[str, str] = json.loads(words[words.index("--payload") + 1])
    return words[words.index("--function-name") + 1], event


def test_every_asset_can_be_read_by_the_user_that_lambda_runs_functions_as(
    synthesize: Callable[..., Synthesized],
) -> None:
    """The CDK zips the files with the modes that it finds here, and no directories."""
    before = os.umask(0o077)
    try:
        stack = synthesize(PLAIN, judged=False)
    finally:
        os.umask(before)

    (code,) = [
        path.parents[2] for path in stack.directory.glob("asset.*/lifeboat/backup/handler.py")
    ]
    files = [path for path in code.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert not [path for path in files if path.stat().st_mode & 0o004 == 0]
