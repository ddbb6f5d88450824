"""Settings of the monitor and of notifications."""

from typing import Annotated

from pydantic import Field

from lifeboat.settings.fields import (
    Cron,
    EmailAddress,
    KeyArn,
    SettingsModel,
    Switch,
    ZoneName,
    expects,
    int_range,
    matching,
    unique,
)
from lifeboat.settings.secret_arns import SecretArn

_MAX_EMAILS = 10
"""Each is a resource of the stack. For more people, use a mailing list."""

_PERCENT = int_range(1, 100, "percent")


class MonitorSettings(SettingsModel):
    """When the monitor checks the bucket, and the limits at which it notifies people."""

    cron: Cron = "15 * * * ? *"
    """When it runs: the fields of an AWS cron expression, in UTC."""

    max_age_hours: Annotated[int, *int_range(1, 8784, "hours")] = 25
    """The highest allowed age of a database's newest backup, in hours."""

    max_drill_age_days: Annotated[int, *int_range(1, 400, "days")] = 35
    """The highest allowed age of a database's last drill, in days."""

    shrink_percent: Annotated[int, *_PERCENT] = 50
    """By how much the archive or all rows together may fall below the median of the last 7."""

    table_loss_percent: Annotated[int, *_PERCENT] = 50
    """How much of its rows one table may lose from one backup to the next."""

    table_loss_rows: Annotated[int, *int_range(1, 1_000_000_000, "rows")] = 100
    """Tables with fewer rows than that may lose any number of them."""

    unchanged_days: Annotated[int, *int_range(1, 3650, "days")] = 7
    """Days without any change in the backups after which their source may be a stale copy."""

    forecast_days: Annotated[int, *int_range(1, 365, "days")] = 30
    """Days ahead for which growth is forecast: would it reach a limit?"""

    history: Annotated[int, *int_range(2, 365, "backups")] = 30
    """How many of a database's newest backups are used for medians and forecasts."""


class AlertSettings(SettingsModel):
    """Who is notified when something is wrong, and when it is resolved."""

    emails: Annotated[
        tuple[EmailAddress, ...],
        Field(max_length=_MAX_EMAILS),
        unique("address"),
        expects(f"a list of at most {_MAX_EMAILS} email addresses"),
    ] = ()
    """Subscribed to the topic. AWS first sends each an email, which they must confirm."""

    webhook_url_secret_arn: Annotated[SecretArn | None, expects("the full ARN of a secret")] = None
    """Secret with an HTTPS URL to which the monitor also posts its messages."""

    webhook_url_secret_key_arn: Annotated[KeyArn | None, expects("the ARN of a KMS key")] = None
    """KMS key of that secret, if it is your own key."""

    slack: Switch = False
    """Whether messages are JSON that Amazon Q Developer shows in Slack and Teams."""

    remind_hours: Annotated[int, *int_range(1, 720, "hours")] = 24
    """Hours after which people are reminded of what is still critical."""

    timezone: ZoneName = "UTC"
    """IANA time zone in which messages also say times, beside UTC."""

    runbook_url: Annotated[
        str | None,
        matching(r"https://[!-~]{1,500}"),
        expects("the https:// URL of the folder that has alarms.md"),
    ] = None
    """Where people read docs/runbooks in a browser; messages link to its alarms.md."""

    digest: Annotated[
        str,
        matching(r"off|(MON|TUE|WED|THU|FRI|SAT|SUN) ([01][0-9]|2[0-3]):[0-5][0-9]"),
        expects("a day and a time in alerts.timezone such as 'MON 08:00', or 'off'"),
    ] = "MON 08:00"
    """When people get the weekly digest, which also shows that messages arrive."""

    heartbeat_url_secret_arn: Annotated[SecretArn | None, expects("the full ARN of a secret")] = (
        None
    )
    """Secret with the HTTPS URL of a watcher elsewhere, requested after each complete check."""

    heartbeat_url_secret_key_arn: Annotated[KeyArn | None, expects("the ARN of a KMS key")] = None
    """KMS key of that secret, if it is your own key."""

    topic_key_arn: Annotated[KeyArn | None, expects("the ARN of a KMS key")] = None
    """KMS key of the topic; its policy must let cloudwatch.amazonaws.com use it."""

    @property
    def url_secret_arns(self) -> tuple[str | None, ...]:
        """The secrets with URLs: of the webhook, and of the heartbeat."""
        return self.webhook_url_secret_arn, self.heartbeat_url_secret_arn
