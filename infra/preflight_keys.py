"""What the preflight asks KMS: whether the keys of the settings are there and may be used."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.preflight_error import PreflightError

if TYPE_CHECKING:
    from mypy_boto3_kms.type_defs import KeyMetadataTypeDef

PUBLISHERS = {
    "cloudwatch.amazonaws.com": "alarms",
    "events.amazonaws.com": "notifications of retrieved backups",
}
"""The services that publish to the topic without a role of ours, and what they notify of.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

SECRETS_OWN = "alias/aws/secretsmanager"
PARAMETERS_OWN = "alias/aws/ssm"


class Keys:
    """The KMS keys of one region, as these credentials see them."""

    def __init__(self, session: boto3.Session, region: str) -> None:
        self._client = session.client("kms", region_name=region)

    def is_among(self, named: str, allowed: tuple[str, ...]) -> bool:
        """Whether a key is one of those whose full ARNs are given.

        Args:
            named: as Secrets Manager or Parameter Store names it: "the key ID or alias ARN of the
                KMS key", or its ARN, whichever it was given (API_DescribeSecret).
            allowed: full ARNs.
        """
        name = named.rpartition(":")[2].removeprefix("key/")
        if name.startswith("alias/"):
            try:
                return self._client.describe_key(KeyId=named)["KeyMetadata"]["Arn"] in allowed
            except ClientError:
                # These credentials may not resolve it. What the settings name is trusted then.
                return bool(allowed)
        return any(arn.rpartition("/")[2] == name for arn in allowed)

    def topic_problems(self, key: str) -> Iterator[PreflightError]:
        """An alarm that may not use the topic's key notifies nobody, without an error."""
        try:
            policy = self._client.get_key_policy(KeyId=key)["Policy"]
        except ClientError as error:
            yield PreflightError(
                f"Reading the policy of the topic's key failed: {error}",
                todo=f"Set lifeboat.alerts.topic_key_arn to a key that exists, and allow "
                f"kms:GetKeyPolicy on {key}.",
            )
            return
        for service, what in PUBLISHERS.items():
            if service not in policy:
                yield PreflightError(
                    f"The topic's key, {key}, does not let {service} use it, so {what} would reach"
                    " nobody.",
                    todo="Add a statement to the key's policy that allows kms:Decrypt and "
                    f"kms:GenerateDataKey* to the service {service}: aws kms put-key-policy "
                    f"--key-id {key} --policy-name default --policy file://policy.json",
                )

    def bucket_problems(self, key: str) -> Iterator[PreflightError]:
        """A key that the bucket cannot use makes every backup fail."""
        try:
            found = self._client.describe_key(KeyId=key)["KeyMetadata"]
        except ClientError as error:
            yield PreflightError(
                f"Checking the backup bucket's key failed: {error}",
                todo="Set lifeboat.encryption to the ARN of a key that exists, and allow "
                f"kms:DescribeKey on {key}.",
            )
            return
        yield from _unusable(found, key)
        yield from self._not_by_iam(key)

    def _not_by_iam(self, key: str) -> Iterator[PreflightError]:
        """The functions use the key by their roles' policies, which its own policy has to allow.

        https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        """
        try:
            policy = self._client.get_key_policy(KeyId=key)["Policy"]
        except ClientError:
            return  # whoever deploys need not be allowed to read it
        account = key.split(":")[4]
        if f":iam::{account}:root" not in policy:
            yield PreflightError(
                f"The policy of the backup bucket's key, {key}, does not let IAM policies decide, "
                "so the functions' roles could not use it.",
                todo="Add the default statement to the key's policy, which allows kms:* to "
                f"arn:aws:iam::{account}:root: aws kms put-key-policy --key-id {key} "
                "--policy-name default --policy file://policy.json",
            )


def _unusable(found: "KeyMetadataTypeDef", key: str) -> Iterator[PreflightError]:
    state = found.get("KeyState", "Enabled")
    if state != "Enabled":
        fix = "aws kms cancel-key-deletion" if state == "PendingDeletion" else "aws kms enable-key"
        yield PreflightError(
            f"The backup bucket's key, {key}, is not enabled: its state is {state}.",
            todo=f"{fix} --key-id {key}; or set lifeboat.encryption to another key.",
        )
    if found.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        yield PreflightError(
            f"The backup bucket's key, {key}, is of kind {found.get('KeySpec')}; S3 encrypts with "
            "symmetric keys only.",
            todo="Set lifeboat.encryption to the ARN of a symmetric encryption key.",
        )


def answered[T](ask: Callable[[], Iterator[T]], what: str) -> Iterator[T | PreflightError | str]:
    """All that `ask` yields, and an error or note if it could not check everything.

    Args:
        ask: asks AWS.
        what: it checks.
    """
    try:
        yield from ask()
    except ClientError as error:
        # Whoever may deploy by the CDK's own roles need not be allowed to look at everything.
        yield f"Checking {what} failed: {error}"
    except BotoCoreError as error:
        yield PreflightError(
            f"Checking {what} failed, AWS did not answer: {error}",
            todo="Check the region, the network path to AWS (proxy, VPN) and the permissions of "
            "these credentials; then try again.",
        )
