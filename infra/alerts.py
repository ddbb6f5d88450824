"""The SNS topic for all notifications, and its subscribers."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.names import alarm_name
from lifeboat.settings import AlertSettings


class Alerts(Construct):
    """An SNS topic to which the stack's alarms and functions publish, and nobody else.

    The functions do so by the policies of their roles. A topic's own policy replaces the one that
    SNS would give it, so alarms, which have no role, are let in by name.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: who subscribes, and with which key messages are encrypted.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: AlertSettings) -> None:
        super().__init__(scope, construct_id)
        self.key = (
            kms.Key.from_key_arn(self, "Key", settings.topic_key_arn)
            if settings.topic_key_arn
            else None
        )
        # Without a key of one's own messages lie unencrypted in SNS for the moments they are there:
        # alarms cannot publish to a topic that uses SNS's own key. They hold names and figures.
        self.topic = sns.Topic(
            self,
            "Topic",
            display_name=Stack.of(self).stack_name,
            master_key=self.key,
            enforce_ssl=True,
        )
        self.topic.add_to_resource_policy(_alarms_may_publish(self, self.topic))
        for email in settings.emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))


def _alarms_may_publish(scope: Construct, topic: sns.Topic) -> iam.PolicyStatement:
    """Let in the stack's alarms, but no other account's.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    stack = Stack.of(scope)
    return iam.PolicyStatement(
        sid="AllowAlarmsPublish",
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={
            "StringEquals": {"aws:SourceAccount": stack.account},
            "ArnLike": {
                "aws:SourceArn": stack.format_arn(
                    service="cloudwatch",
                    resource="alarm",
                    resource_name=alarm_name(scope, "*"),
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            },
        },
    )
