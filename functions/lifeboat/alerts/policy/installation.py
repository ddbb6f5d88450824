"""Which installation sends a message: staging and production would look the same otherwise."""

from dataclasses import dataclass, field

from lifeboat.model.commands import Commands
from lifeboat.settings import AlertSettings


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One deployed stack.

    Attributes:
        stack: its name.
        account: the AWS account's 12 digits; "" if they are unknown.
        region: where it runs, such as eu-central-1.
        bucket: the name of its bucket.
        alerts: the settings of its notifications.
    """

    stack: str
    account: str
    region: str
    bucket: str
    alerts: AlertSettings = field(default_factory=AlertSettings)

    @property
    def commands(self) -> Commands:
        """The commands that act on it, whatever region a shell is set to."""
        return Commands(bucket_name=self.bucket, stack=self.stack, region=self.region)

    @property
    def place(self) -> str:
        """Account and region, in short: 123456789012 eu-central-1."""
        return f"{self.account} {self.region}".strip()

    @property
    def sentence(self) -> str:
        """The same in full: account, region and stack."""
        account = f"Account {self.account}, region" if self.account else "Region"
        return f"{account} {self.region}, stack {self.stack}."


def account_of(arn: str) -> str:
    """The 12 digits of the account in an ARN, such as that of the invoked function."""
    return arn.split(":")[4]
