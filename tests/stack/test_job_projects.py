"""The projects of CodeBuild that run what does not fit into a function."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lifeboat.errors import SettingsError
from lifeboat.settings import MAX_DATABASES, MAX_DATABASES_WITH_JOBS
from tests.stack.stacks import PLAIN, SECRET, Synthesized


def projects_of(stack: Synthesized) -> dict[str, dict[str, Any]]:
    return {each["Name"]: each for each in stack.of_type("AWS::CodeBuild::Project")}


def variables_of(project: dict[str, Any]) -> dict[str, Any]:
    found = project["Environment"]["EnvironmentVariables"]
    assert all(each["Type"] == "PLAINTEXT" for each in found if "Type" in each)
    return {each["Name"]: each["Value"] for each in found}


def function_of(stack: Synthesized, name: str) -> dict[str, Any]:
    (found,) = [
        each for each in stack.of_type("AWS::Lambda::Function") if each["FunctionName"] == name
    ]
    return found


def databases(count: int, **keys: str) -> list[dict[str, str]]:
    return [
        {"name": f"db-{number}", "secret_arn": SECRET.format("app"), **keys}
        for number in range(count)
    ]


def test_each_function_that_may_hand_over_has_a_project_of_its_own(
    plain: Synthesized, unlocked: Synthesized
) -> None:
    assert sorted(projects_of(plain)) == [
        "Lifeboat-backup-app-job",
        "Lifeboat-backup-shop-job",
        "Lifeboat-drill-app-job",
        "Lifeboat-drill-shop-job",
        "Lifeboat-restore-job",
    ]
    assert projects_of(unlocked) == {}
    for stack in (plain, unlocked):
        for function in stack.of_type("AWS::Lambda::Function"):
            project = f"{function['FunctionName']}-job"
            told = function["Environment"]["Variables"].get("LIFEBOAT_JOB_PROJECT")
            assert told == (project if project in projects_of(stack) else None)


def test_only_databases_that_want_it_have_jobs(synthesize: Callable[..., Synthesized]) -> None:
    app, shop = PLAIN["databases"]
    mixed = [app | {"engine": "function"}, shop | {"engine": "job"}]
    stack = synthesize({"databases": mixed}, judged=False)

    assert sorted(projects_of(stack)) == [
        "Lifeboat-backup-shop-job",
        "Lifeboat-drill-shop-job",
        "Lifeboat-restore-job",
    ]


@pytest.mark.parametrize(
    ("kind", "type_", "image", "computes", "minutes"),
    [
        (
            "plain",
            "ARM_CONTAINER",
            "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            {"backup-app": "MEDIUM", "drill-app": "LARGE", "restore": "MEDIUM"},
            720,
        ),
        (
            "sealed",
            "LINUX_CONTAINER",
            "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            {"backup-app": "SMALL", "drill-app": "2XLARGE", "restore": "LARGE"},
            1800,
        ),
    ],
)
def test_a_job_has_the_machine_and_the_time_of_the_settings_and_waits_as_long_as_it_may(
    request: pytest.FixtureRequest,
    kind: str,
    type_: str,
    image: str,
    computes: dict[str, str],
    minutes: int,
) -> None:
    projects = projects_of(request.getfixturevalue(kind))

    for name, compute in computes.items():
        project = projects[f"Lifeboat-{name}-job"]
        environment = project["Environment"]
        assert (environment["Type"], environment["Image"]) == (type_, image)
        assert environment["ComputeType"] == f"BUILD_GENERAL1_{compute}"
        assert (project["TimeoutInMinutes"], project["QueuedTimeoutInMinutes"]) == (minutes, 480)
        assert variables_of(project)["LIFEBOAT_SECONDS"] == str(minutes * 60)


def test_a_job_has_no_more_than_it_needs(plain: Synthesized, sealed: Synthesized) -> None:
    """Nothing is kept of a build but its log; several builds may run, and each of them once."""
    for project in (*projects_of(plain).values(), *projects_of(sealed).values()):
        assert project["Environment"]["PrivilegedMode"] is False
        assert project["Environment"]["ImagePullCredentialsType"] == "CODEBUILD"
        assert project["Artifacts"] == {"Type": "NO_ARTIFACTS"}
        assert project["LogsConfig"]["S3Logs"] == {"Status": "DISABLED"}
        assert not project.keys() & {
            "AutoRetryLimit",
            "BadgeEnabled",
            "BuildBatchConfig",
            "Cache",
            "ConcurrentBuildLimit",
            "EncryptionKey",
            "ResourceAccessRole",
            "SecondaryArtifacts",
            "Triggers",
        }


def test_a_job_knows_all_that_its_function_knows_and_that_it_is_a_job(
    any_stack: Synthesized,
) -> None:
    memory = {"MEDIUM": 8192, "LARGE": 16384}
    if any_stack.settings.architecture == "x86_64":
        memory = {"SMALL": 3072, "LARGE": 15360, "2XLARGE": 148480}
    for name, project in projects_of(any_stack).items():
        function = function_of(any_stack, name.removesuffix("-job"))
        variables = variables_of(project)
        own = {
            "LIFEBOAT_WORK": name.split("-")[1],
            "LIFEBOAT_ENGINE": "job",
            "LIFEBOAT_SECONDS": str(any_stack.settings.job.timeout_hours * 3600),
            "LIFEBOAT_MEMORY_MB": str(memory[project["Environment"]["ComputeType"][15:]]),
            "AWS_LAMBDA_FUNCTION_NAME": function["FunctionName"],
        }
        (of_function, attribute) = variables["LIFEBOAT_FUNCTION_ARN"]["Fn::GetAtt"]
        named = any_stack.body["Resources"][of_function]["Properties"]
        assert (named["FunctionName"], attribute) == (function["FunctionName"], "Arn")
        common = {
            key: value
            for key, value in function["Environment"]["Variables"].items()
            if key != "LIFEBOAT_JOB_PROJECT"
        }
        arn = {"LIFEBOAT_FUNCTION_ARN": variables["LIFEBOAT_FUNCTION_ARN"]}
        assert variables == common | own | arn


def test_a_job_logs_where_its_function_does(any_stack: Synthesized) -> None:
    """So the command line follows a run through the hand-over."""
    for name, project in projects_of(any_stack).items():
        function = function_of(any_stack, name.removesuffix("-job"))
        assert project["LogsConfig"]["CloudWatchLogs"] == {
            "Status": "ENABLED",
            "GroupName": function["LoggingConfig"]["LogGroup"],
            "StreamName": "job",
        }


def test_a_job_unpacks_the_objects_that_its_function_consists_of(any_stack: Synthesized) -> None:
    for name, project in projects_of(any_stack).items():
        function = function_of(any_stack, name.removesuffix("-job"))
        layers = [
            any_stack.body["Resources"][each["Ref"]]["Properties"]["Content"]
            for each in function["Layers"]
        ]
        used = [f"{each['S3Bucket']}/{each['S3Key']}" for each in (function["Code"], *layers)]
        sources = [project["Source"], *project["SecondarySources"]]
        assert all(each["Type"] == "S3" for each in sources)
        assert sources[0]["Location"] == used[0]
        assert sorted(each["Location"] for each in sources) == sorted(used)
        names = [each["SourceIdentifier"] for each in project["SecondarySources"]]
        assert names == ["postgres", "python"]
        for source in project["SecondarySources"]:
            asset = source["Location"].rpartition("/")[2].removesuffix(".zip")
            (content,) = any_stack.directory.glob(f"asset.{asset}/content")
            kind = "server" if "-drill-" in name else "client"
            wanted = {"postgres": kind, "python": "python"}[source["SourceIdentifier"]]
            assert content.read_text() == wanted


def test_all_projects_run_the_same_few_commands_without_anything_of_an_installation(
    plain: Synthesized, sealed: Synthesized
) -> None:
    (text,) = {
        project["Source"]["BuildSpec"]
        for stack in (plain, sealed)
        for project in projects_of(stack).values()
    }
    spec = json.loads(text)

    assert spec["phases"]["install"] == {"runtime-versions": {"python": "3.13"}}
    assert spec["phases"]["build"]["commands"][-1] == "python3 -m lifeboat.runtime.job"
    assert not any(secret in text for secret in ("arn:", "app", "Lifeboat-"))


def test_a_job_runs_in_the_network_of_its_function(plain: Synthesized, sealed: Synthesized) -> None:
    for project in projects_of(sealed).values():
        assert project["VpcConfig"] == {
            "VpcId": "vpc-0a1b2c3d",
            "Subnets": ["subnet-0a0a0a0a", "subnet-0b0b0b0b"],
            "SecurityGroupIds": ["sg-0a1b2c3d"],
        }
    assert all("VpcConfig" not in each for each in projects_of(plain).values())


def test_the_monitor_looks_at_once_when_a_job_has_failed(plain: Synthesized) -> None:
    (rule,) = [
        (name, each["Properties"])
        for name, each in plain.body["Resources"].items()
        if each["Type"] == "AWS::Events::Rule" and "aws.codebuild" in str(each)
    ]
    name, properties = rule
    pattern = properties["EventPattern"]
    assert pattern["source"] == ["aws.codebuild"]
    assert pattern["detail-type"] == ["CodeBuild Build State Change"]
    assert sorted(pattern["detail"]["build-status"]) == ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"]
    prefixes = tuple(each["prefix"] for each in pattern["detail"]["project-name"])
    assert prefixes == ("Lifeboat-backup-", "Lifeboat-drill-", "Lifeboat-restore-")
    assert all(project.startswith(prefixes) for project in projects_of(plain))

    (target,) = properties["Targets"]
    (monitor, _) = target["Arn"]["Fn::GetAtt"]
    assert plain.body["Resources"][monitor]["Properties"]["FunctionName"] == "Lifeboat-monitor"
    event = target["InputTransformer"]
    assert event["InputPathsMap"] == {"time": "$.time"}
    assert json.loads(event["InputTemplate"].replace("<time>", '"…"')).keys() == {"scheduled"}

    permission = plain.only("AWS::Lambda::Permission")
    assert permission == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": target["Arn"],
        "Principal": "events.amazonaws.com",
        "SourceArn": {"Fn::GetAtt": [name, "Arn"]},
    }


def test_without_jobs_nothing_waits_for_their_failures(unlocked: Synthesized) -> None:
    assert unlocked.of_type("AWS::Events::Rule") == []
    assert unlocked.of_type("AWS::Lambda::Permission") == []


def test_more_databases_with_jobs_than_fit_are_refused_with_both_ways_out(
    synthesize: Callable[..., Synthesized],
) -> None:
    assert MAX_DATABASES_WITH_JOBS >= 24
    too_many = databases(MAX_DATABASES_WITH_JOBS + 2)

    with pytest.raises(SettingsError) as caught:
        synthesize({"databases": too_many}, judged=False)

    said = str(caught.value)
    assert f'8 more of the {len(too_many)} databases have engine = "function"' in said
    assert "make deploy ARGS='-c settings_file=lifeboat.<name>.toml'" in said
    enough = databases(8, engine="function") + databases(len(too_many))[8:]
    synthesize({"databases": enough, "restore": {"enabled": False}}, judged=False)


def test_small_databases_alone_are_as_many_as_ever(synthesize: Callable[..., Synthesized]) -> None:
    small = databases(MAX_DATABASES, engine="function")
    stack = synthesize({"databases": small, "restore": {"enabled": False}}, judged=False)

    assert len(stack.body["Resources"]) <= 500


def test_stacks_for_groups_of_databases_share_no_name(
    synthesize: Callable[..., Synthesized],
) -> None:
    """That is how there are more databases than one stack holds."""
    named = ("FunctionName", "Name", "LogGroupName", "AlarmName", "DashboardName")

    def names(stack: Synthesized) -> set[str]:
        return {
            f"{each['Type']} {each['Properties'][key]}"
            for each in stack.body["Resources"].values()
            for key in named
            if isinstance(each["Properties"].get(key), str)
        }

    first, second = (
        synthesize({"databases": databases(2)}, name=name, judged=False)
        for name in ("Lifeboat", "Lifeboat-eu")
    )
    assert any("Lifeboat-backup-db-0-job" in each for each in names(first))
    assert len(names(first)) == len(names(second))
    assert not names(first) & names(second)
