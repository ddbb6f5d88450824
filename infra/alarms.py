"""Alarms: the stack's bells, hung up."""

from collections.abc import Iterable

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from infra.alerts import Alerts
from infra.bells import Bell
from infra.names import alarm_name

_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


class Alarms(Construct):
    """Alarms that tell when something becomes wrong, and when it is right again.

    Args:
        scope: parent construct.
        construct_id: its name there.
        bells: what rings when.
        database: whose they are; None: nobody's in particular.
        alerts: where they are heard.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bells: Iterable[Bell],
        database: str | None = None,
        alerts: Alerts,
    ) -> None:
        super().__init__(scope, construct_id)
        self.alarms = [self._hang(bell, database) for bell in bells]
        heard = actions.SnsAction(alerts.topic)
        for alarm in self.alarms:
            alarm.add_alarm_action(heard)
            alarm.add_ok_action(heard)

    def _hang(self, bell: Bell, database: str | None) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            bell.what,
            alarm_name=alarm_name(self, bell.what, database),
            alarm_description=f"{bell.happened}\nSafe: {bell.safe}\nNext: {bell.todo}",
            metric=bell.metric,
            threshold=bell.limit,
            comparison_operator=_BELOW if bell.below else _ABOVE,
            evaluation_periods=bell.periods,
            treat_missing_data=bell.missing,
        )
