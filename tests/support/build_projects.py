"""A build project of the local AWS that CloudFormation makes, for tests of builds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from local.aws import LocalAws
from tests.support.aws_helpers import allow, eventually, zip_of

SERVICE = "codebuild.amazonaws.com"


@dataclass(frozen=True)
class Project:
    """A project that CloudFormation made, with two sources.

    Attributes:
        role: its service role, by ARN.
        bucket: of its sources.
    """

    aws: LocalAws
    name: str
    role: str
    bucket: str

    def start(self, **more: Any) -> str:
        started = self.aws.client("codebuild").start_build(projectName=self.name, **more)["build"]
        assert started["buildStatus"] == "IN_PROGRESS"
        identifier: str = started["id"]
        return identifier

    def look(self, build: str) -> dict[str, Any]:
        (found,) = self.aws.client("codebuild").batch_get_builds(ids=[build])["builds"]
        return dict(found)

    def phases(self, build: str) -> dict[str, str]:
        return {
            each["phaseType"]: each.get("phaseStatus", "") for each in self.look(build)["phases"]
        }

    def run(self, **more: Any) -> dict[str, Any]:
        return self.end(self.start(**more))

    def end(self, build: str) -> dict[str, Any]:
        """The build, when it has ended."""
        assert eventually(lambda: self.look(build)["buildComplete"])
        return self.look(build)

    def log(self, build: str) -> list[str]:
        """What it has written, without CodeBuild's own lines."""
        return [each for each in self.whole_log(build) if not each.startswith("[Container] ")]

    def whole_log(self, build: str) -> list[str]:
        logs = self.aws.client("logs")
        try:
            found = logs.get_log_events(
                logGroupName=f"/jobs/{self.name}",
                logStreamName=f"backup/{build.rpartition(':')[2]}",
                startFromHead=True,
            )
        except logs.exceptions.ResourceNotFoundException:
            return []
        assert all(each["message"].endswith("\n") for each in found["events"])
        return [each["message"].removesuffix("\n") for each in found["events"]]


def _buildspec(*commands: str, **phases: list[str]) -> dict[str, Any]:
    found = {name: {"commands": each} for name, each in (phases | {"build": [*commands]}).items()}
    return {"version": "0.2", "phases": found}


def make_project(
    aws: LocalAws,
    *commands: str,
    files: Mapping[str, str] | None = None,
    without: str = "",
    trust: Mapping[str, object] | None = None,
    compute: str = "BUILD_GENERAL1_SMALL",
    minutes: int = 60,
    queued: int = 480,
    **phases: list[str],
) -> Project:
    """Deploy a project; its role may write its log and read its sources, `without` one of these."""
    name = f"project-{uuid4().hex[:8]}"
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="code.zip", Body=zip_of(files or {"hello": "hello\n"}))
    tool = {"bin/tool": "#!/bin/sh\necho from the tool\n"}
    layer = zip_of(tool, {"bin/tool": 0o100755})
    s3.put_object(Bucket=name, Key="layer.zip", Body=layer)
    rights = [
        allow("s3:GetObject", f"arn:aws:s3:::{name}/*"),
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            f"arn:aws:logs:{aws.region}:{aws.account}:log-group:/jobs/{name}:*",
        ),
    ]
    own = {"StringEquals": {"aws:SourceArn": project_arn(aws, name)}}
    trusted = {
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "sts:AssumeRole",
        "Condition": trust or own,
    }
    source = {"Type": "S3", "Location": f"{name}/code.zip"}
    second = {"Type": "S3", "Location": f"{name}/layer.zip", "SourceIdentifier": "layer"}
    properties = {
        "Name": name,
        "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]},
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "Source": source | {"BuildSpec": json.dumps(_buildspec(*commands, **phases), indent=2)},
        "SecondarySources": [second],
        "Environment": {
            "Type": "LINUX_CONTAINER",
            "Image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "ComputeType": compute,
            "EnvironmentVariables": [
                {"Name": "LIFEBOAT_A", "Value": "project's"},
                {"Name": "LIFEBOAT_B", "Value": "project's"},
            ],
        },
        "TimeoutInMinutes": minutes,
        "QueuedTimeoutInMinutes": queued,
        "LogsConfig": {
            "CloudWatchLogs": {
                "Status": "ENABLED",
                "GroupName": {"Ref": "Log"},
                "StreamName": "backup",
            }
        },
    }
    policy = {
        "Statement": [each for each in rights if without not in each["Action"] or not without]
    }
    resources = {
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/jobs/{name}"}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusted]},
                "Policies": [
                    {
                        "PolicyName": "p",
                        "PolicyDocument": {"Version": "2012-10-17", **policy},
                    }
                ],
            },
        },
        "Project": {"Type": "AWS::CodeBuild::Project", "Properties": properties},
    }
    outputs = {"Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}}
    formation = aws.client("cloudformation")
    template = json.dumps({"Resources": resources, "Outputs": outputs})
    formation.create_stack(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    formation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )
    (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
    return Project(aws, name, stack["Outputs"][0]["OutputValue"], name)


def project_arn(aws: LocalAws, project: str) -> str:
    return f"arn:aws:codebuild:{aws.region}:{aws.account}:project/{project}"


def reason(build: Mapping[str, Any], phase: str) -> tuple[str, str, str]:
    """The phase's status and the code and message of its context."""
    (found,) = [each for each in build["phases"] if each["phaseType"] == phase]
    (context,) = found["contexts"]
    return found["phaseStatus"], context["statusCode"], context["message"]
