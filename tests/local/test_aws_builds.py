"""Builds of the local AWS run their commands as CodeBuild's do."""

import json
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws
from local.subscriber import Subscriber
from tests.support.aws_helpers import allow, eventually, make_role
from tests.support.build_projects import make_project, project_arn, reason


def test_a_build_runs_its_commands_on_its_sources(aws: LocalAws) -> None:
    project = make_project(
        aws,
        "cat hello && $CODEBUILD_SRC_DIR_layer/bin/tool",
        'echo "$KEPT $(basename "$PWD")"',
        "python3 -c 'import sys; print(sys.version_info[:2])'",
        install=["KEPT=kept && mkdir deeper && cd deeper && touch here && cd .."],
        post_build=["ls deeper; echo $CODEBUILD_BUILD_SUCCEEDING"],
    )
    build = project.run()
    assert build["buildStatus"] == "SUCCEEDED"
    version = str(sys.version_info[:2])
    home = project.log(build["id"])[2].removeprefix("kept ")
    assert project.log(build["id"]) == [
        "hello", "from the tool", f"kept {home}", version, "here", "1",
    ]  # fmt: skip
    assert build["endTime"] > build["startTime"]
    assert project.phases(build["id"]) == dict.fromkeys(
        (
            "SUBMITTED",
            "QUEUED",
            "PROVISIONING",
            "DOWNLOAD_SOURCE",
            "INSTALL",
            "PRE_BUILD",
            "BUILD",
            "POST_BUILD",
            "UPLOAD_ARTIFACTS",
            "FINALIZING",
        ),
        "SUCCEEDED",
    ) | {"COMPLETED": ""}


def test_a_build_sees_codebuilds_variables_and_its_projects_and_nothing_of_the_host(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTS", "secret")
    project = make_project(aws, "env")
    override = [
        {"name": "LIFEBOAT_B", "value": "override"},
        {"name": "LIFEBOAT_EVENT", "value": '{"a": "b c"}'},
    ]
    build = project.run(environmentVariablesOverride=override)
    found = dict(line.split("=", 1) for line in project.log(build["id"]))
    assert found["LIFEBOAT_A"] == "project's"
    assert found["LIFEBOAT_B"] == "override"
    assert found["LIFEBOAT_EVENT"] == '{"a": "b c"}'
    assert found["CODEBUILD_BUILD_ID"] == build["id"]
    assert found["CODEBUILD_BUILD_ARN"] == build["arn"]
    assert found["CODEBUILD_SRC_DIR"] == found["PWD"]
    assert found["CODEBUILD_START_TIME"] == str(int(build["startTime"].timestamp() * 1000))
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == aws.region
    strange = {name for name in found if not name.startswith(("AWS_", "CODEBUILD_", "LIFEBOAT_"))}
    assert strange <= {"PATH", "HOME", "TMPDIR", "LC_CTYPE", "PWD", "OLDPWD", "SHLVL", "LD_PRELOAD"}
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & found.keys()
    for name in ("HOME", "TMPDIR"):
        assert not Path(found[name]).exists()


def test_a_build_acts_as_its_projects_role(aws: LocalAws) -> None:
    code = (
        "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])\n"
        "boto3.client('s3').list_buckets()\n"
    )
    project = make_project(aws, "python3 whoami.py", files={"whoami.py": code})
    packages = [each for each in sys.path if each.endswith("site-packages")]
    build = project.run(
        environmentVariablesOverride=[{"name": "PYTHONPATH", "value": ":".join(packages)}]
    )
    role = project.role.rpartition("/")[2]
    assert project.log(build["id"])[0] == (
        f"arn:aws:sts::{aws.account}:assumed-role/{role}/AWSCodeBuild-{build['id'][-36:]}"
    )
    assert "AccessDenied" in project.log(build["id"])[-1]
    assert build["buildStatus"] == "FAILED"


def test_a_role_that_may_not_read_the_source_fails_the_build(aws: LocalAws) -> None:
    project = make_project(aws, "echo never", without="s3:GetObject")
    build = project.run()
    assert build["buildStatus"] == "FAILED"
    status, code, message = reason(build, "DOWNLOAD_SOURCE")
    assert (status, code) == ("FAILED", "CLIENT_ERROR")
    assert "AccessDenied" in message
    assert message.endswith(
        f"for primary source and source version arn:aws:s3:::{project.bucket}/code.zip"
    )
    assert "BUILD" not in project.phases(build["id"])
    assert project.log(build["id"]) == []


def test_a_role_that_may_not_write_the_log_fails_the_build(aws: LocalAws) -> None:
    project = make_project(aws, "echo never", without="logs:CreateLogStream")
    build = project.run()
    status, code, message = reason(build, "PROVISIONING")
    assert (build["buildStatus"], status, code) == ("FAILED", "FAILED", "ACCESS_DENIED")
    assert "logs:CreateLogStream" in message


def test_a_right_on_the_streams_of_a_group_lets_a_build_write_its_log(aws: LocalAws) -> None:
    build = make_project(aws, "true").run()  # its role has it on log-group:<name>:*
    assert reason(build, "PROVISIONING")[0] == "SUCCEEDED"


def test_a_role_that_does_not_trust_this_project_starts_no_build(aws: LocalAws) -> None:
    other = {"StringEquals": {"aws:SourceArn": project_arn(aws, "other")}}
    project = make_project(aws, "echo never", trust=other)
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        project.start()


def test_starting_takes_the_right_to_start_this_project(aws: LocalAws) -> None:
    project, other = make_project(aws, "true"), make_project(aws, "true")
    role = make_role(aws, allow("codebuild:StartBuild", project_arn(aws, project.name)))
    client = aws.client("codebuild", role_arn=role)
    started = client.start_build(projectName=project.name)["build"]
    assert started["arn"] == (f"arn:aws:codebuild:{aws.region}:{aws.account}:build/{started['id']}")
    assert started["id"].startswith(f"{project.name}:")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.start_build(projectName=other.name)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.batch_get_builds(ids=[started["id"]])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.client("codebuild").start_build(projectName="nobodys")
    project.end(started["id"])


def test_a_right_on_a_project_is_one_on_its_builds_and_on_no_others(aws: LocalAws) -> None:
    project, other = make_project(aws, "true"), make_project(aws, "true")
    rights = ["codebuild:BatchGetBuilds", "codebuild:StopBuild"]
    role = make_role(aws, allow(rights, project_arn(aws, project.name)))
    client = aws.client("codebuild", role_arn=role)
    mine, others = project.run()["id"], other.run()["id"]
    (found,) = client.batch_get_builds(ids=[mine])["builds"]
    assert found["buildStatus"] == "SUCCEEDED"
    assert client.stop_build(id=mine)["build"]["buildStatus"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="AccessDenied"):
        client.batch_get_builds(ids=[others])
    with pytest.raises(ClientError, match="AccessDenied"):
        client.stop_build(id=others)


def test_a_command_that_fails_ends_its_phase_and_post_build_runs(aws: LocalAws) -> None:
    project = make_project(
        aws, "false || exit 3", "echo never", post_build=["echo $CODEBUILD_BUILD_SUCCEEDING"]
    )
    build = project.run()
    assert build["buildStatus"] == "FAILED"
    failed = "Error while executing command: false || exit 3. Reason: exit status 3"
    assert reason(build, "BUILD") == ("FAILED", "COMMAND_EXECUTION_ERROR", failed)
    assert project.phases(build["id"])["POST_BUILD"] == "SUCCEEDED"
    assert project.log(build["id"]) == ["0"]
    assert any(each.endswith("Phase complete: BUILD State: FAILED")
               for each in project.whole_log(build["id"]))  # fmt: skip


def test_nothing_follows_a_phase_before_build_that_fails(aws: LocalAws) -> None:
    project = make_project(aws, "echo never", pre_build=["false"], post_build=["echo never"])
    build = project.run()
    assert build["buildStatus"] == "FAILED"
    assert [*project.phases(build["id"])][-3:] == ["PRE_BUILD", "FINALIZING", "COMPLETED"]
    assert project.log(build["id"]) == []


def test_a_buildspec_that_this_aws_cannot_run_fails_the_build(aws: LocalAws) -> None:
    project = make_project(aws, "true", deploy=["true"])
    build = project.run()
    assert reason(build, "DOWNLOAD_SOURCE")[:2] == ("FAILED", "YAML_FILE_ERROR")


def test_a_line_is_in_the_log_while_its_build_runs(aws: LocalAws, tmp_path: Path) -> None:
    until = tmp_path / "until"
    event = json.dumps({"level": "info", "text": "ü: 'quoted'"}, ensure_ascii=False)
    waits = f"while [ ! -e {until} ]; do sleep 0.02; done"
    project = make_project(aws, "cat event", waits, "printf ended", files={"event": f"{event}\n"})
    build = project.start()
    assert eventually(lambda: project.log(build) == [event])
    running = project.look(build)
    assert (running["buildStatus"], running["currentPhase"]) == ("IN_PROGRESS", "BUILD")
    assert running["logs"]["groupName"] == f"/jobs/{project.name}"
    until.touch()
    project.end(build)
    assert project.log(build) == [event, "ended"]
    said = [each.split(" ", 3)[3] for each in project.whole_log(build) if "Running" in each]
    assert said == [f"Running command {each}" for each in ("cat event", waits, "printf ended")]


def test_a_rule_hears_of_a_builds_begin_and_end(aws: LocalAws) -> None:
    project = make_project(aws, "false")
    topic = aws.client("sns").create_topic(Name=project.name)["TopicArn"]
    hears = Subscriber.of(aws, topic)
    pattern = {
        "source": ["aws.codebuild"],
        "detail-type": ["CodeBuild Build State Change"],
        "detail": {"project-name": [project.name], "build-status": ["IN_PROGRESS", "FAILED"]},
    }
    events = aws.client("events")
    events.put_rule(Name=project.name, EventPattern=json.dumps(pattern))
    transformer = {
        "InputPathsMap": {"status": "$.detail.build-status", "build": "$.detail.build-id"},
        "InputTemplate": '"<build> is <status>"',
    }
    target = {"Id": "Topic", "Arn": topic, "InputTransformer": transformer}
    events.put_targets(Rule=project.name, Targets=[target])
    arn = project.run()["arn"]
    heard: list[str] = []

    def both() -> bool:
        heard.extend(each["Message"] for each in hears.arrived(1))
        return len(heard) > 1

    assert eventually(both)
    assert heard == [f'"{arn} is IN_PROGRESS"', f'"{arn} is FAILED"']
