"""When a function runs."""

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.backup_function import BackupFunction
from lifeboat.settings import DatabaseSettings

DELIVERY_HOURS = 4
"""For so long a run that could not be delivered is tried again; late is better than never."""


class Schedule(Construct):
    """Invokes one database's backup function at the times of its cron.

    The event holds the scheduled time, which is the identity of the run: EventBridge Scheduler
    delivers at least once, so the function has to recognise a second delivery.

    Args:
        scope: parent construct.
        construct_id: its name there.
        database: whose cron and time zone it is.
        backup: what is invoked; the schedule gets its name.
        dead_letters: gets the events that could not be delivered.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: DatabaseSettings,
        backup: BackupFunction,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        role = _invoking_role(self, function=backup.function, dead_letters=dead_letters)
        target = targets.LambdaInvoke(
            backup.function,
            # The CDK's own grant adds every version and alias of the function to what is needed.
            role=role.without_policy_updates(),
            input=scheduler.ScheduleTargetInput.from_object(
                {
                    "database": database.name,
                    "scheduled": scheduler.ContextAttribute.scheduled_time,
                }
            ),
            dead_letter_queue=dead_letters,
            max_event_age=Duration.hours(DELIVERY_HOURS),
            retry_attempts=185,
        )
        self.schedule = scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=backup.name,
            description=f"Lifeboat: when {database.name} is backed up",
            schedule=scheduler.ScheduleExpression.expression(
                f"cron({database.cron})", TimeZone.of(database.timezone)
            ),
            time_window=scheduler.TimeWindow.off(),
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
            sid="InvokeItsFunction",
            actions=["lambda:InvokeFunction"],
            resources=[function.function_arn],
        ),
        iam.PolicyStatement(
            sid="ReportWhatCouldNotBeDelivered",
            actions=["sqs:SendMessage"],
            resources=[dead_letters.queue_arn],
        ),
    ]
    return iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com",
            # Against the confused deputy: another account's schedule cannot borrow this role.
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account, "aws:SourceArn": group}
            },
        ),
        inline_policies={"Deliver": iam.PolicyDocument(statements=statements)},
    )
