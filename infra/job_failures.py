"""The monitor looks at once when a job has failed."""

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lifeboat.model.commands import function_name

_ENDED_BADLY = ["FAILED", "FAULT", "TIMED_OUT", "STOPPED"]


class JobFailures(Construct):
    """A rule that invokes the monitor when a build of the stack's projects has failed.

    It knows the projects by how their names begin: all names would be too long for a pattern of
    2048 characters. For a like-named project of somebody else there is a check too many.
    A run notifies people of its own failure. One that was killed, or never began, can't: the
    monitor, which asks CodeBuild, would find it within its hour.
    https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html

    Args:
        scope: parent construct.
        construct_id: its name there.
        monitor: the function.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        monitor: lambda_.Function,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self).stack_name
        prefixes = [function_name(stack, work) for work in ("backup", "drill", "restore")]
        rule = events.CfnRule(
            self,
            "Rule",
            description="Lifeboat: a job failed, so the monitor checks at once",
            event_pattern={
                "source": ["aws.codebuild"],
                "detail-type": ["CodeBuild Build State Change"],
                "detail": {
                    "build-status": _ENDED_BADLY,
                    "project-name": [{"prefix": f"{each}-"} for each in prefixes],
                },
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="Monitor",
                    arn=monitor.function_arn,
                    # The event of the monitor's own schedule: nobody waits for an answer.
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map={"time": "$.time"},
                        input_template='{"scheduled": <time>}',
                    ),
                )
            ],
        )
        lambda_.CfnPermission(
            self,
            "MayInvoke",
            action="lambda:InvokeFunction",
            function_name=monitor.function_arn,
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
        )
