"""What is watched, and who is told."""

from typing import Annotated

from pydantic import Field

from lifeboat.settings.fields import (
    Cron,
    EmailAddress,
    Frozen,
    KeyArn,
    Switch,
    may_be,
    once,
    whole_number,
)
from lifeboat.settings.secret_arns import SecretArn

_MAX_EMAILS = 10
"""Each is a resource of the stack; more people than that are better reached by a mailing list."""

_PERCENT = whole_number(1, 100, "percent")


class MonitorSettings(Frozen):
    """When the monitor looks at the vault, and at which limits it tells somebody."""

    cron: Cron = "15 * * * ? *"
    """When it looks: the fields of an AWS cron expression, in UTC."""

    max_age_hours: Annotated[int, *whole_number(1, 8784, "hours")] = 25
    """Hours that a database's newest backup may be old."""

    max_drill_age_days: Annotated[int, *whole_number(1, 400, "days")] = 35
    """Days that a database's last drill may be past."""

    shrink_percent: Annotated[int, *_PERCENT] = 50
    """By how much the archive or all rows together may fall below the median of the last 7."""

    table_loss_percent: Annotated[int, *_PERCENT] = 50
    """How much of its rows one table may lose from one backup to the next."""

    table_loss_rows: Annotated[int, *whole_number(1, 1_000_000_000, "rows")] = 100
    """Tables with fewer rows than that may lose any number of them."""

    unchanged_days: Annotated[int, *whole_number(1, 3650, "days")] = 7
    """Days without any change in the backups after which their source may be a stale copy."""

    forecast_days: Annotated[int, *whole_number(1, 365, "days")] = 30
    """How far growth is looked ahead for the day on which a limit will be hit."""

    history: Annotated[int, *whole_number(2, 365, "backups")] = 30
    """How many of a database's newest backups are read for medians and forecasts."""


class AlertSettings(Frozen):
    """Who is notified when something is wrong, and when it is resolved."""

    emails: Annotated[
        tuple[EmailAddress, ...],
        Field(max_length=_MAX_EMAILS),
        once("address"),
        may_be(f"a list of at most {_MAX_EMAILS} email addresses"),
    ] = ()
    """Subscribed to the topic; each gets a mail from AWS first and has to confirm it."""

    webhook_url_secret_arn: Annotated[SecretArn | None, may_be("the full ARN of a secret")] = None
    """Secret that holds an HTTPS URL to which the monitor's messages are posted as well."""

    webhook_url_secret_key_arn: Annotated[KeyArn | None, may_be("the ARN of a KMS key")] = None
    """KMS key of that secret if it is one of your own."""

    slack: Switch = False
    """Whether messages are in the JSON that Amazon Q Developer shows in Slack and Teams."""

    remind_hours: Annotated[int, *whole_number(1, 720, "hours")] = 24
    """Hours after which what is still critical is told again."""

    topic_key_arn: Annotated[KeyArn | None, may_be("the ARN of a KMS key")] = None
    """KMS key of the topic; its policy has to let cloudwatch.amazonaws.com use it."""
