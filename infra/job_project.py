"""The CodeBuild project of a function: it runs what does not fit into the function, as a job."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from infra.buildspec import BUILDSPEC, POSTGRES, PYTHON
from infra.function import FunctionSpec, variables_of
from infra.job_role import JobRole
from infra.role import FunctionRole
from infra.shared_resources import SharedResources
from lifeboat.model.engine import (
    IMAGES,
    QUEUED_HOURS,
    BuildVariable,
    ComputeName,
    Engine,
    project_of,
)
from lifeboat.settings import JobSettings
from lifeboat.settings.job import Work

LOG_PREFIX = "job"
"""With which the names of a job's streams begin in the log of its function."""

_TYPES = {"arm64": "ARM_CONTAINER", "x86_64": "LINUX_CONTAINER"}


@dataclass(frozen=True, kw_only=True)
class JobSources:
    """What a build unpacks: the same assets as its function's."""

    code: assets.Asset
    """The functions' own code; the build's directory."""

    postgres: assets.Asset
    """The layer with PostgreSQL's programs."""

    python: assets.Asset
    """The layer with the dependencies."""


class JobProject(Construct):
    """Builds that run the handler of one function, with its rights and in its log.

    A build is started by the function only, and nothing is kept of it but its log: it has no
    artifacts, no cache, no badge, no batch and no second try. It may wait for a machine as long as
    CodeBuild allows; several may run at once, since each run is a run of its own.

    Args:
        scope: parent construct.
        construct_id: its name there.
        function: whose runs they are.
        of: what that function does.
        work: which kind of run.
        job: the machine, and how long a build may have it.
        role: what that function may do.
        shared: what that function shares with others.
        sources: what a build unpacks.
    """

    def __init__(  # noqa: PLR0913  # each by its name
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        of: FunctionSpec,
        work: Work,
        job: JobSettings,
        role: FunctionRole,
        shared: SharedResources,
        sources: JobSources,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = project_of(of.name)
        own_role = JobRole(
            self,
            "Role",
            project=self.name,
            function=role,
            sources=(sources.code, sources.postgres, sources.python),
            network=shared.network,
        )
        variables = {
            **variables_of(of, shared),
            **_of_job(of, work, job, shared),
            "LIFEBOAT_FUNCTION_ARN": function.function_arn,
        }
        self.project = codebuild.CfnProject(
            self,
            "Project",
            name=self.name,
            description=f"Lifeboat: {of.purpose}, if that does not fit into a function",
            service_role=own_role.role_arn,
            source=_source(sources.code, BUILDSPEC),
            secondary_sources=[
                _source(sources.postgres, identifier=POSTGRES),
                _source(sources.python, identifier=PYTHON),
            ],
            artifacts=codebuild.CfnProject.ArtifactsProperty(type="NO_ARTIFACTS"),
            environment=_environment(job.compute(work), shared, variables),
            timeout_in_minutes=job.timeout_hours * 60,
            queued_timeout_in_minutes=QUEUED_HOURS * 60,
            logs_config=_into(role.log.log_group_name),
            vpc_config=_network(shared),
        )
        Validations.of(self.project).acknowledge(
            Acknowledgment(
                id="AwsSolutions-CB4",
                reason="The key is for artifacts and caches, and a job has neither. What it puts"
                " into the bucket is encrypted as what its function puts there.",
            )
        )


def _of_job(
    of: FunctionSpec, work: Work, job: JobSettings, shared: SharedResources
) -> dict[str, str]:
    """What tells the program which job it is; the event comes with the start of a build."""
    return {
        BuildVariable.WORK: work,
        BuildVariable.ENGINE: Engine.JOB,
        BuildVariable.SECONDS: str(job.timeout_hours * 3600),
        BuildVariable.MEMORY_MB: str(job.machine(work, shared.architecture).memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": of.name,
    }


def _source(
    asset: assets.Asset, buildspec: str | None = None, *, identifier: str | None = None
) -> codebuild.CfnProject.SourceProperty:
    return codebuild.CfnProject.SourceProperty(
        type="S3",
        location=f"{asset.s3_bucket_name}/{asset.s3_object_key}",
        build_spec=buildspec,
        source_identifier=identifier,
    )


def _environment(
    compute: ComputeName, shared: SharedResources, variables: Mapping[str, str]
) -> codebuild.CfnProject.EnvironmentProperty:
    return codebuild.CfnProject.EnvironmentProperty(
        type=_TYPES[shared.architecture],
        image=IMAGES[shared.architecture],
        image_pull_credentials_type="CODEBUILD",
        compute_type=f"BUILD_GENERAL1_{compute.upper()}",
        privileged_mode=False,
        environment_variables=[
            codebuild.CfnProject.EnvironmentVariableProperty(name=name, value=value)
            for name, value in variables.items()
        ],
    )


def _into(log: str) -> codebuild.CfnProject.LogsConfigProperty:
    """Into that log group only."""
    return codebuild.CfnProject.LogsConfigProperty(
        cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
            status="ENABLED", group_name=log, stream_name=LOG_PREFIX
        ),
        s3_logs=codebuild.CfnProject.S3LogsConfigProperty(status="DISABLED"),
    )


def _network(shared: SharedResources) -> codebuild.CfnProject.VpcConfigProperty | None:
    network = shared.network
    if network is None:
        return None
    return codebuild.CfnProject.VpcConfigProperty(
        vpc_id=network.vpc_id,
        subnets=list(network.subnet_ids),
        security_group_ids=list(network.security_group_ids),
    )
