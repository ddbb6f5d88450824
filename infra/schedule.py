"""When a function runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

DELIVERY_HOURS = 4
"""Hours for which EventBridge Scheduler retries an event that it could not deliver."""

SPREAD = Duration.minutes(15)
"""Runs of several databases start within this time of their schedule. If all started in the same
minute, a new account's concurrency of 10 would throttle them. The scheduled time, and so a backup's
key and tier, stays that of the cron; a run of 15 minutes ends within the monitor's hour.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html
"""

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""What EventBridge Scheduler replaces with the time for which a run was scheduled.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
"""


@dataclass(frozen=True, kw_only=True)
class ScheduleSpec:
    """When a function is invoked, and with what."""

    cron: str
    """The fields of an AWS cron expression."""

    timezone: str = "UTC"
    """The IANA time zone of the cron."""

    event: Mapping[str, str]
    """The function's event."""

    purpose: str
    """A few words, for the console."""

    spread: bool = False
    """Whether it may start somewhat later, because others have the same schedule."""


class Schedule(Construct):
    """Invokes a function at the times of a cron.

    EventBridge Scheduler delivers at least once, so a function must accept a second delivery.

    Args:
        scope: parent construct.
        construct_id: its name there.
        name: of the schedule: its function's.
        spec: when, and with which event.
        function: what is invoked.
        dead_letters: gets the events that could not be delivered.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        spec: ScheduleSpec,
        function: lambda_.Function,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        role = _invoking_role(self, function=function, dead_letters=dead_letters)
        target = targets.LambdaInvoke(
            function,
            # The CDK's own grant adds every version and alias of the function to what is needed.
            role=role.without_policy_updates(),
            input=scheduler.ScheduleTargetInput.from_object(dict(spec.event)),
            dead_letter_queue=dead_letters,
            max_event_age=Duration.hours(DELIVERY_HOURS),
            retry_attempts=185,
        )
        self.schedule = scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=name,
            description=f"Lifeboat: {spec.purpose}",
            schedule=scheduler.ScheduleExpression.expression(
                f"cron({spec.cron})", TimeZone.of(spec.timezone)
            ),
            time_window=(
                scheduler.TimeWindow.flexible(SPREAD) if spec.spread else scheduler.TimeWindow.off()
            ),
            target=target,
        )


def _invoking_role(
    scope: Construct, *, function: lambda_.Function, dead_letters: sqs.Queue
) -> iam.Role:
    stack = Stack.of(scope)
    group = stack.format_arn(
        service="scheduler", resource="schedule-group", resource_name="default"
    )
    statements = [
        iam.PolicyStatement(
            sid="InvokeFunction",
            actions=["lambda:InvokeFunction"],
            resources=[function.function_arn],
        ),
        iam.PolicyStatement(
            sid="SendToDeadLetterQueue",
            actions=["sqs:SendMessage"],
            resources=[dead_letters.queue_arn],
        ),
    ]
    return iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com",
            # Against the confused deputy: another account's schedule cannot use this role.
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account, "aws:SourceArn": group}
            },
        ),
        inline_policies={"Deliver": iam.PolicyDocument(statements=statements)},
    )
