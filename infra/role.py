"""What all functions' roles have in common, statement by statement.

The CDK's own grants allow more than is needed, so every statement is written out, and each
wildcard has a reason: a synth with any other fails.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from aws_cdk import Acknowledgment, CfnElement, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.backup_bucket import BackupBucket
from infra.names import function_arn
from infra.shared_resources import Log, SharedResources
from lifeboat.model.attempt import AttemptKind
from lifeboat.model.keys import attempt_key, claims_prefix
from lifeboat.settings.secret_arns import is_parameter

READ = ("kms:Decrypt",)
WRITE = ("kms:GenerateDataKey", "kms:Decrypt")
"""A multipart upload decrypts the parts' data key when it is completed."""


class FunctionRole(iam.Role):
    """A role for one function: the given statements, its log, and notifications if it sends any.

    Args:
        scope: parent construct.
        construct_id: its name there.
        shared: with the topic, and the network if there is one.
        log: the function's log.
        statements: what else it may do.
        wildcard_reasons: by pattern of keys in `statements`, the reason for its wildcard.
        project: the CodeBuild project to which the function may hand a run over, if it has one.
        notifies: whether the function notifies people itself.
    """

    def __init__(  # noqa: PLR0913  # each by its name
        self,
        scope: Construct,
        construct_id: str,
        *,
        shared: SharedResources,
        log: Log,
        statements: Iterable[iam.PolicyStatement],
        wildcard_reasons: Mapping[str, str],
        project: str | None = None,
        notifies: bool = True,
    ) -> None:
        stack = Stack.of(scope)
        publish = _publish(shared, stack) if notifies else ()
        self.work = [*statements, *publish, _write_logs(log)]
        """What it may do for its work, which the role of its job may do too."""
        allowed = list(self.work)
        if project:
            allowed.append(_start_build(stack, project))
        if shared.network:
            allowed += _manage_network_interfaces(stack, log.function)
        super().__init__(
            scope,
            construct_id,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Function": iam.PolicyDocument(statements=allowed)},
        )
        self.log = log
        """Where the function logs."""
        self.project = project
        """The CodeBuild project of its jobs; None if it has none."""
        self.reasons = {
            _as_found(shared.bucket, keys): reason for keys, reason in wildcard_reasons.items()
        }
        """By resource, why there is a wildcard in it."""
        network = {"*": "Lambda's network interfaces have no name"} if shared.network else {}
        give_reasons(self, self.reasons | network)


def give_reasons(role: iam.Role, reasons: Mapping[str, str]) -> None:
    """Tell cdk-nag why there are wildcards in a role's resources.

    Args:
        role: with the wildcards.
        reasons: by resource, as cdk-nag names it in its findings.
    """
    Validations.of(role).acknowledge(
        *(
            Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason)
            for resource, reason in reasons.items()
        )
    )


def on_objects(
    sid: str, bucket: BackupBucket, *, actions: Iterable[str], keys: Iterable[str]
) -> iam.PolicyStatement:
    """Actions on all objects in the bucket whose keys match one of `keys`."""
    return iam.PolicyStatement(
        sid=sid,
        actions=list(actions),
        resources=[bucket.s3_bucket.arn_for_objects(pattern) for pattern in keys],
    )


def lock_reports(
    sid: str, bucket: BackupBucket, object_lock: str, keys: Iterable[str], days: int
) -> Iterator[iam.PolicyStatement]:
    """Locks of the settings' own mode, and no longer than such a report is kept; none if it is off.

    A lock in compliance mode for a hundred years, which S3 would take, could be undone by nobody.
    """
    if object_lock == "off":
        return
    lock = on_objects(sid, bucket, actions=["s3:PutObjectRetention"], keys=keys)
    lock.add_condition("StringEquals", {"s3:object-lock-mode": object_lock.upper()})
    lock.add_condition(
        "NumericLessThanEquals", {"s3:object-lock-remaining-retention-days": str(days)}
    )
    yield lock


def record_attempts(
    bucket: BackupBucket, kind: AttemptKind, *databases: str
) -> Iterator[iam.PolicyStatement]:
    """Recording the runs of these databases, and claiming an hour's notification."""
    yield on_objects(
        "WriteAttempts",
        bucket,
        actions=["s3:PutObject"],
        keys=[attempt_key(each, kind) for each in databases],
    )
    yield on_objects(
        "ClaimNotifications", bucket, actions=["s3:PutObject"], keys=[f"{claims_prefix(kind)}*"]
    )


def claim_reasons(kind: AttemptKind) -> dict[str, str]:
    """The reason for the wildcard in `record_attempts`."""
    return {
        f"{claims_prefix(kind)}*": "One key for each hour decides which function notifies people,"
        " and the hours are not known beforehand"
    }


def list_prefixes(sid: str, bucket: BackupBucket, prefixes: Iterable[str]) -> iam.PolicyStatement:
    """Listing the keys that begin with one of the prefixes, and no others."""
    return iam.PolicyStatement(
        sid=sid,
        actions=["s3:ListBucket"],
        resources=[bucket.s3_bucket.bucket_arn],
        conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
    )


def use_bucket_key(
    bucket: BackupBucket, stack: Stack, *, actions: Iterable[str]
) -> Iterator[iam.PolicyStatement]:
    """The use of the bucket's own KMS key, if it has one, through S3 only.

    S3 never re-encrypts objects, so older ones still need the keys of earlier settings.
    """
    if bucket.key:
        yield _through("UseBucketKey", "s3", [bucket.key.key_arn], stack, actions=actions)
    if bucket.former_keys:
        yield _through("DecryptWithFormerKeys", "s3", [*bucket.former_keys], stack, actions=READ)


def read_secrets(
    sid: str, secrets: Iterable[str], keys: Iterable[str], stack: Stack
) -> Iterator[iam.PolicyStatement]:
    """Reading these secrets and parameters, and the use of their KMS keys for that only.

    AWS's own keys need no statement: they let the whole account decrypt through the service
    (services-parameter-store.html in KMS's developer guide).
    """
    arns, key_arns = list(secrets), list(keys)
    parameters = [arn for arn in arns if is_parameter(arn)]
    kept = [arn for arn in arns if not is_parameter(arn)]
    yield from _read(_SECRETS, sid, kept, key_arns, stack)
    yield from _read(_PARAMETERS, f"{sid}InParameterStore", parameters, key_arns, stack)


@dataclass(frozen=True)
class _SecretService:
    """A service that stores secrets.

    Attributes:
        service: its name in ARNs and hosts.
        read: the action that reads one.
        context: the key of the secret's ARN in KMS's encryption context.
    """

    service: str
    read: str
    context: str


_SECRETS = _SecretService("secretsmanager", "secretsmanager:GetSecretValue", "SecretARN")
_PARAMETERS = _SecretService("ssm", "ssm:GetParameter", "PARAMETER_ARN")


def _read(
    keeper: _SecretService, sid: str, arns: list[str], keys: list[str], stack: Stack
) -> Iterator[iam.PolicyStatement]:
    if not arns:
        return
    yield iam.PolicyStatement(sid=f"Read{sid}", actions=[keeper.read], resources=arns)
    if keys:
        context = f"kms:EncryptionContext:{keeper.context}"
        yield _through(
            f"Decrypt{sid}",
            keeper.service,
            keys,
            stack,
            actions=READ,
            context={context: arns if len(arns) > 1 else arns[0]},
        )


def _through(
    sid: str,
    service: str,
    keys: list[str],
    stack: Stack,
    *,
    actions: Iterable[str],
    context: Mapping[str, object] | None = None,
) -> iam.PolicyStatement:
    via = {"kms:ViaService": f"{service}.{stack.region}.{stack.url_suffix}"}
    return iam.PolicyStatement(
        sid=sid,
        actions=list(actions),
        resources=keys,
        conditions={"StringEquals": {**via, **(context or {})}},
    )


def _publish(shared: SharedResources, stack: Stack) -> Iterator[iam.PolicyStatement]:
    """A function notifies people of its failure, and the monitor of its findings."""
    yield iam.PolicyStatement(
        sid="PublishAlerts", actions=["sns:Publish"], resources=[shared.alerts.topic.topic_arn]
    )
    if shared.alerts.key:
        yield _through("UseTopicKey", "sns", [shared.alerts.key.key_arn], stack, actions=WRITE)


def _write_logs(log: Log) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="WriteLogs",
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[log.log_group_arn],
    )


def _start_build(stack: Stack, project: str) -> iam.PolicyStatement:
    """Handing a run over to its job.

    Who may start a build may also give it other commands, which is why the job's role may do
    nothing that the function's may not.
    """
    return iam.PolicyStatement(
        sid="StartJob", actions=["codebuild:StartBuild"], resources=[project_arn(stack, project)]
    )


def project_arn(stack: Stack, project: str) -> str:
    """The ARN of a CodeBuild project of this account."""
    return stack.format_arn(service="codebuild", resource="project", resource_name=project)


def _manage_network_interfaces(stack: Stack, function: str) -> Iterator[iam.PolicyStatement]:
    """Let the Lambda service attach the function to subnets, but not the function's own code.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, "Required IAM permissions"
    """
    actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ]
    yield iam.PolicyStatement(sid="ManageNetworkInterfaces", actions=actions, resources=["*"])
    yield iam.PolicyStatement(
        sid="DenyEniCallsFromFunctionCode",
        effect=iam.Effect.DENY,
        actions=actions,
        resources=["*"],
        conditions={"ArnEquals": {"lambda:SourceFunctionArn": function_arn(stack, function)}},
    )


def _as_found(bucket: BackupBucket, keys: str) -> str:
    """A pattern of keys, as cdk-nag names it in its findings."""
    resource = cast("CfnElement", bucket.s3_bucket.node.default_child)
    return f"<{Stack.of(bucket).get_logical_id(resource)}.Arn>/{keys}"
