"""The function that restores backups, and the notification of retrieved archives."""

import json

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.function import FunctionSpec, LifeboatFunction, settings_variable
from infra.function_settings import restore_settings
from infra.job_project import JobProject, JobSources
from infra.names import function_name
from infra.restore_role import RestoreRole
from infra.shared_resources import Log, SharedResources
from lifeboat.model.engine import project_of
from lifeboat.settings import Settings


class RestoreFunction(Construct):
    """A function that restores, for all databases, when a person with the right to asks it.

    Nothing else invokes it: it has no schedule, no event source and no resource policy.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with all databases.
        shared: with the layers of PostgreSQL's client programs and of the Python dependencies.
        sources: what its jobs unpack; None if no database has jobs.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        shared: SharedResources,
        sources: JobSources | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = function_name(self, "restore")
        log = Log(self, "Log", function=self.name)
        spec = FunctionSpec(
            name=self.name,
            purpose="restores backups, on demand only",
            module="restore",
            size=settings.restore,
            settings=_as_variable(settings),
        )
        role = RestoreRole(
            self,
            "Role",
            settings=settings,
            shared=shared,
            log=log,
            project=project_of(self.name) if sources else None,
        )
        self.function = LifeboatFunction(self, "Function", spec=spec, shared=shared, role=role)
        if sources:
            self.job = JobProject(
                self,
                "Job",
                function=self.function,
                of=spec,
                work="restore",
                job=settings.job,
                role=role,
                shared=shared,
                sources=sources,
            )
        _notify_of_thaws(self, shared, slack=settings.alerts.slack)


_THAWED = (
    "Lifeboat: an archived backup is available",
    "<key> has been retrieved from Glacier and can be restored until <until>.",
    "What to do: continue with docs/runbooks/archived-backup.md, section Thaw it.",
)
"""The notification of a thaw: subject, what happened, what to do next."""


def _as_lines() -> str:
    """For an email: EventBridge takes text as lines, each between quotes."""
    return "\n".join(f'"{line}"' for line in _THAWED)


def _as_custom_schema() -> str:
    """For Slack and Teams: Amazon Q Developer shows no message of another form.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
    """
    title, happened, todo = _THAWED
    content = {
        "textType": "client-markdown",
        "title": title,
        "description": happened,
        "nextSteps": [todo],
    }
    return json.dumps({"version": "1.0", "source": "custom", "content": content})


def _notify_of_thaws(scope: Construct, shared: SharedResources, *, slack: bool) -> None:
    """Notify the topic when S3 has retrieved something in the bucket from Glacier.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    topic = shared.alerts.topic
    bucket = shared.bucket.s3_bucket.bucket_name
    rule = events.CfnRule(
        scope,
        "Thawed",
        description="Lifeboat: an archived backup is available",
        event_pattern={
            "source": ["aws.s3"],
            "detail-type": ["Object Restore Completed"],
            "detail": {"bucket": {"name": [bucket]}},
        },
        targets=[
            events.CfnRule.TargetProperty(
                id="Topic",
                arn=topic.topic_arn,
                input_transformer=events.CfnRule.InputTransformerProperty(
                    input_paths_map={
                        "key": "$.detail.object.key",
                        "until": "$.detail.restore-expiry-time",
                    },
                    input_template=_as_custom_schema() if slack else _as_lines(),
                ),
            )
        ],
    )
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AllowEventBridgePublish",
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
        )
    )


def _as_variable(settings: Settings) -> str:
    return settings_variable(
        restore_settings(settings),
        whose="the restore function",
        todo="Use shorter names of databases and secrets, or a second stack for some:"
        " make deploy ARGS='-c settings_file=lifeboat.<name>.toml'; or set restore.enabled to"
        " false and restore manually.",
    )
